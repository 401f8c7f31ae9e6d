"""Distributions of one code 0 .. K-1."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.distributions.head import Head


class Bernoulli(Head):
    """p(1) = sigmoid(theta), on codes 0 and 1, with features -1 and 1.

    >>> import jax.numpy as jnp
    >>> float(Bernoulli().log_prob(jnp.zeros(1), jnp.array(1.0)))  # ln 1/2
    -0.6931471824645996
    """

    @property
    def features(self) -> int:
        """One sign."""
        return 1

    @property
    def parameters(self) -> int:
        """One logit."""
        return 1

    def embed(self, y: Scalar) -> Float[Array, " 1"]:
        """-1 or 1."""
        return (2 * y - 1)[None]

    def log_prob(self, theta: Float[Array, " 1"], y: Scalar) -> Scalar:
        """Log sigmoid of the logit, or of its opposite, in nats."""
        return jax.nn.log_sigmoid((2 * y - 1) * theta[0])

    def sample(self, key: PRNGKey, theta: Float[Array, " 1"]) -> Scalar:
        """0 or 1, as a float."""
        return (jax.random.uniform(key, (), theta.dtype) < jax.nn.sigmoid(theta[0])) * 1.0

    def initial(self, y: Float[Array, " rows"]) -> Float[Array, " 1"]:
        """The logit of the frequency of ones, with half a count added to each side."""
        ones = jnp.sum(y) + 0.5
        return jnp.log(ones / (len(y) + 1.0 - ones))[None]


class Softmax(Head):
    """p(k) = exp(theta_k) / sum_l exp(theta_l), on codes 0 .. size-1, with one-hot features."""

    size: int = eqx.field(static=True)

    @property
    def features(self) -> int:
        """One indicator per code."""
        return self.size

    @property
    def parameters(self) -> int:
        """One logit per code."""
        return self.size

    def embed(self, y: Scalar) -> Float[Array, " size"]:
        """The one-hot vector."""
        return (y == jnp.arange(self.size, dtype=y.dtype)) * 1.0

    def log_prob(self, theta: Float[Array, " size"], y: Scalar) -> Scalar:
        """Log softmax at the code, in nats."""
        return _chosen(theta, y) - jax.nn.logsumexp(theta)

    @override
    def sample(self, key: PRNGKey, theta: Float[Array, " size"]) -> Scalar:
        return jax.random.categorical(key, theta).astype(theta.dtype)

    def initial(self, y: Float[Array, " rows"]) -> Float[Array, " size"]:
        """Log frequencies, with half a count spread over the codes."""
        return jnp.log(_frequencies(y, self.size))


class Ordinal(Head):
    """p(k) proportional to exp(sum_j theta_j b_j(k)), on ordered codes 0 .. size-1.

    The statistics b_j are an indicator of each end of the alphabet (where counts accumulate) and
    ``waves`` cosines 2 cos(pi j (k + 1/2) / size) / j^3. The falling amplitudes make rough
    distributions slow to learn but, with size - 1 waves, none impossible: neighboring codes share
    statistical strength, so fewer rows are needed than with a softmax.

    Of a count, only the first ``usual`` codes have been seen. The cosines are over these and
    constant beyond, where a statistic that falls by one from code to code, in place of the
    indicator of the upper end, makes the tail geometric.
    """

    size: int = eqx.field(static=True)
    waves: int = eqx.field(static=True)
    usual: int | None = eqx.field(static=True, default=None)

    @property
    def _body(self) -> int:
        return self.size if self.usual is None else self.usual

    @property
    def features(self) -> int:
        """The scaled code and an indicator of each end."""
        return 3

    @property
    def parameters(self) -> int:
        """Two ends and the waves."""
        return 2 + self.waves

    def _logits(self, theta: Array) -> Array:
        return theta @ jnp.asarray(self._statistics(), theta.dtype)

    def _statistics(self) -> np.ndarray:
        codes, j = np.arange(self.size), np.arange(1, self.waves + 1)[:, None]
        last = self._body - 1
        inside = np.minimum(codes, last)
        upper = codes == last if self._body == self.size else inside - codes
        waves = 2 * np.cos(np.pi * j * (inside + 0.5) / self._body) / j**3
        return np.concatenate([np.stack([codes == 0, upper]), waves])

    def embed(self, y: Scalar) -> Float[Array, " 3"]:
        """The code in units of the usual codes' deviation, and whether it is the first, or the last
        of them or beyond."""
        scaled = (y - 0.5 * (self._body - 1)) * 12**0.5 / self._body
        return jnp.stack([scaled, (y == 0) * 1.0, (y >= self._body - 1) * 1.0])

    def log_prob(self, theta: Float[Array, " parameters"], y: Scalar) -> Scalar:
        """Log probability of the code, in nats."""
        logits = self._logits(theta)
        return _chosen(logits, y) - jax.nn.logsumexp(logits)

    @override
    def sample(self, key: PRNGKey, theta: Float[Array, " parameters"]) -> Scalar:
        return jax.random.categorical(key, self._logits(theta)).astype(theta.dtype)

    def initial(self, y: Float[Array, " rows"]) -> Float[Array, " parameters"]:
        """Least squares of the log frequencies, weighted by the frequencies, with a small ridge;
        beyond the usual codes, the slope of the upper tenth of them."""
        body = self._body
        target = _frequencies(y, body)
        basis = jnp.concatenate([jnp.asarray(self._statistics())[:, :body], jnp.ones((1, body))])
        gram = (basis * target) @ basis.T + 1e-3 * jnp.eye(len(basis))
        theta = jnp.linalg.solve(gram, (basis * target) @ jnp.log(target))[:-1]
        return theta if body == self.size else theta.at[1].set(_decay(y))


def _decay(y: Float[Array, " rows"]) -> Scalar:
    """log(1 + 1/m) of the mean excess m over the upper decile, that of a geometric tail."""
    level = jnp.quantile(y, 0.9)
    excess = jnp.sum(jnp.maximum(y - level, 0.0)) / jnp.maximum(jnp.sum(y >= level), 1)
    return jnp.log1p(1.0 / jnp.maximum(excess, 0.1))


def _chosen(logits: Array, y: Scalar) -> Scalar:
    """The logit of a code: a sum over indicators, since the transpose of a gather is slow."""
    return jnp.sum(jnp.where(y == jnp.arange(len(logits), dtype=y.dtype), logits, 0.0))


def _frequencies(y: Float[Array, " rows"], size: int) -> Float[Array, " size"]:
    """Frequencies of the codes, with half a count spread over all of them."""
    counts = jnp.sum(y[:, None] == jnp.arange(size, dtype=y.dtype), axis=0)
    return (counts + 0.5 / size) / (len(y) + 0.5)


class DiscretizedLogistics(Head):
    """A mixture of logistic distributions cut into the cells of codes 0 .. size-1.

    p(k) = sum_c w_c [sigmoid((k + 1/2 - m_c) / s_c) - sigmoid((k - 1/2 - m_c) / s_c)], the first
    and the last cell reaching to infinity (Salimans et al. 2017, eq. 2). theta holds the logits of
    w, the means and log scales in units of the alphabet's own deviation.
    """

    size: int = eqx.field(static=True)
    components: int = eqx.field(static=True)
    octaves: int = eqx.field(static=True, default=4)

    @property
    def features(self) -> int:
        """The scaled code, and a sine and a cosine per octave."""
        return 1 + 2 * self.octaves

    @property
    def parameters(self) -> int:
        """A logit, a mean and a log scale for each component."""
        return 3 * self.components

    def _scaled(self, y: Array) -> Array:
        return (y - 0.5 * (self.size - 1)) * self._step

    @property
    def _step(self) -> float:
        return 12**0.5 / self.size

    def embed(self, y: Scalar) -> Float[Array, " features"]:
        """The code scaled to -1.7 .. 1.7, and its sines and cosines."""
        u = self._scaled(y)
        angles = u * 0.9 * 2.0 ** jnp.arange(self.octaves)
        return jnp.concatenate([u[None], jnp.sin(angles), jnp.cos(angles)])

    def log_prob(self, theta: Float[Array, " parameters"], y: Scalar) -> Scalar:
        """Log of the probability of a cell, in nats."""
        logits, mean, log_scale = jnp.split(theta, 3)
        rate = jnp.exp(-jnp.clip(log_scale, -7.0, 7.0))
        u, half = self._scaled(y), 0.5 * self._step
        upper, lower = (u + half - mean) * rate, (u - half - mean) * rate
        # sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)), exact in the tails.
        first, last = y <= 0, y >= self.size - 1
        inside = jnp.log(-jnp.expm1(-2 * half * rate))
        log_cell = (
            jnp.where(last, 0.0, jax.nn.log_sigmoid(upper))
            + jnp.where(first, 0.0, jax.nn.log_sigmoid(-lower))
            + jnp.where(first | last, 0.0, inside)
        )
        return jax.nn.logsumexp(jax.nn.log_softmax(logits) + log_cell)

    @override
    def sample(self, key: PRNGKey, theta: Float[Array, " parameters"]) -> Scalar:
        logits, mean, log_scale = jnp.split(theta, 3)
        which, where = jax.random.split(key)
        chosen = jax.nn.one_hot(jax.random.categorical(which, logits), self.components)
        scale = jnp.exp(jnp.clip(log_scale, -7.0, 7.0))
        u = jnp.sum(chosen * mean) + jnp.sum(chosen * scale) * jax.random.logistic(where)
        code = jnp.round(u / self._step + 0.5 * (self.size - 1))
        return jnp.clip(code, 0, self.size - 1)

    def initial(self, y: Float[Array, " rows"]) -> Float[Array, " parameters"]:
        """Components at the quantiles of the sample."""
        u = self._scaled(y)
        mean = jnp.quantile(u, (jnp.arange(self.components) + 0.5) / self.components)
        scale = jnp.maximum(jnp.std(u), self._step) / self.components**0.5
        return jnp.concatenate(
            [jnp.zeros_like(mean), mean, jnp.full_like(mean, 0.0) + jnp.log(0.6 * scale)]
        )
