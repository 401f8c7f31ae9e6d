"""The public functions on runs: fit, resume, load, evaluate, compare."""

from pathlib import Path
from typing import Any

import msgspec

from energeia.recipes.catalogue import find
from energeia.runs.comparison import compare
from energeia.runs.evaluating import evaluate
from energeia.runs.opening import open_rows
from energeia.runs.run import Run, load
from energeia.runs.runner import new_session, reopen_session, run_session
from energeia.runs.storage.config import DataConfig, RunConfig, build_options
from energeia.runs.storage.directory import RunDirectory, fresh_folder

__all__ = ["compare", "evaluate", "fit", "load", "resume"]


def fit(
    data: str | DataConfig, recipe: str, *, out: str | Path | None = None,
    options: dict[str, Any] | msgspec.Struct | None = None, seed: int = 0, quiet: bool = False,
) -> Run:  # fmt: skip
    """Train one recipe on data and keep the run in a folder.

    Args:
        data: a file, a named source such as ``"ising:L=8,beta=0.44"``, or a ``DataConfig``.
        recipe: a name of the catalogue, such as ``"spline-flow"``.
        out: the folder of the run; a fresh one under ``runs`` by default.
        options: options of the recipe, ``{"layers": 4, "training": {"rounds": 500}}``.
        seed: the seed of all random numbers, those of a source's rows and of the split included,
            unless ``data`` is a ``DataConfig``, which has a seed of its own.
        quiet: no progress on standard error.

    Raises:
        InputError: for data, a recipe or options that cannot be used; the message gives the repair.
        TrainingFailed: at a value that is not finite.
        KeyboardInterrupt: after an interruption; ``resume`` continues.
    """
    where = DataConfig(spec=data, seed=seed) if isinstance(data, str) else data
    kind = find(recipe).options
    if options is None or isinstance(options, dict):
        options = build_options(kind, options or {}, recipe)
    config = RunConfig(recipe=recipe, data=where, options=options, seed=seed)
    path = out or fresh_folder("runs", recipe)
    session = new_session(path, config, open_rows(where), quiet=quiet)
    run_session(session)
    return load(path)


def resume(path: str | Path, *, quiet: bool = False) -> Run:
    """Continue a run as if it had not been interrupted, bit for bit on one machine.

    Raises:
        InputError: if there is no run, or its data have changed.
        CorruptRun: if none of its checkpoints is complete.
        TrainingFailed: at a value that is not finite.
    """
    directory = RunDirectory.open(path)
    if directory.status.state != "finished":
        run_session(reopen_session(directory, quiet=quiet))
    return load(path)
