"""A normal whose marked columns have power-law tails: a base for heavy-tailed data."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density
from energeia.energies.analytic import Normal

_SCALES = 3.0 ** np.arange(12)
"""Of the normals in a column: its tails are power laws up to the largest."""


class HeavyNormal(Density):
    """N(mean, covariance) with tails P(|z_j| > t) ~ t^-alpha_j of its whitened coordinates.

    Each coordinate z_j is a mixture of normals of scales s = 1, 3, 9, ..., 3^11 with shares
    proportional to s^-alpha_j; where alpha_j is infinite it is a normal. Half of the draws have
    the scales of their heavy coordinates drawn independently, the other half have a common one, so
    that far out neither separate nor joint excursions of the data are rarer than here. Scale
    mixtures with power-law shares have power-law tails (Andrews and Mallows 1974).

    >>> import jax.numpy as jnp
    >>> normal = Normal(jnp.zeros(1), jnp.eye(1))
    >>> heavy = HeavyNormal(normal, jnp.array([2.0]))
    >>> at = jnp.array([100.0])
    >>> bool(heavy.log_prob(at) > -20), bool(normal.log_prob(at) < -5000)
    (True, True)
    """

    normal: Normal
    log_shares: Frozen
    """Of the scales of each coordinate, shape ``(d, scales)``."""
    log_common: Frozen
    """Of the scales common to all heavy coordinates."""
    heavy: Frozen
    """Which coordinates are heavy."""

    def __init__(self, normal: Normal, alpha: Float[Array, " d"]) -> None:
        alpha = jnp.where(np.asarray(normal.periodic), jnp.inf, alpha)
        heavy = jnp.isfinite(alpha)
        self.normal, self.heavy = normal, Frozen(heavy)
        self.log_shares = Frozen(_log_shares(alpha))
        self.log_common = Frozen(_log_shares(jnp.min(alpha)))

    @property
    def periodic(self) -> tuple[bool, ...]:
        """Which coordinates are angles, uniform on their circle."""
        return self.normal.periodic

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.normal.shape

    @property
    @override
    def condition_shape(self) -> None:
        return

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """log p(x) in nats."""
        square = self.normal.whitened(x) ** 2
        inverse = jnp.asarray(_SCALES**-2.0, x.dtype)
        log_scales = jnp.asarray(np.log(_SCALES), x.dtype)
        # Of normals of each scale, relative to the maximum of the one of scale one.
        terms = -0.5 * square[:, None] * inverse - log_scales
        each = jax.nn.logsumexp(self.log_shares.value + terms, axis=1)
        heavy = self.heavy.value.astype(x.dtype)
        joint = heavy @ terms - 0.5 * (1.0 - heavy) @ square
        together = jax.nn.logsumexp(self.log_common.value + joint)
        return self.normal.log_maximum + jnp.logaddexp(jnp.sum(each), together) - np.log(2.0)

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        normal_key, each_key, common_key, coin_key = jax.random.split(key, 4)
        x = self.normal.sample(normal_key)
        each = _draw_scale(each_key, self.log_shares.value)
        common = _draw_scale(common_key, self.log_common.value)
        together = jax.random.bernoulli(coin_key) & self.heavy.value
        return self.normal.stretched(x, jnp.where(together, common, each))


def _draw_scale(key: PRNGKey, log_shares: Float[Array, "*shape scales"]) -> Float[Array, "*shape"]:
    """Scales with given shares, by the inverse of their distribution function."""
    below = jnp.cumsum(jnp.exp(log_shares), axis=-1)[..., :-1]
    uniform = jax.random.uniform(key, log_shares.shape[:-1], log_shares.dtype)
    steps = jnp.sum(uniform[..., None] >= below, axis=-1)
    return jnp.asarray(_SCALES, log_shares.dtype)[steps]


def _log_shares(alpha: Float[Array, "..."]) -> Float[Array, "... scales"]:
    """log of shares proportional to s^-alpha; all on the smallest where alpha is infinite."""
    steps = jnp.asarray(np.log(_SCALES))
    finite = jnp.where(jnp.isfinite(alpha), alpha, 1.0)[..., None]
    power = jax.nn.log_softmax(-finite * steps, axis=-1)
    alone = jnp.where(steps > 0, -jnp.inf, 0.0)
    return jnp.where(jnp.isfinite(alpha)[..., None], power, alone)
