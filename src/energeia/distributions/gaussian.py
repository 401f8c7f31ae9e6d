"""Base densities: the standard normal, the uniform, and their product."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density


class StandardNormal(Density):
    """Independent normal numbers of mean zero and variance one.

    >>> import jax.numpy as jnp
    >>> round(float(StandardNormal((2,)).log_prob(jnp.zeros(2))), 4)
    -1.8379
    """

    shape: tuple[int, ...] = eqx.field(static=True)
    condition_shape: None = eqx.field(static=True, default=None)

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """-(|x|^2 + d log 2 pi) / 2."""
        return -0.5 * jnp.sum(x**2 + math.log(2 * math.pi))

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        return jax.random.normal(key, self.shape)


class Uniform(Density):
    """Independent uniform numbers in [low, high).

    >>> import jax.numpy as jnp
    >>> float(Uniform((2,), 0.0, 1.0).log_prob(jnp.array([0.5, 1.5])))
    -inf
    """

    shape: tuple[int, ...] = eqx.field(static=True)
    low: float = eqx.field(static=True, default=0.0)
    high: float = eqx.field(static=True, default=1.0)
    condition_shape: None = eqx.field(static=True, default=None)

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """-d log(high - low) inside, -inf outside; a NaN stays a NaN."""
        inside = jnp.where((x >= self.low) & (x < self.high), 0.0, -jnp.inf)
        level = jnp.where(jnp.isnan(x), x, inside - math.log(self.high - self.low))
        return jnp.sum(level)

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        return jax.random.uniform(key, self.shape, minval=self.low, maxval=self.high)


class RealPeriodicBase(Density):
    """Standard normal columns on the line, uniform columns on the circle [-pi, pi).

    The density on a circle is 1 / (2 pi) at every angle, also at the ends of the interval.

    >>> import jax.numpy as jnp
    >>> round(float(RealPeriodicBase((False, True)).log_prob(jnp.zeros(2))), 4)
    -2.7568
    """

    periodic: tuple[bool, ...] = eqx.field(static=True)
    condition_shape: None = eqx.field(static=True, default=None)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (len(self.periodic),)

    @override
    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        line = -0.5 * (x**2 + math.log(2 * math.pi))
        circle = jnp.where(jnp.isnan(x), x, -math.log(2 * math.pi))
        return jnp.sum(jnp.where(jnp.asarray(self.periodic), circle, line))

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        normal_key, angle_key = jax.random.split(key)
        normal = jax.random.normal(normal_key, self.shape)
        angle = jax.random.uniform(angle_key, self.shape, minval=-jnp.pi, maxval=jnp.pi)
        return jnp.where(jnp.asarray(self.periodic), angle, normal)
