"""The commands ``fit`` and ``resume``."""

import sys
from pathlib import Path
from typing import Any

import msgspec

from energeia.cli import arguments
from energeia.cli.output import Answer
from energeia.recipes.catalogue import find
from energeia.runs.opening import open_rows
from energeia.runs.runner import new_session, reopen_session, run_session
from energeia.runs.storage.config import RunConfig
from energeia.runs.storage.directory import RunDirectory, fresh_folder


def fit(given: Any) -> Answer:
    """Train one recipe in a new folder."""
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


def resume(given: arguments.ResumeArguments) -> Answer:
    """Continue after an interruption."""
    directory = RunDirectory.open(given.run)
    if directory.status.state == "finished":
        return _finished(directory)
    return _trained(reopen_session(directory, quiet=given.common.json), directory.path)


def _trained(session: Any, path: Path) -> Answer:
    try:
        run_session(session)
    except KeyboardInterrupt:
        print(f"stopped; continue with: energeia resume {path}", file=sys.stderr)
        raise
    return _finished(session.directory)


def _finished(directory: RunDirectory) -> Answer:
    status = directory.status
    last = [{}, *directory.history()][-1]
    answer = {"run": str(directory.path), **msgspec.to_builtins(status), "metrics": last}

    def show() -> None:
        held = f", held-out loss {last['held_out']:.5g}" if "held_out" in last else ""
        print(
            f"{directory.path}: {status.state} after {status.round} rounds in "
            f"{status.seconds:.1f} s (and {status.compile_seconds:.1f} s to compile){held}"
        )

    return answer, show
