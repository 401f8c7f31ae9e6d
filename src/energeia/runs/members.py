"""The trainings of one recipe that differ in their seed alone; ``runs.seeds`` compares them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from energeia._core.ranges import Count, Positive, Seed, require_in
from energeia.runs.runner import run_session
from energeia.runs.seeds import member_path
from energeia.runs.storage.config import RunConfig
from energeia.runs.storage.directory import RunDirectory
from energeia.runs.timing import stored


def require_members(seed: int, seeds: int, minutes: float | None) -> None:
    """Check what a user asked for.

    Raises:
        InputError: naming the argument that is out of range.
    """
    require_in(Seed, seed, "seed")
    require_in(Count, seeds, "seeds")
    require_in(Seed, seed + seeds - 1, "seed + seeds - 1")
    if minutes is not None:
        require_in(Positive, minutes, "minutes")


def fit_members(
    path: Path, seeds: int, seed: int, minutes: float | None, options: Any,
    prepare: Callable[..., Any],
) -> None:  # fmt: skip
    """Train every member; ``prepare(out=, seed=, minutes=, options=)`` makes its session.

    Raises:
        InputError: if one of the folders holds a run, before any is trained.
    """
    for index in range(seeds):
        RunDirectory(member_path(path, index)).require_free()
    share = None if minutes is None else minutes / seeds
    for index in range(seeds):
        run_session(
            prepare(out=member_path(path, index), seed=seed + index, minutes=share, options=options)
        )
        if index == 0 and share is not None:
            # All members have the rounds of the first, so that they differ in their seed alone.
            options, share = RunDirectory(path).config().options, None


def like_first(config: RunConfig, first: RunDirectory) -> RunConfig:
    """The configuration of a further member, with the rounds that the first one chose."""
    if config.minutes is None or not first.exists() or stored(first) is None:
        return config
    return msgspec.structs.replace(config, options=first.config().options, minutes=None)
