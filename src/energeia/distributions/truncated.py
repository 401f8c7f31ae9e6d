"""A normal of lower temperature, truncated to a cube."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density


class TruncatedNormal(Density):
    """p(z) ~ exp(-|z|^2 / 2 T) with every |z_i| <= ``cut`` sqrt(T): independent numbers.

    The truncation of a generator's prior (Brock et al. 2019, arXiv:1809.11096, section 3.1) trades
    rare configurations for typical ones. T = 1 with an infinite cut is the standard normal.

    >>> import jax.numpy as jnp
    >>> half = TruncatedNormal((1,), cut=1.0)
    >>> round(float(half.log_prob(jnp.zeros(1))), 4), float(half.log_prob(2 * jnp.ones(1)))
    (-0.5372, -inf)
    """

    shape: tuple[int, ...] = eqx.field(static=True)
    temperature: float = eqx.field(static=True, default=1.0)
    cut: float = eqx.field(static=True, default=math.inf)
    condition_shape: None = eqx.field(static=True, default=None)

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """Independent truncated normals, in nats; -inf outside."""
        z = x / math.sqrt(self.temperature)
        mass = math.erf(self.cut / math.sqrt(2)) * math.sqrt(2 * math.pi * self.temperature)
        level = -0.5 * z**2 - math.log(mass)
        # The comparison is false for NaN, which is passed on.
        return jnp.sum(jnp.where(jnp.abs(z) > self.cut, -jnp.inf, level))

    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """One draw, by the inverse of the distribution function."""
        z = jax.random.truncated_normal(key, -self.cut, self.cut, self.shape)
        return math.sqrt(self.temperature) * z
