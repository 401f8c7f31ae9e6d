"""Batches in the coordinates of an energy's chains."""

import jax
from jaxtyping import Array

from energeia._core.types import PRNGKey
from energeia.contracts import Batch, Condition
from energeia.energies.embedded import EmbeddedEnergy


def embed_batch(key: PRNGKey, model: EmbeddedEnergy, batch: Batch) -> tuple[Array, Condition]:
    """The rows and conditions of a batch in the coordinates of ``model.inner``."""
    keys = jax.random.split(key, len(batch.x))
    return jax.vmap(model.embed)(keys, batch.x, batch.condition)
