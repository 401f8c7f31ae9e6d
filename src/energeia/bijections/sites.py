"""Maps of the channels of a field that are the same at every site."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.compose import Chain
from energeia.bijections.elementwise import Permutation
from energeia.bijections.linear import Linear
from energeia.contracts import Bijection, Condition

_SMALLEST_SPREAD = 0.1
"""Of a channel, relative to the largest, below which it is scaled as that one is: constant codes
get the noise of dequantization, which layer after layer would otherwise enlarge."""


class EverySite(Bijection):
    """y_ij = inner(x_ij) at every site of a field (h, w, c); ``inner`` maps c channels.

    log |det dy/dx| is the sum over sites.

    >>> layer = EverySite(Linear(2), (4, 4))
    >>> layer.forward(jnp.ones((4, 4, 2)))[0].shape
    (4, 4, 2)
    """

    inner: Bijection
    sites: tuple[int, ...] = eqx.field(static=True)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (*self.sites, *self.inner.shape)

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.inner.condition_shape

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        flat = x.reshape(math.prod(self.sites), -1)
        y, log_dets = jax.vmap(lambda u: self.inner.forward(u, condition))(flat)
        return y.reshape(x.shape), jnp.sum(log_dets)

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        flat = y.reshape(math.prod(self.sites), -1)
        x, log_dets = jax.vmap(lambda u: self.inner.inverse(u, condition))(flat)
        return x.reshape(y.shape), jnp.sum(log_dets)


class ActNorm(Bijection):
    """y = exp(s) (x - m) / d + t of each channel, with learned s and t, zero at first.

    m and d are fixed: mean and deviation of each channel over rows and sites, so that the map
    starts as their standardization (Kingma and Dhariwal 2018, "Glow", section 3.1). They are
    computed when the layer is made, from fields as the layers before it leave them, so a layer
    has no state; see ``stacked_on_rows``. Weight decay draws the map back to this start.

    >>> rows = jnp.array([1.0, 3.0]).reshape(2, 1, 1, 1)
    >>> y, log_det = ActNorm(rows).forward(jnp.array([5.0]))
    >>> y.tolist(), float(log_det)
    ([3.0], 0.0)
    """

    log_scale: Float[Array, " c"]
    shift: Float[Array, " c"]
    center: Frozen
    """m."""
    spread: Frozen
    """d."""
    condition_shape: None = eqx.field(static=True, default=None)

    def __init__(self, rows: Float[Array, "n h w c"]) -> None:
        channels = rows.shape[-1]
        values = rows.reshape(-1, channels)
        spread = jnp.std(values, axis=0)
        usual = jnp.max(spread)
        spread = jnp.where(spread < _SMALLEST_SPREAD * usual, usual, spread)
        self.log_scale, self.shift = jnp.zeros(channels), jnp.zeros(channels)
        self.center = Frozen(jnp.mean(values, axis=0))
        self.spread = Frozen(jnp.where(spread > 0, spread, 1.0))
        self.condition_shape = None

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.shift.shape

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        log_slopes = self.log_scale - jnp.log(self.spread.value)
        return (x - self.center.value) * jnp.exp(log_slopes) + self.shift, jnp.sum(log_slopes)

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        log_slopes = jnp.log(self.spread.value) - self.log_scale
        return (y - self.shift) * jnp.exp(log_slopes) + self.center.value, jnp.sum(log_slopes)


def invertible_convolution(key: PRNGKey, channels: int) -> Chain:
    """y = L U P x + t of one site's channels: the invertible 1 x 1 convolution, for ``EverySite``.

    P is a fixed random permutation; L, unit lower triangular, and U, upper triangular with a
    positive diagonal, are learned from the identity (``Linear``), so that the log-determinant is a
    sum and the inverse solves two triangular systems. Kingma and Dhariwal 2018, "Glow", eq. 10.

    >>> conv = invertible_convolution(jax.random.key(0), 3)
    >>> sorted(conv.forward(jnp.array([1.0, 2.0, 3.0]))[0].tolist())
    [1.0, 2.0, 3.0]
    """
    return Chain((Permutation(jax.random.permutation(key, channels)), Linear(channels)))
