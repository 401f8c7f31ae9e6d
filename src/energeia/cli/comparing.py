"""The commands ``compare``, ``evaluate`` and ``report``: several runs together."""

import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from energeia._core.errors import InputError
from energeia.cli import arguments
from energeia.cli.output import Answer
from energeia.recipes.catalogue import find
from energeia.records import Evaluation, LeaderboardRow, TargetRow
from energeia.report.gather import report_runs
from energeia.report.tables import print_leaderboard
from energeia.runs.comparison import compare
from energeia.runs.leaderboard import ranked
from energeia.runs.storage.directory import RunDirectory, find_runs, fresh_folder
from energeia.runs.verbs import evaluate


def compare_recipes(given: arguments.CompareArguments) -> Answer:
    """Fit one recipe of each family and the baselines; leaderboard and report."""
    quiet = given.common.json
    for name in given.recipes:
        find(name)
    if given.resume and not given.out:
        raise InputError("--resume was given without --out: name the folder of the comparison")
    path = Path(given.out) if given.out else fresh_folder("runs", given.data.partition(":")[0])
    command = f"energeia compare {given.data} --out {path} --resume"
    command += f" --seeds {given.seeds}" if given.seeds > 1 else ""
    command += f" --minutes {given.minutes:g}" if given.minutes else ""
    try:
        found = compare(
            given.reading.config(given.data, given.common.seed),
            recipes=given.recipes,
            out=path,
            scale=given.scale,
            precision=given.precision,
            seed=given.common.seed,
            seeds=given.seeds,
            minutes=given.minutes,
            resume=given.resume,
            quiet=quiet,
            on_step=lambda text: print(text, file=sys.stderr, flush=True),
        )
    except KeyboardInterrupt:
        print(f"stopped; continue with: {command}", file=sys.stderr)
        raise
    page = Path(given.report) if given.report else found.path / "report.html"
    report_runs(found.directories, page)

    def show() -> None:
        _show_leaderboard(found.rows, [d.evaluation for d in found.directories])
        print(f"report: {page}")

    answer = {
        "data": given.data,
        "models": found.rows,
        "skipped": found.skipped,
        "report": str(page),
    }
    return answer, show


def evaluate_runs(given: arguments.EvaluateArguments) -> Answer:
    """Measure runs against held-out data."""
    if not given.runs:
        raise InputError("no run was named: name folders of runs, which `energeia list` shows")
    directories = [RunDirectory.open(path) for path in given.runs]
    for directory in directories:
        evaluate(
            directory.path, given.data or None, seed=given.common.seed,
            allow_import=given.allow_import,
        )  # fmt: skip
    rows, found = ranked(directories), [d.evaluation for d in directories]
    answer = {
        "models": rows,
        "evaluations": {str(d.path): e for d, e in zip(directories, found, strict=True)},
    }

    def show() -> None:
        for directory, evaluation in zip(directories, found, strict=True):
            if evaluation is not None:
                _show_evaluation(str(directory.path), evaluation)
        _show_leaderboard(rows, found)

    return answer, show


def report(given: arguments.ReportArguments) -> Answer:
    """Write a page about runs."""
    directories = [d for path in given.runs for d in (find_runs(path) or [RunDirectory.open(path)])]
    report_runs(directories, given.out)
    return {"report": given.out}, lambda: print(f"report: {given.out}")


def _show_leaderboard(rows: Sequence[LeaderboardRow], found: Sequence[Evaluation | None]) -> None:
    """Print runs side by side, with the baseline of training data and the exact entropy."""
    whole = [evaluation for evaluation in found if evaluation is not None]
    reference = {test.name: test for evaluation in whole[:1] for test in evaluation.two_sample}
    entropy = next((e.entropy for e in whole if e.entropy is not None), None)
    print_leaderboard(rows, reference, entropy)
    warned = dict.fromkeys((row.recipe, text) for row in rows for text in row.warnings)
    for recipe, text in warned:
        Console(stderr=True).print(f"[yellow]{recipe}:[/] {text}", highlight=False)


def _show_target(console: Console, found: TargetRow) -> None:
    """What a model that was trained on an energy says of it, at one condition."""
    where = ", ".join(f"{name} = {value:.4g}" for name, value in found.condition.items())
    exact = found.exact_log_partition
    known = "" if exact is None else f"  exact {exact:.6g}"
    lines = [
        (f"free energy {where}", f"{found.free_energy} nats, above -log Z"),
        ("log Z", f"{found.log_partition} ({found.log_partition.kind}){known}"),
        ("KL(model || target)", "" if found.divergence is None else f"{found.divergence} nats"),
        ("effective fraction of draws", f"{found.effective_fraction:.1%}"),
        ("acceptance", "" if found.acceptance is None else f"{found.acceptance:.1%}"),
        *(
            (f"<{mean.name}>", f"{mean.model}" + (f"  exact {mean.exact}" if mean.exact else ""))
            for mean in found.observables
        ),
    ]
    for label, text in lines:
        if text:
            console.print(f"  {label:<30} {text}", highlight=False, markup=False)


def _show_evaluation(name: str, found: Evaluation) -> None:
    """Print everything measured on one run."""
    console = Console()
    console.print(f"[bold]{name}[/]")
    lines = {
        "log-likelihood (nats a row)": found.log_likelihood,
        "exact entropy": found.entropy,
        "KL(data || model)": found.divergence,
        "coverage": found.coverage,
        "coverage, data": found.coverage_reference,
        "memorization (1/2 for none)": found.memorization,
    }
    for label, value in lines.items():
        if value is not None:
            note = f"  {value.note}" if value.note else ""
            console.print(f"  {label:<30} {value!s:<22} {value.kind}{note}", highlight=False)
    for line in found.target:
        _show_target(console, line)
    if found.log_partition is not None:
        low, high = found.log_partition
        console.print(f"  {'log Z':<30} {low} ({low.kind}) to {high} ({high.kind})")
    for text in () if found.tails is None else found.tails.sentences()[:3]:
        console.print(f"  {'tails':<30} {text}", highlight=False)
    table = Table("test", "model", "p", "data against data", "p", box=None, pad_edge=False)
    for test in found.two_sample:
        cells = (str(test.statistic), f"{test.p_value:.3f}", str(test.reference))
        table.add_row(test.name, *cells, f"{test.reference_p_value:.3f}")
    if found.two_sample:
        console.print(table)
    for line in found.observables:
        exact = "" if line.exact is None else f"  exact {line.exact}"
        console.print(
            f"  {line.name:<24} model {line.model}  data {line.data}{exact}", highlight=False
        )
    for text in found.warnings:
        console.print(f"  [yellow]warning:[/] {text}", highlight=False)
