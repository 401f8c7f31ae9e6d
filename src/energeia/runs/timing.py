"""The rounds of a run that was given minutes: a trial is timed, then they are chosen and stored.

What counts towards the minutes: building the model, compilation, the trial, training with its
checks, and writing. What does not: importing JAX, reading the rows, and evaluation. The schedule of
the learning rate depends on the number of rounds, so the trial is thrown away, the program is
compiled again, and ``timing.json`` holds the choice for every later session.
"""

import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import msgspec

from energeia._core import clock
from energeia.runs.estimates import checkpoint_bytes, memory_used, minutes_of
from energeia.runs.storage.directory import RunDirectory
from energeia.runs.storage.row_files import size
from energeia.training.loop import TrainingProgress
from energeia.training.settings import Training

_FILE = "timing.json"
_TRIAL_ROUNDS = 20
"""Rounds of a chunk of the trial."""
_ENDLESS = 2**31 - 1
_SHARE = 0.03
"""Fraction of the minutes that is spent on timing at most, where two chunks take less."""
_LEAST = 0.1
"""Fraction of the minutes for training where compilation leaves less."""
_AGAIN = 0.9
"""Building and compiling a second time over the first, since JAX keeps parts of its traces."""
_WRITES_PER_CHECK = 2.0
"""A check appends to two logs and writes the status: as long as writing two small files."""
_BYTES_PER_SECOND = 2e8
"""To checksum, write and sync a checkpoint."""


class Costs(msgspec.Struct, frozen=True, kw_only=True):
    """What training takes, in seconds."""

    per_round: float
    per_check: float
    """Held-out loss, copy of the best state, logs."""
    per_checkpoint: float = 0.0
    again: float = 0.0
    """Building and compiling once more, with the rounds that were chosen."""


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """The rounds that were chosen for a run, and the measurements that they follow from."""

    minutes: float
    rounds: int
    check_every: int
    patience: int
    seconds: float
    """What they should take, with what had passed before."""
    costs: Costs
    disk: int
    """Bytes of the checkpoints."""
    memory: int
    """Bytes, the most so far."""
    most: int = 0
    """Rounds that the limit on passes over the rows allows; 0 for no limit."""


class Trial(NamedTuple):
    """Costs as a trial measured them, and the bytes of a checkpoint."""

    costs: Costs
    checkpoint: int


Train = Callable[[Training], Iterator[TrainingProgress]]
"""Training from the first round with some settings; it ends when it is thrown away."""


def stored(directory: RunDirectory) -> Timing | None:
    """The choice of an earlier session, or None."""
    found = (directory.path / _FILE).is_file()
    return directory.read(_FILE, Timing) if found else None


def choose_timing(
    directory: RunDirectory, settings: Training, minutes: float, began: float, train: Train,
    most: int = 0,
) -> Timing:  # fmt: skip
    """Time a trial, choose the rounds and store them; ``timed`` puts them into settings.

    Args:
        directory: the folder of the run.
        settings: what would be trained without minutes.
        minutes: about how long training may take, from ``began``.
        began: when the session began to build the model, by ``clock``.
        train: makes the iterator of the trial.
        most: rounds that must not be exceeded; 0 for any number.

    Raises:
        TrainingFailed: at a value that is not finite in the trial.
    """
    built = clock.clock.now() - began
    limit = 60.0 * minutes
    trial = run_trial(directory, settings, limit, built, train)
    passed = clock.clock.now() - began + trial.costs.again
    left = max(limit - passed, _LEAST * limit)
    rounds, check_every = rounds_within(left, trial.costs, settings, most)
    patience = math.ceil(settings.patience * max(1.0, rounds / settings.rounds))
    timing = Timing(
        minutes=minutes,
        rounds=rounds,
        check_every=check_every,
        patience=patience,
        seconds=passed + seconds_of(rounds, check_every, trial.costs, settings),
        costs=trial.costs,
        disk=2 * trial.checkpoint,
        memory=memory_used(),
        most=most,
    )
    directory.write(_FILE, timing)
    return timing


def timed(settings: Training, timing: Timing) -> Training:
    """The settings with the rounds that were chosen."""
    return msgspec.structs.replace(
        settings,
        rounds=timing.rounds,
        check_every=timing.check_every,
        patience=timing.patience,
        passes=0,
    )


def run_trial(
    directory: RunDirectory, settings: Training, limit: float, built: float, train: Train
) -> Trial:
    """Time chunks of a training that is thrown away; the first one compiles and warms up.

    Raises:
        TrainingFailed: at a value that is not finite.
    """
    chunk = min(settings.check_every, _TRIAL_ROUNDS)
    patience = _ENDLESS if settings.patience else 0
    endless = msgspec.structs.replace(
        settings, rounds=_ENDLESS - chunk, check_every=chunk, patience=patience, passes=0
    )
    began = clock.clock.now()
    chunks = train(endless)
    first = next(chunks)
    compiled = clock.clock.now() - began - first.run_seconds
    ran, checked, count, start = 0.0, 0.0, 0, clock.clock.now()
    while count < 2 or clock.clock.now() - start < _SHARE * limit:
        before = clock.clock.now()
        progress = next(chunks)
        count += 1
        ran += progress.run_seconds
        checked += max(clock.clock.now() - before - progress.run_seconds, 0.0)
        if ran > _SHARE * limit:
            break
    weight, small = checkpoint_bytes(progress), _small_write(directory)
    check = checked / count
    costs = Costs(
        per_round=ran / (count * chunk),
        per_check=check + _WRITES_PER_CHECK * small,
        per_checkpoint=2 * small + weight / _BYTES_PER_SECOND,
        again=_AGAIN * (built + max(compiled - check, 0.0)),
    )
    return Trial(costs, weight)


def rounds_within(
    seconds: float, costs: Costs, settings: Training, most: int = 0
) -> tuple[int, int]:
    """The rounds that take about some seconds, and the rounds between checks.

    Rounds are a multiple of ``check_every``; where not even one chunk fits, they are one short
    chunk.

    >>> costs = Costs(per_round=0.01, per_check=0.1)
    >>> rounds_within(60.0, costs, Training(check_every=200))
    (5800, 200)
    >>> rounds_within(1.0, costs, Training(check_every=200))
    (90, 90)
    """
    every = settings.check_every
    chunk = seconds_of(every, every, costs, settings)
    rounds = int((seconds - costs.per_check) / max(costs.per_round, 1e-9))
    rounds = max(1, min(rounds, every))  # a chunk also writes, so less than one may hold more
    if seconds >= chunk:
        rounds = round(seconds / max(chunk, 1e-9)) * every
    rounds = min(rounds, _ENDLESS // every * every, most or _ENDLESS)
    return rounds, min(every, rounds)


def seconds_of(rounds: int, check_every: int, costs: Costs, settings: Training) -> float:
    """Seconds that some rounds take, with their checks and checkpoints."""
    checks = rounds / check_every
    checkpoints = rounds / max(settings.checkpoint_every, check_every)
    return rounds * costs.per_round + checks * costs.per_check + checkpoints * costs.per_checkpoint


def plan_sentence(name: str, timing: Timing) -> str:
    """What a run with minutes is going to train.

    >>> costs = Costs(per_round=0.05, per_check=1.0)
    >>> plan_sentence("made", Timing(minutes=3.0, rounds=2400, check_every=200, patience=5,
    ...     seconds=186.0, costs=costs, disk=12_000_000, memory=300_000_000))
    'made: 2,400 rounds in about 3.1 min, 12 MB on disk, 300 MB of memory'
    """
    about = minutes_of(timing.seconds)
    text = f"{name}: {timing.rounds:,} rounds in about {about}, "
    text += f"{size(timing.disk)} on disk, {size(timing.memory)} of memory"
    if timing.most and timing.rounds >= timing.most:
        text += "; more would be too many passes over the rows (--training.passes)"
    if timing.seconds > 1.15 * 60.0 * timing.minutes:
        text += f"; {timing.minutes:g} min were asked for, and compilation takes most of them"
    return text


def _small_write(directory: RunDirectory) -> float:
    """Seconds that a small file takes: the status is written once more, as it is."""
    before = clock.clock.now()
    directory.write("status.json", directory.status)
    return clock.clock.now() - before
