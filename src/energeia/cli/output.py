"""What commands print: one JSON object, or words and tables for a person."""

import json
import math
from collections.abc import Sequence
from typing import Any

import msgspec
from rich.console import Console
from rich.table import Table

from energeia.data.inspection import Inspection
from energeia.records import Chains, Evaluation, LeaderboardRow
from energeia.report.tables import print_leaderboard


def to_json(answer: Any) -> str:
    """One object; a number that is not finite becomes null, and its note says so."""
    return json.dumps(_finite(msgspec.to_builtins(answer)), allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def show_inspection(found: Inspection) -> None:
    """Print what data are."""
    console = Console()
    shape = " x ".join(map(str, found.shape))
    console.print(f"[bold]{found.spec}[/]  {shape}  {found.dtype}  sha256 {found.sha256[:12]}")
    console.print(f"{found.rows:,} rows of layout {found.layout}, {found.dimension} columns")
    for part in found.support:
        where = f"{part.first}" if part.first == part.last else f"{part.first}-{part.last}"
        console.print(
            f"  columns {where}: {part.support}  values {part.low:g} to {part.high:g}",
            highlight=False,
        )
    order = "rows are ordered" if found.ordered else "rows look independent"
    console.print(
        f"{found.duplicates:,} duplicate rows, {found.bad_rows:,} with NaN or infinity, "
        f"{len(found.constant_columns)} constant columns; autocorrelation time "
        f"{found.autocorrelation_time:g} rows ({order})",
        highlight=False,
    )
    if found.symmetries:
        console.print(f"declared symmetries: {', '.join(found.symmetries)}")
    if found.entropy is not None:
        console.print(f"exact entropy: {found.entropy:.4f} nats a row")
    for text in found.refusals:
        console.print(f"[red]refused:[/] {text}", highlight=False)
    for text in found.warnings:
        console.print(f"[yellow]warning:[/] {text}", highlight=False)
    for text in found.suggestions:
        console.print(f"[blue]consider:[/] {text}", highlight=False)
    for verdict in found.recipes:
        mark = "[green]fits[/]  " if verdict.applies else "[red]no[/]    "
        console.print(f"  {mark} {verdict.recipe:<14} {verdict.family:<15} {verdict.reason}")


def show_leaderboard(rows: Sequence[LeaderboardRow], found: Sequence[Evaluation | None]) -> None:
    """Print runs side by side, with the data-against-data row and the exact entropy."""
    whole = [evaluation for evaluation in found if evaluation is not None]
    reference = {test.name: test for evaluation in whole[:1] for test in evaluation.two_sample}
    entropy = next((e.entropy for e in whole if e.entropy is not None), None)
    print_leaderboard(rows, reference, entropy)
    warned = dict.fromkeys((row.recipe, text) for row in rows for text in row.warnings)
    for recipe, text in warned:
        Console(stderr=True).print(f"[yellow]{recipe}:[/] {text}", highlight=False)


def show_evaluation(name: str, found: Evaluation) -> None:
    """Print everything measured on one run."""
    console = Console()
    console.print(f"[bold]{name}[/]")
    lines = {
        "log-likelihood (nats a row)": found.log_likelihood,
        "exact entropy": found.entropy,
        "KL(data || model)": found.divergence,
        "coverage": found.coverage,
        "coverage, data": found.coverage_reference,
        "memorization (1/2 is honest)": found.memorization,
    }
    for label, value in lines.items():
        if value is not None:
            note = f"  {value.note}" if value.note else ""
            console.print(f"  {label:<30} {value!s:<22} {value.kind}{note}", highlight=False)
    if found.log_partition is not None:
        low, high = found.log_partition
        console.print(f"  {'log Z':<30} {low} ({low.kind}) to {high} ({high.kind})")
    table = Table("test", "model", "p", "data against data", "p", box=None, pad_edge=False)
    for test in found.two_sample:
        cells = (str(test.statistic), f"{test.p_value:.3f}", str(test.reference))
        table.add_row(test.name, *cells, f"{test.reference_p_value:.3f}")
    console.print(table)
    for line in found.observables:
        exact = "" if line.exact is None else f"  exact {line.exact}"
        console.print(
            f"  {line.name:<24} model {line.model}  data {line.data}{exact}", highlight=False
        )
    for text in found.warnings:
        console.print(f"  [yellow]warning:[/] {text}", highlight=False)


def show_chains(found: Chains, target: str, step_size: float) -> None:
    """Say on standard error what chains sampled and how well they mixed."""
    tau = found.autocorrelation_time
    time = "longer than the chains" if tau is None else f"{tau:.3g} steps"
    console = Console(stderr=True)
    console.print(
        f"{found.kernel} on {target}: {found.chains} chains, {found.steps} steps of size "
        f"{step_size:.3g} after burn-in; acceptance {found.acceptance:.3f}, R-hat "
        f"{found.r_hat:.3f}, ESS {found.ess:,.0f}, autocorrelation time {time}",
        highlight=False,
        soft_wrap=True,
    )
    if not found.r_hat < 1.01:
        console.print(
            "[yellow]warning:[/] the chains disagree (R-hat above 1.01): give more --steps",
            highlight=False,
            soft_wrap=True,
        )


def show_runs(rows: Sequence[dict[str, Any]]) -> None:
    """Print a list of runs."""
    table = Table("run", "recipe", "data", "state", "round", "log-likelihood", box=None)
    for line in rows:
        table.add_row(*(str(value) for value in line.values()))
    Console().print(table)
