"""Means over the rows of a batch, each row counted by its weight."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int

from energeia._core.types import PRNGKey
from energeia.contracts import Batch

WEIGHT = frozenset({"weight"})
"""What an objective honors whose terms are all reduced by ``weighted_mean``."""


def weighted_mean(values: Float[Array, "rows *rest"], batch: Batch) -> Float[Array, "*rest"]:
    """(1/B) sum_i w_i f_i over the B rows of a batch; the plain mean where they have no weights.

    Weights have mean one over *all* training rows, to which ``training`` brings them once, so this
    is an unbiased estimate of sum w f / sum w over all rows. Dividing by the weights of the batch
    instead is a ratio of two random sums, whose bias of order 1/B changes the optimum of a loss.

    >>> rows = Batch(jnp.zeros((2, 1)), weight=jnp.array([0.5, 1.5]))
    >>> float(weighted_mean(jnp.array([1.0, 2.0]), rows))
    1.75
    """
    if batch.weight is None:
        return jnp.mean(values, axis=0)
    weight = jnp.reshape(batch.weight, (-1, *(1,) * (values.ndim - 1)))
    return jnp.mean(weight * values, axis=0)


def random_rows(key: PRNGKey, batch: Batch, count: int) -> Int[Array, " count"]:
    """Row numbers drawn with replacement, each with probability proportional to its weight."""
    rows = len(batch.x)
    if batch.weight is None:
        return jax.random.randint(key, (count,), 0, rows)
    # Where all weights of the batch are zero, every row is as good as another.
    some = jnp.any(batch.weight > 0)
    logits = jnp.where(some, jnp.log(batch.weight), 0.0)
    return jax.random.categorical(key, logits, shape=(count,))
