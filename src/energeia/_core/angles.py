"""Angles in one turn."""

import math

import jax.numpy as jnp
from jaxtyping import Array


def wrap(angle: Array) -> Array:
    """The same angle in [-pi, pi).

    >>> round(float(wrap(jnp.array(4.0))), 4)
    -2.2832
    """
    return angle - 2 * math.pi * jnp.floor((angle + math.pi) / (2 * math.pi))
