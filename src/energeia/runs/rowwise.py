"""Functions of rows that the verbs of a run map over batches."""

from collections.abc import Iterator

import jax
import jax.numpy as jnp
import numpy as np

from energeia.contracts import Encoder


def in_batches(blocks: Iterator[np.ndarray], size: int) -> Iterator[np.ndarray]:
    """The same rows in other blocks: those computed keep their size, and so their bits."""
    held: list[np.ndarray] = []
    for block in blocks:
        held.append(block)
        while sum(map(len, held)) >= size:
            joined = np.concatenate(held)
            yield joined[:size]
            held = [joined[size:]]
    if sum(map(len, held)):
        yield np.concatenate(held)


def given(condition: jax.Array | None) -> tuple[jax.Array, ...]:
    """The condition where there is one."""
    return () if condition is None else (condition,)


def latents(model: Encoder, keys: jax.Array, x: jax.Array, *condition: jax.Array) -> jax.Array:
    """A latent vector of each row."""
    wrapped = jax.random.wrap_key_data(jnp.asarray(keys))
    return jax.vmap(model.encode)(wrapped, jnp.asarray(x), *map(jnp.asarray, condition))


def decoded(model: Encoder, keys: jax.Array, z: jax.Array, *condition: jax.Array) -> jax.Array:
    """A row of each latent vector."""
    wrapped = jax.random.wrap_key_data(jnp.asarray(keys))
    return jax.vmap(model.decode)(wrapped, jnp.asarray(z), *map(jnp.asarray, condition))
