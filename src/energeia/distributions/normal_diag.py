"""A Gaussian with independent components, such as an encoder's output."""

from typing import ClassVar

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density


class NormalDiag(Density):
    """N(mean, diag(scale^2)) over vectors of shape ``(d,)``; a condition is ignored.

    >>> import jax.numpy as jnp
    >>> float(NormalDiag(jnp.zeros(2), jnp.ones(2)).divergence(jnp.zeros(2), jnp.ones(2)).sum())
    0.0
    """

    mean: Float[Array, " d"]
    scale: Float[Array, " d"]
    condition_shape: ClassVar[None] = None

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one vector."""
        return self.mean.shape

    def log_prob(self, x: Float[Array, " d"], condition: Condition = None) -> Scalar:
        """log N(x; mean, diag(scale^2)), in nats."""
        standard = (x - self.mean) / self.scale
        return -jnp.sum(0.5 * standard**2 + jnp.log(self.scale) + 0.5 * jnp.log(2 * jnp.pi))

    def sample(self, key: PRNGKey, condition: Condition = None) -> Float[Array, " d"]:
        """mean + scale * noise: differentiable in both."""
        return self.mean + self.scale * jax.random.normal(key, self.mean.shape, self.mean.dtype)

    def sample_and_log_prob(
        self, key: PRNGKey, condition: Condition = None
    ) -> tuple[Float[Array, " d"], Scalar]:
        """A draw and log N of it, from the noise: its differences from a large mean lose digits."""
        noise = jax.random.normal(key, self.mean.shape, self.mean.dtype)
        log_prob = -jnp.sum(0.5 * noise**2 + jnp.log(self.scale) + 0.5 * jnp.log(2 * jnp.pi))
        return self.mean + self.scale * noise, log_prob

    def divergence(self, mean: Array | float, scale: Array | float) -> Float[Array, " d"]:
        """KL(self || N(mean, scale^2)) of each component, in nats."""
        ratio = self.scale / scale
        shift = (self.mean - mean) / scale
        return 0.5 * (ratio**2 + shift**2 - 1.0) - jnp.log(ratio)
