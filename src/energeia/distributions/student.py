"""Student's t distribution of single numbers, with the normal as the limit of no tail."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax.scipy.special import gammaln
from jaxtyping import Array, Float
from scipy.special import stdtrit
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density

LEAST, MOST = 0.01, 0.95
"""Smallest and largest tail h = 1 / nu: at 0.01 a normal distribution loses 1e-5 nats."""
_LIGHT = 4.0
_TRIED = (LEAST, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8)


def log_student(square: Array, tail: Array, count: Array | int = 1) -> Array:
    """log t_nu of ``count`` numbers with |z|^2 = ``square``, nu = 1 / ``tail``, in nats.

    log Gamma((nu + r)/2) - log Gamma(nu/2) - (r/2) log(pi nu) - (nu + r)/2 log(1 + |z|^2 / nu), for
    tails of 0.005 or more: beyond, float32 does not resolve the first two terms.

    >>> round(float(jnp.exp(log_student(jnp.zeros(()), jnp.ones(()))) * jnp.pi), 4)
    1.0
    """
    nu = 1.0 / tail
    level = gammaln(0.5 * (nu + count)) - gammaln(0.5 * nu) - 0.5 * count * jnp.log(math.pi * nu)
    return level - 0.5 * (nu + count) * jnp.log1p(square * tail)


def draw_student(key: PRNGKey, tail: Array) -> Array:
    """sqrt((u^(-2h) - 1) / h) cos(2 pi v), exact for every tail h (Bailey 1994).

    Smooth in the tail, unlike the quotient of a normal and a rejected gamma number.
    """
    u, v = jax.random.uniform(key, (2, *jnp.shape(tail)), minval=jnp.finfo(jnp.float32).tiny)
    # The radius is as accurate as u^(-2h) - 1.
    radius = jnp.sqrt(jnp.expm1(-2 * tail * jnp.log(u)) / tail)
    return radius * jnp.cos(2 * math.pi * v)


def bounded_tail(raw: Array) -> Array:
    """A tail between ``LEAST`` and ``MOST`` from a number without bounds; of zero nearly none."""
    return LEAST + (MOST - LEAST) * jax.nn.sigmoid(raw - _LIGHT)


def raw_tail(tail: Array) -> Array:
    """The number whose ``bounded_tail`` is ``tail``, a little inside the bounds."""
    share = jnp.clip((tail - LEAST) / (MOST - LEAST), 0.005, 0.995)
    return jnp.log(share) - jnp.log1p(-share) + _LIGHT


def fitted_tail(z: Float[Array, " n"]) -> tuple[Scalar, Scalar]:
    """Tail and scale of centered numbers: the likeliest t of a few with their median |z|.

    >>> z = np.random.default_rng(0).standard_t(2.0, 4000)
    >>> tail, scale = fitted_tail(jnp.asarray(z))
    >>> 0.35 < float(tail) < 0.65, 0.9 < float(scale) < 1.1
    (True, True)
    """
    tried = jnp.asarray(_TRIED)
    quartile = jnp.asarray([stdtrit(1 / h, 0.75) for h in _TRIED], z.dtype)
    size = jnp.median(jnp.abs(z))
    # More than half the numbers may be equal.
    scales = jnp.where(size > 0, size, jnp.std(z) + 1e-6) / quartile
    square = (z[:, None] / scales) ** 2
    logs = jnp.mean(log_student(square, tried), axis=0) - jnp.log(scales)
    normal = -0.5 * (1 + math.log(2 * math.pi)) - jnp.log(jnp.std(z) + 1e-6)
    best = jnp.argmax(logs)
    # Few rows do not tell tails apart, and of two modes the median says nothing of their width.
    light = normal + 2.0 / len(z) > logs[best]
    return jnp.where(light, LEAST, tried[best]), jnp.where(light, jnp.std(z), scales[best])


class StudentBase(Density):
    """Independent t distributions of scale s_i and tail h_i, of which the tails are learned.

    A base whose tails a flow need not make itself (Jaini et al. 2020, "Tails of Lipschitz
    triangular flows"). Columns that are ``periodic`` are uniform on the circle [-pi, pi).

    >>> import numpy as np
    >>> base = student_base(jnp.asarray(np.random.default_rng(0).normal(size=(1000, 2))))
    >>> bool(abs(base.log_prob(jnp.zeros(2)) + np.log(2 * np.pi)) < 0.1)
    True
    """

    scale: Frozen
    start: Frozen
    """``raw_tail`` of the sample's tails."""
    change: Float[Array, " d"]
    """What is added to it in training; zero at first, so that weight decay keeps the start."""
    periodic: tuple[bool, ...] = eqx.field(static=True)
    condition_shape: None = eqx.field(static=True, default=None)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (len(self.periodic),)

    @property
    def tails(self) -> Float[Array, " d"]:
        """h of each column."""
        return bounded_tail(self.start.value + self.change)

    @override
    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        scale = self.scale.value
        line = log_student((x / scale) ** 2, self.tails) - jnp.log(scale)
        circle = jnp.where(jnp.isnan(x), x, -math.log(2 * math.pi))
        return jnp.sum(jnp.where(np.asarray(self.periodic), circle, line))

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        line_key, angle_key = jax.random.split(key)
        line = draw_student(line_key, self.tails) * self.scale.value
        angle = jax.random.uniform(angle_key, self.shape, minval=-jnp.pi, maxval=jnp.pi)
        return jnp.where(np.asarray(self.periodic), angle, line)


def student_base(
    rows: Float[Array, "n d"], periodic: tuple[bool, ...] | None = None
) -> StudentBase:
    """The base whose scales and first tails are those of centered rows."""
    tails, scales = jax.vmap(fitted_tail, in_axes=1)(rows)
    count = rows.shape[1]
    return StudentBase(
        Frozen(scales), Frozen(raw_tail(tails)), jnp.zeros(count), periodic or (False,) * count
    )
