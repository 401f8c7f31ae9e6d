"""The distribution of a column given a decoder's outputs, one for each kind of support.

Each describes *one* value ``y`` (a code, a standardized real or an angle) by the real numbers ``p``
that a network outputs for it; ``ColumnLikelihoods`` is their product over a support.
"""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.support import Binary, Categorical, Circle, Factor, Integer, Support

MIN_SCALE = 1e-3
"""Smallest scale of a Gaussian, in standardized units: without a bound the likelihood of a value
that repeats would be infinite."""
_MIN_RATIO = 0.1
"""Smallest scale of a logistic, in half-widths of a cell: its center then has 1 - 1e-4 of it."""


class ColumnLikelihood(eqx.Module):
    """A distribution of one value given ``size`` real numbers."""

    @property
    @abstractmethod
    def size(self) -> int:
        """The number of parameters."""

    @abstractmethod
    def log_prob(self, p: Float[Array, " size"], y: Scalar) -> Scalar:
        """log p(y), normalized over the values of the column, in nats."""

    @abstractmethod
    def sample(self, key: PRNGKey, p: Float[Array, " size"]) -> Scalar:
        """One value."""

    @abstractmethod
    def mean(self, p: Float[Array, " size"]) -> Scalar:
        """The mean: of codes it lies between them, of angles it is the mean direction; the most
        probable code of categories, which have no mean."""

    @abstractmethod
    def features(self, y: Scalar) -> Float[Array, " f"]:
        """The features of a value as inputs of a network, of order one."""


class BernoulliLikelihood(ColumnLikelihood):
    """p(1) = sigmoid(p0)."""

    @property
    def size(self) -> int:
        """The logit of one."""
        return 1

    def log_prob(self, p: Float[Array, " size"], y: Scalar) -> Scalar:
        """y p0 - log(1 + e^p0)."""
        return -jax.nn.softplus((1 - 2 * y) * p[0])

    def sample(self, key: PRNGKey, p: Float[Array, " size"]) -> Scalar:
        """One code, 0 or 1."""
        return (jax.random.logistic(key, dtype=p.dtype) < p[0]).astype(p.dtype)

    @override
    def mean(self, p: Float[Array, " size"]) -> Scalar:
        return jax.nn.sigmoid(p[0])

    def features(self, y: Scalar) -> Float[Array, " f"]:
        """-1 or 1."""
        return (2 * y - 1)[None]


class CategoricalLikelihood(ColumnLikelihood):
    """p(k) = softmax(p)_k over the codes 0 .. ``levels`` - 1."""

    levels: int = eqx.field(static=True)

    @property
    def size(self) -> int:
        """A logit for each code."""
        return self.levels

    def log_prob(self, p: Float[Array, " size"], y: Scalar) -> Scalar:
        """The log-softmax at code y."""
        return jnp.sum(jax.nn.one_hot(y.astype(int), self.size) * jax.nn.log_softmax(p))

    @override
    def sample(self, key: PRNGKey, p: Float[Array, " size"]) -> Scalar:
        return jax.random.categorical(key, p).astype(p.dtype)

    @override
    def mean(self, p: Float[Array, " size"]) -> Scalar:
        return jnp.argmax(p).astype(p.dtype)

    def features(self, y: Scalar) -> Float[Array, " f"]:
        """One-hot, of unit variance if all are equally likely."""
        return self.size**0.5 * jax.nn.one_hot(y.astype(int), self.size)


class LogisticLikelihood(ColumnLikelihood):
    """A mixture of logistics integrated over the cells of the codes 0 .. K-1, tails in the end
    cells.

    P(k) = sum_m w_m [F((u_k + h - mu_m) / s_m) - F((u_k - h - mu_m) / s_m)] with F the sigmoid,
    u_k = (2k + 1)/K - 1, h = 1/K, and the outer edges at infinity (Salimans et al. 2017,
    arXiv:1701.05517, eq. 2). ``p`` holds logits, centers and raw scales, ``components`` each.
    """

    levels: int = eqx.field(static=True)
    components: int = eqx.field(static=True)

    @property
    def size(self) -> int:
        """Three parameters per component."""
        return 3 * self.components

    def log_prob(self, p: Float[Array, " size"], y: Scalar) -> Scalar:
        """log P(y), from F(b) - F(a) = F(b) F(-a) (1 - e^(a-b)): exact in both tails."""
        logits, center, scale = self._parts(p)
        u = (2 * y + 1) / self.levels - 1
        half = 1 / self.levels
        first, final = y < 0.5, y > self.levels - 1.5
        below_upper = jnp.where(final, 0.0, jax.nn.log_sigmoid((u + half - center) / scale))
        above_lower = jnp.where(first, 0.0, jax.nn.log_sigmoid((center - u + half) / scale))
        width = jnp.where(first | final, 0.0, jnp.log(-jnp.expm1(-2 * half / scale)))
        return jax.nn.logsumexp(jax.nn.log_softmax(logits) + below_upper + above_lower + width)

    @override
    def sample(self, key: PRNGKey, p: Float[Array, " size"]) -> Scalar:
        logits, center, scale = self._parts(p)
        which, noise = jax.random.split(key)
        m = jax.random.categorical(which, logits)
        u = center[m] + scale[m] * jax.random.logistic(noise, dtype=p.dtype)
        return jnp.clip(jnp.floor((u + 1) * self.levels / 2), 0, self.levels - 1)

    @override
    def mean(self, p: Float[Array, " size"]) -> Scalar:
        codes = jnp.arange(self.levels, dtype=p.dtype)
        return jnp.exp(jax.vmap(self.log_prob, (None, 0))(p, codes)) @ codes

    def features(self, y: Scalar) -> Float[Array, " f"]:
        """The center of the cell in (-1, 1)."""
        return ((2 * y + 1) / self.levels - 1)[None]

    def _parts(self, p: Array) -> tuple[Array, Array, Array]:
        logits, center, raw = p.reshape(3, self.components)
        start = jnp.linspace(-1, 1, self.components + 2, dtype=p.dtype)[1:-1]
        return logits, center + start, bounded_scale(raw, _MIN_RATIO / self.levels)


class NormalLikelihood(ColumnLikelihood):
    """A mixture of Gaussians over the reals, no scale below ``MIN_SCALE``.

    ``p`` holds logits, centers and raw scales, ``components`` each.
    """

    components: int = eqx.field(static=True)

    @property
    def size(self) -> int:
        """Three parameters per component."""
        return 3 * self.components

    def log_prob(self, p: Float[Array, " size"], y: Scalar) -> Scalar:
        """log sum_m w_m N(y; mu_m, s_m^2)."""
        logits, center, scale = self._parts(p)
        normal = jax.scipy.stats.norm.logpdf(y, center, scale)
        return jax.nn.logsumexp(jax.nn.log_softmax(logits) + normal)

    def sample(self, key: PRNGKey, p: Float[Array, " size"]) -> Scalar:
        """One real number."""
        logits, center, scale = self._parts(p)
        which, noise = jax.random.split(key)
        m = jax.random.categorical(which, logits)
        return center[m] + scale[m] * jax.random.normal(noise, dtype=p.dtype)

    @override
    def mean(self, p: Float[Array, " size"]) -> Scalar:
        logits, center, _ = self._parts(p)
        return jax.nn.softmax(logits) @ center

    def features(self, y: Scalar) -> Float[Array, " f"]:
        """The standardized value itself."""
        return y[None]

    def _parts(self, p: Array) -> tuple[Array, Array, Array]:
        logits, center, raw = p.reshape(3, self.components)
        start = jnp.linspace(-1.5, 1.5, self.components + 2, dtype=p.dtype)[1:-1]
        return logits, center + start, bounded_scale(raw, MIN_SCALE)


class ProjectedNormalLikelihood(ColumnLikelihood):
    """A mixture of directions of planar Gaussians N(m, 1): y = atan2(m + noise), in [-pi, pi).

    p(y) = phi(s) [phi(t) + t Phi(t)] with t = m . (cos y, sin y) and s = m x (cos y, sin y)
    (Mardia and Jupp 2000, eq. 3.5.48). Smooth in ``m``, uniform at m = 0, and drawn exactly.
    ``p`` holds logits and the two coordinates of m, ``components`` each.
    """

    components: int = eqx.field(static=True)

    @property
    def size(self) -> int:
        """Three parameters per component."""
        return 3 * self.components

    def log_prob(self, p: Float[Array, " size"], y: Scalar) -> Scalar:
        """log sum_m w_m p(y; m), a density per radian."""
        logits, a, b = self._parts(p)
        t = a * jnp.cos(y) + b * jnp.sin(y)
        s = a * jnp.sin(y) - b * jnp.cos(y)
        each = -0.5 * s**2 - 0.5 * jnp.log(2 * jnp.pi) + log_ramp(t)
        return jax.nn.logsumexp(jax.nn.log_softmax(logits) + each)

    def sample(self, key: PRNGKey, p: Float[Array, " size"]) -> Scalar:
        """One angle."""
        logits, a, b = self._parts(p)
        which, noise = jax.random.split(key)
        m = jax.random.categorical(which, logits)
        step = jax.random.normal(noise, (2,), p.dtype)
        return jnp.arctan2(b[m] + step[1], a[m] + step[0])

    @override
    def mean(self, p: Float[Array, " size"]) -> Scalar:
        """The direction of E[(cos y, sin y)], to which each component contributes
        m e^(-k) [I0(k) + I1(k)] with k = |m|^2 / 4, up to a factor (Mardia and Jupp 2000, sec.
        3.5.6).
        """
        logits, a, b = self._parts(p)
        k = (a**2 + b**2) / 4
        pull = jax.nn.softmax(logits) * (jax.scipy.special.i0e(k) + jax.scipy.special.i1e(k))
        return jnp.arctan2(pull @ b, pull @ a)

    def features(self, y: Scalar) -> Float[Array, " f"]:
        """Cosine and sine: the two ends of the circle are one point."""
        return jnp.stack([jnp.cos(y), jnp.sin(y)])

    def _parts(self, p: Array) -> tuple[Array, Array, Array]:
        logits, a, b = p.reshape(3, self.components)
        turn = 2 * jnp.pi * jnp.arange(self.components, dtype=p.dtype) / self.components
        push = 0.0 if self.components == 1 else 1.0
        return logits, a + push * jnp.cos(turn), b + push * jnp.sin(turn)


def log_ramp(t: Array) -> Array:
    """log[phi(t) + t Phi(t)], the integral of the normal distribution function.

    For t < -2 from Laplace's continued fraction of the Mills ratio, where the sum cancels.
    """
    near = jnp.where(t < -2, 0.0, t)
    phi = jnp.exp(-0.5 * near**2) / jnp.sqrt(2 * jnp.pi)
    direct = jnp.log(phi + near * jax.scipy.stats.norm.cdf(near))
    x = jnp.where(t < -2, -t, 3.0)
    rest = x
    for k in range(24, 1, -1):
        rest = x + k / rest
    # 1 - x M(x) with M = 1/(x + 1/rest).
    tail = -0.5 * x**2 - 0.5 * jnp.log(2 * jnp.pi) - jnp.log1p(x * rest)
    return jnp.where(t < -2, tail, direct)


def bounded_scale(raw: Array, least: float) -> Array:
    """A scale above ``least``: near exp(raw) for small ones, linear for large, one at zero."""
    return least + jax.nn.softplus(raw + float(np.log(np.e - 1)))


def likelihood_of(column: Factor, components: int) -> ColumnLikelihood:
    """The likelihood that fits a column's support."""
    match column:
        case Binary():
            return BernoulliLikelihood()
        case Categorical():
            return CategoricalLikelihood(column.size)
        case Integer():
            return LogisticLikelihood(column.size, components)
        case Circle():
            return ProjectedNormalLikelihood(components)
        case _:
            return NormalLikelihood(components)


class ColumnLikelihoods(eqx.Module):
    """Independent columns, each with the likelihood of its support, in the coordinates ``y``.

    ``components`` is the number of mixture components of integer, real and circular columns.

    >>> import jax.numpy as jnp
    >>> from energeia.support import Binary, Real, Support
    >>> columns = ColumnLikelihoods(Support.of([Binary(), Real()]))
    >>> columns.size, columns.feature_size
    (4, 2)
    >>> round(float(columns.log_prob(jnp.zeros(4), jnp.array([1.0, 0.0]))), 3)
    -1.613
    """

    support: Support = eqx.field(static=True)
    components: int = eqx.field(static=True, default=1)

    @property
    def size(self) -> int:
        """The number of parameters of a whole configuration."""
        return sum(count * kind.size for kind, count in self._runs())

    @property
    def feature_size(self) -> int:
        """The number of features of a configuration."""
        value = jax.ShapeDtypeStruct((), jnp.result_type(float))
        return sum(
            count * jax.eval_shape(kind.features, value).shape[0] for kind, count in self._runs()
        )

    def log_prob(self, p: Float[Array, " size"], y: Float[Array, " d"]) -> Scalar:
        """log p(y) of a whole configuration, in nats."""
        return sum(
            (jnp.sum(jax.vmap(kind.log_prob)(q, z)) for kind, q, z in self._pieces(p, y)),
            start=jnp.zeros((), p.dtype),
        )

    def sample(self, key: PRNGKey, p: Float[Array, " size"]) -> Float[Array, " d"]:
        """One configuration."""
        keys = jax.random.split(key, self.support.width)
        parts = [jax.vmap(kind.sample)(k, q) for kind, q, k in self._pieces(p, keys)]
        return jnp.concatenate(parts)

    def mean(self, p: Float[Array, " size"]) -> Float[Array, " d"]:
        """The mean of every column, see ``ColumnLikelihood.mean``."""
        rows = jnp.zeros(self.support.width)  # which pieces are cut along, and nothing more
        return jnp.concatenate([jax.vmap(kind.mean)(q) for kind, q, _ in self._pieces(p, rows)])

    def features(self, y: Float[Array, " d"]) -> Float[Array, " f"]:
        """The features of a configuration as inputs of a network."""
        parts, start = [], 0
        for kind, count in self._runs():
            parts.append(jax.vmap(kind.features)(y[start : start + count]).reshape(-1))
            start += count
        return jnp.concatenate(parts)

    def _runs(self) -> list[tuple[ColumnLikelihood, int]]:
        return [(likelihood_of(c, self.components), count) for c, count in self.support.runs]

    def _pieces(self, p: Array, rows: Array) -> list[tuple[ColumnLikelihood, Array, Array]]:
        pieces, at, start = [], 0, 0
        for kind, count in self._runs():
            stop = at + count * kind.size
            pieces.append(
                (kind, p[at:stop].reshape(kind.size, count).T, rows[start : start + count])
            )
            at, start = stop, start + count
        return pieces
