"""A run that is ready to train: a new one in its folder, or one that is reopened."""

import sys
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from energeia._core.precision import use_precision
from energeia.contracts import Energy
from energeia.data.readers import Table
from energeia.energies.target import Target
from energeia.recipes.catalogue import find, require
from energeia.runs.building import skeleton
from energeia.runs.initial import borrow, keep_initial
from energeia.runs.opening import Rows, from_file, open_rows
from energeia.runs.storage.config import RunConfig
from energeia.runs.storage.directory import RunDirectory
from energeia.runs.storage.files import make_folder
from energeia.runs.storage.kept import keep_rows
from energeia.runs.targets import TargetSubject, open_subject
from energeia.training.settings import Training


class Session(NamedTuple):
    """A run that is ready to train."""

    directory: RunDirectory
    config: RunConfig
    rows: Rows | TargetSubject
    """What it is trained on: rows, or an energy."""
    quiet: bool = False

    @property
    def training(self) -> Training:
        """The training settings."""
        return self.config.options.training  # pyright: ignore[reportAttributeAccessIssue]


def new_session(
    path: str | Path, config: RunConfig, rows: Rows | TargetSubject, kept: Table | None = None, *,
    quiet: bool = False,
) -> Session:  # fmt: skip
    """Make the folder of a run and write its configuration, and ``kept`` rows from memory.

    A limit on passes over the rows is converted to rounds, and a batch is lowered to the number of
    training rows where there are fewer; standard error says so.

    Raises:
        InputError: if the folder already holds a run, or the recipe does not fit the data.
    """
    require(find(config.recipe), rows.problem)
    config = _trained_by_minutes(config)
    if isinstance(rows, Rows):
        config = _bounded(config, len(rows.train.x))
    RunDirectory(path).require_free()
    if config.init:
        _keep_initial(Path(path), config, rows)
    if kept is not None and isinstance(rows, Rows):
        rows = from_file(rows, keep_rows(Path(path), kept.values, kept.names))
    return Session(RunDirectory.create(path, config), config, rows, quiet)


def _trained_by_minutes(config: RunConfig) -> RunConfig:
    """A configuration without minutes where the recipe is fitted in one round."""
    if config.minutes is None or find(config.recipe).trained_in_rounds:
        return config
    print(f"{config.recipe}: fitted in one round, whatever its minutes", file=sys.stderr)
    return msgspec.structs.replace(config, minutes=None)


def _keep_initial(folder: Path, config: RunConfig, subject: Rows | TargetSubject) -> None:
    """Keep the arrays of another run that fit this one; standard error says which do not."""
    energy = subject.energy if isinstance(subject, TargetSubject) else None
    with use_precision(config.precision):
        modules = skeleton(config, subject.problem, energy).modules
    found = borrow(config.init, config.recipe, modules)
    print(f"{config.recipe}: {found.sentence}", file=sys.stderr)
    make_folder(folder)
    keep_initial(folder, found.arrays)


def _bounded(config: RunConfig, count: int) -> RunConfig:
    """A configuration with batches and rounds that ``count`` rows allow."""
    requested: Training = config.options.training  # pyright: ignore[reportAttributeAccessIssue]
    training = requested.bounded(count)
    if config.minutes is not None:  # which choose the rounds, within the limit on passes
        training = msgspec.structs.replace(
            training, rounds=requested.rounds, passes=requested.passes
        )
    for sentence in _lowered(requested, training, count):
        print(f"{config.recipe}: {sentence}", file=sys.stderr)
    options: Any = msgspec.structs.replace(config.options, training=training)
    return msgspec.structs.replace(config, options=options)


def _lowered(requested: Training, used: Training, rows: int) -> list[str]:
    """A sentence for each setting that few rows have lowered."""
    messages = []
    if used.batch < requested.batch:
        messages.append(
            f"batches of {used.batch} in place of {requested.batch}, all the training rows"
        )
    if used.rounds < requested.rounds:
        messages.append(
            f"{used.rounds} rounds in place of {requested.rounds}, which are "
            f"{requested.passes} passes over {rows} rows; --training.passes 0 removes that limit"
        )
    return messages


def reopen_session(
    directory: RunDirectory, target: Energy | Target | None = None, *,
    allow_import: bool = False, quiet: bool = False,
) -> Session:  # fmt: skip
    """Reopen the data of a run and check that they have not changed, or find its target again.

    Raises:
        InputError: if the data have changed, or the target cannot be found.
    """
    config = directory.config()
    if config.target is not None:
        subject = open_subject(config.target, target, allow_import=allow_import)
        return Session(directory, config, subject, quiet)
    rows = open_rows(config.rows, recorded=directory.support)
    directory.check_data(rows.data.provenance.sha256)
    return Session(directory, config, rows, quiet)
