"""Samples of any generator, drawn in compiled blocks, with the time they take."""

import math
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from energeia._core.errors import InputError
from energeia.contracts import Generator

_BLOCK = 2048


class TimedSamples(NamedTuple):
    """Samples in the user's units, with timings."""

    x: Float[np.ndarray, "n *shape"]
    condition: Float[np.ndarray, "n c"] | None
    samples_per_second: float | None
    """From the blocks after the first, without compile time; None for a single block."""
    first_seconds: float
    """Of the first block, compilation included."""


def draw(
    model: Generator, key: Array, n: int, condition: Any = None, block: int | None = None
) -> TimedSamples:
    """Draw ``n`` independent samples; sample i depends on the key and on i alone.

    ``condition`` has one row a sample, or is None. Every block has one size, so one shape is
    compiled; by default there are at least four, so that the rate can be measured.

    Raises:
        InputError: for conditions of another number than ``n``, and for ``n`` below one.
    """
    if n < 1 or (condition is not None and len(condition) != n):
        given = "no" if condition is None else str(len(condition))
        raise InputError(
            f"{n} samples with {given} conditions were requested: request at least one sample, "
            "with one condition each"
        )
    blocks = draw_blocks(model, key, n, condition, block)
    parts, times = [], [time.perf_counter()]
    for part in blocks:
        parts.append(part)
        times.append(time.perf_counter())
    # All blocks take the time of a full one, also the last.
    later = len(parts) - 1
    rate = len(parts[0]) * later / (times[-1] - times[1]) if later else None
    conditions = None if condition is None else np.asarray(condition)
    return TimedSamples(np.concatenate(parts), conditions, rate, times[1] - times[0])


def draw_blocks(
    model: Generator, key: Array, n: int, condition: Any = None, block: int | None = None
) -> Iterator[np.ndarray]:
    """The same samples block by block, so that memory holds one block whatever ``n``."""
    size = block or max(1, min(_BLOCK, math.ceil(n / 4)))
    for start in range(0, n, size):
        index = np.minimum(np.arange(start, start + size), n - 1)
        given = None if condition is None else np.asarray(condition)[index]
        yield np.asarray(_draw_block(model, key, index, given))[: n - start]


@eqx.filter_jit
def _draw_block(model: Generator, key: Array, index: Any, condition: Any) -> Array:
    keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(index)
    if condition is None:
        return jax.vmap(model.sample)(keys)
    return jax.vmap(model.sample)(keys, condition)
