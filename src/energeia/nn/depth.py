"""Layers of one kind, one after the other, as a program whose size does not grow with them."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
from jaxtyping import Array

UNROLLED = 8
"""Layers of an iteration: a loop of few cheap ones would cost more than they do."""


def _called(layer: Any, h: Array) -> Array:
    return layer(h)


def through(layers: Any, h: Array, apply: Callable[[Any, Array], Array] = _called) -> Array:
    """h through layers that are stacked along a leading axis, as ``eqx.filter_vmap`` makes them.

    ``apply(layer, h)`` is what one layer does.

    >>> import jax.numpy as jnp
    >>> layers = eqx.filter_vmap(lambda k: eqx.nn.Linear(2, 2, key=k))(
    ...     jax.random.split(jax.random.key(0), 3))
    >>> through(layers, jnp.ones(2)).shape
    (2,)
    """
    arrays, static = eqx.partition(layers, eqx.is_array)

    def step(h: Array, layer: Any) -> tuple[Array, None]:
        return apply(eqx.combine(layer, static), h), None

    return jax.lax.scan(step, h, arrays, unroll=UNROLLED)[0]
