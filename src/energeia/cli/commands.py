"""What each command does: call a verb, show what came of it."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from energeia._core.errors import InputError
from energeia.cli import arguments, output
from energeia.cli.states import find_ground_state, measure
from energeia.cli.tomography import reconstruct
from energeia.data.inspection import Verdict, inspect
from energeia.recipes.catalogue import RECIPES, applicable, find
from energeia.report.gather import report_runs
from energeia.runs.chaining import ChainSettings
from energeia.runs.config import RunConfig
from energeia.runs.directory import RunDirectory, find_runs, fresh_folder
from energeia.runs.files import whole
from energeia.runs.judging import evaluate
from energeia.runs.leaderboard import ranked, row
from energeia.runs.opening import open_for, open_rows
from energeia.runs.run import load
from energeia.runs.runner import new_session, reopen_session, run_session
from energeia.runs.tournament import compare
from energeia.support import Real, Support, parse

Answer = tuple[Any, Callable[[], None]]
"""What ``--json`` prints, and how to show it to a person."""


def run(name: str, parsed: Any) -> int:
    """Carry out one command and print its answer."""
    answer, show = _COMMANDS[name](parsed)
    if parsed.common.json:
        print(output.to_json(answer))
    else:
        show()
    return 0


def _inspect(given: arguments.Inspect) -> Answer:
    reading = given.reading
    found = inspect(
        given.data,
        support=reading.support or None,
        drop_bad_rows=reading.drop_bad_rows,
        drop_columns=reading.drop_columns,
        condition_columns=reading.condition,
        seed=given.common.seed,
    )
    declared = "; ".join(f"{part.first}-{part.last}:{part.support}" for part in found.support)
    support = parse(declared, Support(((Real(), found.dimension),)))
    reasons = applicable(support, bool(found.condition_columns))
    verdicts = tuple(
        Verdict(recipe=name, family=RECIPES[name].family, applies=why is None, reason=why or "")
        for name, why in reasons.items()
    )
    found = msgspec.structs.replace(found, recipes=verdicts)
    return found, lambda: output.show_inspection(found)


def _compare(given: arguments.Compare) -> Answer:
    quiet = given.common.json
    for name in given.recipes:
        find(name)
    if given.resume and not given.out:
        raise InputError("--resume was given without --out: name the folder of the comparison")
    path = Path(given.out) if given.out else fresh_folder("runs", given.data.partition(":")[0])
    command = f"energeia compare {given.data} --out {path} --resume"
    try:
        found = compare(
            given.reading.config(given.data, given.common.seed),
            recipes=given.recipes,
            out=path,
            scale=given.scale,
            seed=given.common.seed,
            resume=given.resume,
            quiet=quiet,
            say=lambda text: print(text, file=sys.stderr, flush=True),
        )
    except KeyboardInterrupt:
        print(f"stopped; go on with: {command}", file=sys.stderr)
        raise
    page = Path(given.report) if given.report else found.path / "report.html"
    report_runs(found.directories, page)

    def show() -> None:
        output.show_leaderboard(found.rows, [d.evaluation for d in found.directories])
        print(f"report: {page}")

    return {"data": given.data, "models": found.rows, "report": str(page)}, show


def _fit(given: Any) -> Answer:
    seed = given.common.seed
    config = RunConfig(
        recipe=find(given.recipe).name,
        data=given.reading.config(given.data, seed),
        options=given.options,
        seed=seed,
    )
    path = Path(given.out) if given.out else fresh_folder("runs", given.recipe)
    if RunDirectory(path).exists():
        RunDirectory.create(path, config)  # refuses, before any data are read
    session = new_session(path, config, open_rows(config.data), quiet=given.common.json)
    return _trained(session, path)


def _resume(given: arguments.Resume) -> Answer:
    directory = RunDirectory.open(given.run)
    if directory.status.state == "finished":
        return _finished(directory)
    return _trained(reopen_session(directory, quiet=given.common.json), directory.path)


def _trained(session: Any, path: Path) -> Answer:
    try:
        run_session(session)
    except KeyboardInterrupt:
        print(f"stopped; go on with: energeia resume {path}", file=sys.stderr)
        raise
    return _finished(session.directory)


def _finished(directory: RunDirectory) -> Answer:
    status = directory.status
    last = directory.history()[-1]
    answer = {"run": str(directory.path), **msgspec.to_builtins(status), "metrics": last}

    def show() -> None:
        held = f", held-out loss {last['held_out']:.5g}" if "held_out" in last else ""
        print(
            f"{directory.path}: {status.state} after {status.round} rounds in "
            f"{status.seconds:.1f} s (and {status.compile_seconds:.1f} s to compile){held}"
        )

    return answer, show


def _sample(given: arguments.Sample) -> Answer:
    _writable(given.out)
    if given.kernel:
        return _sample_chains(given)
    if given.latent or given.step_size:
        raise InputError("--latent and --step-size are those of chains: give --kernel mala, too")
    run = load(given.run)
    rows = run.sample(
        given.n,
        seed=given.common.seed,
        condition=given.condition or None,
        temperature=given.temperature,
        truncation=given.truncation,
    )
    _write_rows(Path(given.out), rows)
    answer = {"run": given.run, "n": len(rows), "shape": list(rows.shape), "out": given.out}
    return answer, lambda: print(f"{len(rows):,} samples in {given.out}")


def _sample_chains(given: arguments.Sample) -> Answer:
    if given.truncation:
        raise InputError(
            "--truncation narrows plain draws and was given with --kernel: leave out one of them"
        )
    settings = ChainSettings(
        kernel=given.kernel or "mala",
        latent=given.latent,
        steps=given.steps,
        step_size=given.step_size,
        temperature=given.temperature,
    )
    run = load(given.run)
    found = run.sample_chains(given.n, settings, given.common.seed, given.condition or None)
    _write_rows(Path(given.out), found.x)
    output.show_chains(found.chains, found.target, found.step_size)
    answer = {
        "run": given.run,
        "n": len(found.x),
        "shape": list(found.x.shape),
        "out": given.out,
        "target": found.target,
        "step_size": found.step_size,
        "chains": found.chains,
    }
    return answer, lambda: print(f"{len(found.x):,} samples in {given.out}")


def _score(given: arguments.Score) -> Answer:
    if given.out:
        _writable(given.out)
    run = load(given.run)
    data = open_for(
        given.data,
        run.problem,
        run.config.data,
        drop_bad_rows=given.drop_bad_rows,
        seed=given.common.seed,
    )
    scores = run.score(np.asarray(data.rows), data.condition, seed=given.common.seed)
    if given.out:
        _write_rows(Path(given.out), scores.rows)
    mean = scores.mean
    answer = {"run": given.run, "log_likelihood": mean, "out": given.out or None}
    note = f"; {mean.note}" if mean.note else ""
    return answer, lambda: print(f"log-likelihood {mean} nats a row, {mean.kind}{note}")


def _evaluate(given: arguments.Evaluate) -> Answer:
    directories = [RunDirectory.open(path) for path in given.runs]
    for directory in directories:
        evaluate(load(directory.path), given.data or None, seed=given.common.seed)
    rows, found = ranked(directories), [d.evaluation for d in directories]
    answer = {
        "models": rows,
        "evaluations": {str(d.path): e for d, e in zip(directories, found, strict=True)},
    }

    def show() -> None:
        for directory, evaluation in zip(directories, found, strict=True):
            if evaluation is not None:
                output.show_evaluation(str(directory.path), evaluation)
        output.show_leaderboard(rows, found)

    return answer, show


def _report(given: arguments.Report) -> Answer:
    directories = [d for path in given.runs for d in (find_runs(path) or [RunDirectory.open(path)])]
    report_runs(directories, given.out)
    return {"report": given.out}, lambda: print(f"report: {given.out}")


def _list(given: arguments.List) -> Answer:
    rows = []
    for directory in find_runs(given.root):
        status, line = directory.status, row(directory)
        rows.append(
            {
                "run": str(directory.path),
                "recipe": line.recipe,
                "data": directory.config().data.spec,
                "state": status.state,
                "round": f"{status.round}/{status.rounds}",
                "log_likelihood": str(line.log_likelihood),
            }
        )
    return {"runs": rows}, lambda: output.show_runs(rows)


def _writable(out: str) -> None:
    """Refuse a place to write before any work is done for it.

    Raises:
        InputError: for an unknown kind of file or a folder that is not there.
    """
    path = Path(out)
    if path.suffix not in (".npy", ".csv"):
        raise InputError(f"{out} ends in {path.suffix or 'nothing'}: end it in .npy or .csv")
    if not path.parent.is_dir():
        raise InputError(f"folder {path.parent} is not there: make it or write elsewhere")


def _write_rows(path: Path, rows: np.ndarray) -> None:
    with whole(path) as stream:
        if path.suffix == ".npy":
            np.save(stream, rows, allow_pickle=False)
        else:
            np.savetxt(stream, rows.reshape(len(rows), -1), delimiter=",", fmt="%.9g")


_COMMANDS: dict[str, Callable[[Any], Answer]] = {
    "inspect": _inspect,
    "compare": _compare,
    "fit": _fit,
    "resume": _resume,
    "sample": _sample,
    "score": _score,
    "evaluate": _evaluate,
    "report": _report,
    "list": _list,
    "ground-state": find_ground_state,
    "measure": measure,
    "tomography": reconstruct,
}
