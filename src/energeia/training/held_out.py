"""The held-out loss: one compiled pass over every held-out row."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp

from energeia._core.types import PRNGKey
from energeia.contracts import Batch, Modules, Objective
from energeia.training.fields import on_device

_BLOCK = 512


def make_held_out(
    objective: Objective, modules: Modules, rows: Batch | None, key: PRNGKey
) -> Callable[[Any], jax.Array] | None:
    """Build ``loss(arrays)`` over all held-out rows; None where the objective has none."""
    if rows is None:
        return None
    static = eqx.filter(modules, eqx.is_array, inverse=True)
    held: Batch = jax.tree.map(on_device, rows)
    count = held.x.shape[0]
    size = min(_BLOCK, count)
    whole, rest = count // size, count % size

    def loss(arrays: Any, rows: Batch, key: PRNGKey) -> jax.Array | None:
        full = eqx.combine(arrays, static)
        head = jax.tree.map(lambda r: r[: whole * size].reshape(whole, size, *r.shape[1:]), rows)

        def block(part: tuple[jax.Array, Batch]) -> jax.Array | None:
            return objective.held_out(part[0], full, part[1])

        means = jax.lax.map(block, (jax.random.split(key, whole), head))
        if means is None:
            return None
        # Weights have mean one over all rows, not in a block: means of blocks add up to theirs.
        total = size * jnp.sum(means)
        if rest:
            tail = jax.tree.map(lambda r: r[whole * size :], rows)
            last = block((jax.random.fold_in(key, whole), tail))
            total = total + rest * jnp.asarray(last)
        return total / count

    compiled = jax.jit(loss)  # which keeps its trace of the abstract call
    if jax.eval_shape(compiled, eqx.filter(modules, eqx.is_array), held, key) is None:
        return None
    return lambda arrays: compiled(arrays, held, key)  # pyright: ignore[reportReturnType]
