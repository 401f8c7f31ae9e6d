"""Continuous densities for discrete columns: codes are spread over cells by noise."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.shapes import require_same_shape
from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.units import Units
from energeia.contracts import Condition, Density, LatentModel
from energeia.nn.residual import joined


class VariationalNoise(eqx.Module):
    """u = sigmoid(m + s l) of each column, l logistic: a learned place in the cell of a code.

    m and log s are what ``network`` says of the row, with its condition appended; where they are
    zero, u is uniform. Ho et al. 2019, "Flow++", arXiv:1902.00275, eq. 12, with independent columns
    given the row in place of their flow.

    >>> noise = VariationalNoise(lambda row: jnp.zeros(2 * len(row)))
    >>> u, log_q = noise.draw(jax.random.key(0), jnp.ones(3))
    >>> u.shape, bool(jnp.allclose(log_q, 0.0, atol=1e-5))
    ((3,), True)
    """

    network: Callable[[Array], Array]

    def draw(
        self, key: PRNGKey, row: Float[Array, " d"], condition: Condition = None
    ) -> tuple[Float[Array, " d"], Float[Array, " d"]]:
        """u and log q(u | row) of each column."""
        shift, log_scale = jnp.split(self.network(joined(row, condition)), 2)
        noise = jax.random.logistic(key, row.shape, row.dtype)
        place = shift + jnp.exp(log_scale) * noise
        # log of l's density less that of the slope of the sigmoid.
        log_q = _log_slope(noise) - log_scale - _log_slope(place)
        # A number that rounds to one would be in the next cell.
        return jnp.minimum(jax.nn.sigmoid(place), 1 - jnp.finfo(row.dtype).epsneg), log_q


def _log_slope(t: Array) -> Array:
    """log of the derivative of the sigmoid, which is the logistic density."""
    return -jax.nn.softplus(t) - jax.nn.softplus(-t)


class Dequantized(LatentModel):
    """A density of the coordinates v as a distribution of codes and reals y.

    P(code) is the integral of p(v) over the code's cell, and a draw u of the cell gives the weight
    p(v(code + u)) |dv/du| / q(u), unbiased; its logarithm bounds log P from below. u is uniform
    (Theis et al. 2016, "A note on the evaluation of generative models", section 3.1) or follows
    ``noise``, which narrows the bound. Samples are rounded to codes within their alphabets.
    """

    density: Density
    units: Units
    noise: VariationalNoise | None = None

    def __check_init__(self) -> None:
        require_same_shape("a density", self.density.shape, "units", self.units.inner_shape)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.units.inner_shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.density.condition_shape

    def dequantize(
        self, key: PRNGKey, y: Array, condition: Condition = None
    ) -> tuple[Array, Scalar]:
        """v of codes and reals ``y``, and log |dv/du| - log q(u)."""
        if self.noise is None:
            return self.units.dequantize(key, y)
        discrete = self.units.coordinates.discrete
        middle, _ = self.units.scale_codes(y + jnp.where(discrete, 0.5, 0.0))
        u, log_q = self.noise.draw(key, middle, condition)
        v, log_det = self.units.scale_codes(y + jnp.where(discrete, u, 0.0))
        return v, log_det - jnp.sum(jnp.where(discrete, log_q, 0.0))

    def log_weight(self, key: PRNGKey, x: Array, condition: Condition = None) -> Scalar:
        """One draw of log p(v) + log |dv/du| - log q(u) for codes and reals ``x``, in nats."""
        v, log_det = self.dequantize(key, x, condition)
        return self.density.log_prob(v, condition) + log_det

    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """One configuration of codes and reals."""
        return self.units.quantize(self.density.sample(key, condition))
