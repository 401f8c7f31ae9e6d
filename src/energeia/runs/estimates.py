"""Time, disk and memory of training, said before they are spent."""

import resource
import sys
from typing import Any

import jax

from energeia.runs.storage.row_files import size
from energeia.training.loop import TrainingProgress

_LONG = 60.0
"""Seconds of training from which an estimate is printed."""


def minutes_of(seconds: float) -> str:
    """Minutes with one digit, or seconds.

    >>> minutes_of(186.0), minutes_of(31.4)
    ('3.1 min', '31 s')
    """
    return f"{seconds / 60:.1f} min" if seconds >= _LONG else f"{seconds:.0f} s"


def estimate_sentence(name: str, progress: TrainingProgress, rounds: int, chunk: int) -> str:
    """What is left after a session's first chunk; empty where it is soon done.

    ``rounds`` are those that the chunk had before it, ``chunk`` its own.
    """
    seconds = progress.run_seconds / chunk * rounds
    if progress.finished or seconds < _LONG:
        return ""
    disk, memory = size(2 * checkpoint_bytes(progress)), size(memory_used())
    return f"{name}: about {minutes_of(seconds)}, {disk} on disk, {memory} of memory"


def announce_estimate(name: str, progress: TrainingProgress, rounds: int, chunk: int) -> None:
    """Print the estimate on standard error where training is long."""
    text = estimate_sentence(name, progress, rounds, chunk)
    if text:
        print(text, file=sys.stderr, flush=True)


def memory_used() -> int:
    """The most bytes so far: of the accelerator where there is one, else of this process."""
    found = jax.devices()[0].memory_stats() or {}
    if "peak_bytes_in_use" in found:
        return int(found["peak_bytes_in_use"])
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def checkpoint_bytes(progress: TrainingProgress) -> int:
    """Bytes of a checkpoint."""
    tree: Any = (progress.state, progress.best_so_far.arrays)
    return sum(leaf.nbytes for leaf in jax.tree.leaves(tree))
