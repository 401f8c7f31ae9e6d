"""The power spherical distribution of directions."""

import math
from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.special import betaln
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density


class PowerSpherical(Density):
    """p(x) proportional to prod_i (1 + mean_i . x_i)^concentration_i over k directions of R^n.

    ``x`` has the shape ``(k n,)``, one unit vector after the other, and log p is that of their
    surface area. A concentration of zero is the uniform distribution, a large one nearly a normal
    distribution of variance 2 / concentration in each tangent direction. Draws are differentiable
    in the parameters. De Cao and Aziz 2020, arXiv:2006.04437, eq. 4 and algorithm 1.

    >>> east = jnp.array([[1.0, 0.0, 0.0]])
    >>> uniform = PowerSpherical(east, jnp.zeros(1))
    >>> round(float(jnp.exp(uniform.log_prob(east[0])) * 4 * jnp.pi), 4)
    1.0
    """

    mean: Float[Array, "k n"]
    concentration: Float[Array, " k"]
    antipodal: bool = eqx.field(static=True, default=False)
    """Whether x and -x are one point, as unit quaternions of a rotation are: the density is that of
    both, per area of half a sphere."""
    condition_shape: ClassVar[None] = None

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (self.mean.size,)

    @override
    def log_prob(self, x: Float[Array, " d"], condition: Condition = None) -> Scalar:
        # (1 - cos) / 2 by differences: the cosine itself has no digits near the mean.
        apart = jnp.sum((x.reshape(self.mean.shape) - self.mean) ** 2, axis=1) / 4
        # Opposite to the mean the density is zero, to rounding, and its logarithm has no gradient.
        least = jnp.finfo(apart.dtype).eps
        inside = jnp.clip(apart, least, 1 - least)
        return self._log_prob(jnp.log1p(-jnp.minimum(apart, 1 - least)), jnp.log(inside))

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Float[Array, " d"]:
        return self.sample_and_log_prob(key)[0]

    @override
    def sample_and_log_prob(
        self, key: PRNGKey, condition: Condition = None
    ) -> tuple[Float[Array, " d"], Scalar]:
        toward, away, around = jax.random.split(key, 3)
        first, second = self._shapes()
        # Of (1 + cos) / 2 and (1 - cos) / 2, a beta number, which may be tiny: logarithms.
        one = jax.random.loggamma(toward, first)
        two = jax.random.loggamma(away, second, one.shape)
        total = jnp.logaddexp(one, two)
        cosine = jnp.exp(one - total) - jnp.exp(two - total)
        sine = 2 * jnp.exp(0.5 * (one + two) - total)
        free = jax.random.normal(around, self.mean.shape, self.mean.dtype)
        # Twice, since a vector near the mean loses its digits.
        free = self._tangent(self._tangent(free))
        x = self.mean * cosine[:, None] + free * sine[:, None]
        return x.ravel(), self._log_prob(one - total, two - total)

    def _tangent(self, free: Float[Array, "k n"]) -> Float[Array, "k n"]:
        """Unit vectors at right angles to the means."""
        free = free - self.mean * jnp.sum(free * self.mean, axis=1, keepdims=True)
        return free / jnp.linalg.norm(free, axis=1, keepdims=True)

    def _shapes(self) -> tuple[Array, float]:
        """Shapes of the beta distribution of (1 + cos) / 2."""
        second = (self.mean.shape[1] - 1) / 2
        return second + self.concentration, second

    def _log_prob(self, toward: Float[Array, " k"], away: Float[Array, " k"]) -> Scalar:
        """log p by the logarithms of (1 + cos) / 2 and (1 - cos) / 2."""
        first, second = self._shapes()
        log_area = 2 * second * math.log(2) + second * math.log(math.pi) - math.lgamma(second)
        logs = self.concentration * toward
        if self.antipodal:
            logs = jnp.logaddexp(logs, self.concentration * away)
        return jnp.sum(logs - betaln(first, second) - log_area)
