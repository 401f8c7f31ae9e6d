"""Samples of any generator, drawn in compiled blocks, with the time they take."""

import math
import time
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.errors import InputError
from energeia.contracts import Condition, Generator

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
    size = block or max(1, min(_BLOCK, math.ceil(n / 4)))
    parts, seconds = [], []
    for start in range(0, n, size):
        index = np.minimum(np.arange(start, start + size), n - 1)
        given = None if condition is None else jnp.asarray(np.asarray(condition)[index])
        began = time.perf_counter()
        parts.append(np.asarray(_draw_block(model, key, jnp.asarray(index), given)))
        seconds.append(time.perf_counter() - began)
    later = seconds[1:]
    rate = size * len(later) / sum(later) if later else None
    conditions = None if condition is None else np.asarray(condition)
    return TimedSamples(np.concatenate(parts)[:n], conditions, rate, seconds[0])


@eqx.filter_jit
def _draw_block(model: Generator, key: Array, index: Array, condition: Condition) -> Array:
    keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(index)
    if condition is None:
        return jax.vmap(model.sample)(keys)
    return jax.vmap(model.sample)(keys, condition)
