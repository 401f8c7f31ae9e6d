"""The commands ``fit`` and ``resume``."""

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from energeia.cli import arguments
from energeia.cli.output import Answer
from energeia.data.named.catalog import subject_kind
from energeia.estimate import Estimate
from energeia.runs import verbs
from energeia.runs.seeds import member_path, spread_of
from energeia.runs.storage.directory import RunDirectory, fresh_folder


def fit(given: Any) -> Answer:
    """Train one recipe in a new folder."""
    path = Path(given.out) if given.out else fresh_folder("runs", given.recipe)
    seed, subject = given.common.seed, given.subject
    match subject_kind(given.data, subject.kind, allow_import=subject.allow_import):
        case "rows":
            where: Any = given.reading.config(given.data, seed)
        case "target":
            where = subject.target(given.data, given.reading.support)
        case "simulator":
            where = subject.simulator(given.data)
    with _told_how_to_continue(path):
        verbs.fit(
            where,
            given.recipe,
            out=path,
            options=given.options,
            init=given.init or None,
            allow_import=subject.allow_import,
            seed=seed,
            seeds=given.seeds,
            minutes=given.minutes,
            precision=given.precision,
            quiet=given.common.json,
        )
    return _all_finished([RunDirectory(member_path(path, index)) for index in range(given.seeds)])


def resume(given: arguments.ResumeArguments) -> Answer:
    """Continue after an interruption."""
    path = Path(given.run)
    with _told_how_to_continue(path):
        verbs.resume(path, allow_import=given.allow_import, quiet=given.common.json)
    return _finished(RunDirectory(path))


@contextlib.contextmanager
def _told_how_to_continue(path: Path) -> Iterator[None]:
    """On an interruption, print the command that continues a run, if there is one yet."""
    try:
        yield
    except KeyboardInterrupt:
        if RunDirectory(path).exists():
            print(f"stopped; continue with: energeia resume {path}", file=sys.stderr)
        raise


def _all_finished(directories: list[RunDirectory]) -> Answer:
    """The answer of the first training, and of the others with the spread of held-out losses."""
    answers = [_finished(directory) for directory in directories]
    answer, show = answers[0]
    if len(directories) == 1:
        return answer, show
    losses = [directory.status.held_out for directory in directories]
    known = [Estimate(loss, None, "estimate", 1) for loss in losses if loss is not None]
    spread = spread_of(known)

    def show_all() -> None:
        for _, show_one in answers:
            show_one()
        if spread is not None:
            print(f"held-out loss: standard deviation over {len(known)} seeds {spread:.2g}")

    members = [found for found, _ in answers]
    return {**answer, "members": members, "held_out_spread": spread}, show_all


def _finished(directory: RunDirectory) -> Answer:
    status = directory.status
    last = [{}, *directory.history()][-1]
    answer = {"run": str(directory.path), **msgspec.to_builtins(status), "metrics": last}

    def show() -> None:
        held = ""
        if status.held_out is not None:
            held = f", held-out loss {status.held_out:.5g} of the state kept, round "
            held += f"{status.kept_round}"
        print(
            f"{directory.path}: {status.state} after {status.round} rounds in "
            f"{status.seconds:.1f} s (and {status.compile_seconds:.1f} s to compile){held}"
        )

    return answer, show
