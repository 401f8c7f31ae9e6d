"""The base distribution of a product of factors: one record for each kind of factor."""

import math
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density
from energeia.support import Factor, Sphere, Support


class Base(NamedTuple):
    """A simple distribution of n values of one factor."""

    log_prob: Callable[[Factor, Array], Array]
    """The log-density of each of the values ``(n, *shape)``, in nats."""
    sample: Callable[[PRNGKey, Factor, tuple[int, ...]], Array]


def _unit_vectors(key: PRNGKey, factor: Factor, shape: tuple[int, ...]) -> Array:
    v = jax.random.normal(key, shape)
    return v / jnp.linalg.norm(v, axis=-1, keepdims=True)


def _uniform_on_sphere(factor: Factor, x: Array) -> Array:
    return _constant(x[..., 0], -math.log(Sphere(factor.width - 1).area))


def _constant(x: Array, value: float) -> Array:
    return jnp.where(jnp.isnan(x), x, value)


_NORMAL = Base(
    lambda factor, x: -0.5 * (x**2 + math.log(2 * math.pi)),
    lambda key, factor, shape: jax.random.normal(key, shape),
)
_UNIT = Base(_uniform_on_sphere, _unit_vectors)
BASES = {
    "circle": Base(
        lambda factor, x: _constant(x, -math.log(2 * math.pi)),
        lambda key, factor, shape: jax.random.uniform(key, shape, minval=-math.pi, maxval=math.pi),
    ),
    "sphere": _UNIT,
    "rotation": _UNIT,
}
"""By the name of a factor; other factors have the standard normal of their coordinates."""


class ProductBase(Density):
    """Independent factors: standard normal numbers, uniform angles, directions and quaternions.

    >>> from energeia.support import Real
    >>> base = ProductBase(Support.of([Sphere(2), Real()]))
    >>> round(float(base.log_prob(jnp.array([0.0, 0.0, 1.0, 0.0]))), 4)  # -log(4 pi sqrt(2 pi))
    -3.45
    """

    support: Support = eqx.field(static=True)
    condition_shape: None = eqx.field(static=True, default=None)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (self.support.width,)

    @override
    def log_prob(self, x: Float[Array, " d"], condition: Condition = None) -> Scalar:
        terms = [
            jnp.sum(BASES.get(factor.name, _NORMAL).log_prob(factor, values))
            for factor, values in self.support.split(x)
        ]
        return jnp.sum(jnp.stack(terms))

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Float[Array, " d"]:
        keys = jax.random.split(key, len(self.support.runs))
        parts = [
            BASES.get(factor.name, _NORMAL).sample(k, factor, (count, *factor.shape)).reshape(-1)
            for k, (factor, count) in zip(keys, self.support.runs, strict=True)
        ]
        return jnp.concatenate(parts)
