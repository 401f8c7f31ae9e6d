"""A finished run and its model, from its folder."""

import logging
from pathlib import Path

from energeia._core.precision import use_precision
from energeia.models.measured import PROPOSAL
from energeia.runs.building import skeleton
from energeia.runs.restoring import require_arrays, restored_modules
from energeia.runs.run import Run
from energeia.runs.storage import checkpoint
from energeia.runs.storage.directory import RunDirectory

_log = logging.getLogger("energeia")


def load(path: str | Path) -> Run:
    """Open a run and its model, from its last complete checkpoint.

    Raises:
        InputError: if there is no run.
        CorruptRun: if its files are damaged, or it stopped before its first checkpoint.
    """
    directory = RunDirectory.open(path)
    status = directory.status
    if status.state == "interrupted":
        _log.warning("%s was interrupted at round %d: %s", path, status.round, status.message)
    config, problem = directory.config(), directory.problem
    saved = checkpoint.load_last(directory.checkpoints)
    with use_precision(config.precision):
        empty = skeleton(config, problem)
        modules = restored_modules(empty.modules, saved)
        model = empty.model(modules)
    require_arrays(model, path)
    return Run(directory, config, problem, model, proposal=modules.get(PROPOSAL))
