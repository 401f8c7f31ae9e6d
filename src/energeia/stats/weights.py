"""Importance weights in log space: mean, error, bias, effective sample size.

NumPy in float64 on the host, except ``RunningLogSums``, which accumulates inside compiled code.
"""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from scipy.special import logsumexp

FEWEST_WEIGHTS = 10.0
"""Effective weights below which the spread of the weights that were drawn is no error."""


class LogMean(NamedTuple):
    """The logarithm of a mean of weights, with its error and its bias, in nats."""

    value: Float[np.ndarray, "..."]
    stderr: Float[np.ndarray, "..."]
    """Delta method: sd(w) / (mean(w) sqrt(K))."""
    bias: Float[np.ndarray, "..."]
    """E[value] - log E[w], to first order -stderr^2 / 2: never positive (Jensen)."""
    ess: Float[np.ndarray, "..."]
    """(sum w)^2 / sum w^2, between 1 and K."""


def log_mean_exp(log_weights: Float[np.ndarray, "K ..."]) -> LogMean:
    """log (1/K) sum_k w_k along the first axis: the IWAE-K bound of one row, or log Z.

    Its expectation lies below log E[w]; ``bias`` is the difference to first order (delta method).
    With an ESS near 1 one weight dominates, and neither error nor bias is reliable.

    >>> import numpy as np
    >>> found = log_mean_exp(np.log([1.0, 3.0]))
    >>> round(float(np.exp(found.value)), 6), round(float(found.ess), 2)
    (2.0, 1.6)
    """
    log_w = np.asarray(log_weights, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        first = np.asarray(logsumexp(log_w, axis=0))
        second = np.asarray(logsumexp(2.0 * log_w, axis=0))
    return from_sums(first, second, len(log_w))


def reliable_error(found: LogMean) -> float | None:
    """The standard error of one log-mean, or None where the ESS is below 10.

    Then one or two weights make up the mean, larger ones may not have been drawn, and the delta
    method returns about 1 whatever the truth is.

    >>> import numpy as np
    >>> reliable_error(log_mean_exp(np.array([0.0, -50.0, -60.0]))) is None
    True
    """
    return float(found.stderr) if float(found.ess) >= FEWEST_WEIGHTS else None


def from_sums(
    log_sum: Float[np.ndarray, "..."], log_sum_squares: Float[np.ndarray, "..."], count: int
) -> LogMean:
    """``log_mean_exp`` from log sum w and log sum w^2 of ``count`` weights.

    >>> found = from_sums(np.log(4.0), np.log(10.0), 2)
    >>> float(found.value.round(3)), float(found.stderr.round(3))
    (0.693, 0.5)
    """
    log_sum = np.asarray(log_sum, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        ess = np.exp(2.0 * log_sum - np.asarray(log_sum_squares, dtype=np.float64))
    # Rounding can carry the ESS of equal weights above their number.
    ess = np.where(ess > count, float(count), ess)
    variance = (count / ess - 1.0) / max(count - 1, 1)
    variance = variance if count > 1 else np.full_like(ess, np.nan)
    return LogMean(log_sum - np.log(count), np.sqrt(variance), -0.5 * variance, ess)


def jackknife_log_mean(log_weights: Float[np.ndarray, "K ..."]) -> LogMean:
    """``log_mean_exp`` corrected for bias, with error and bias from leaving out one weight each.

    The corrected value, K log-mean - (K - 1) mean of the leave-one-out log-means, has a bias of
    order 1/K^2, and is no longer a bound (Nowozin 2018, "Debiasing evidence approximations").

    >>> import numpy as np
    >>> log_w = np.random.default_rng(0).normal(size=4000)
    >>> found = jackknife_log_mean(log_w)
    >>> bool(abs(found.value - 0.5) < 4 * found.stderr)
    True
    """
    log_w = np.asarray(log_weights, dtype=np.float64)
    count = len(log_w)
    plain = log_mean_exp(log_w)
    total = plain.value + np.log(count)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.exp(log_w - total)
        without = total + np.log1p(-share) - np.log(count - 1)
        bias = (count - 1) * (np.mean(without, axis=0) - plain.value)
        spread = np.sqrt((count - 1) * np.var(without, axis=0))
    return LogMean(plain.value - bias, spread, bias, plain.ess)


def effective_fraction(log_weights: Float[np.ndarray, "K ..."]) -> Float[np.ndarray, "..."]:
    """ESS / K of weights along the first axis.

    Never below 1/K, whatever the truth: a batch of 100 cannot report less than one per cent.
    For weights of the model's own samples it cannot detect modes that the model lost.

    >>> import numpy as np
    >>> float(effective_fraction(np.array([0.0, -1000.0, -1000.0, -1000.0])))
    0.25
    """
    return log_mean_exp(log_weights).ess / len(log_weights)


class CompensatedSum(NamedTuple):
    """A running sum that keeps what float32 rounds away, for compiled loops of many terms.

    Each addition is exact: its rounding error is carried beside the sum (Knuth's two-sum).
    """

    rounded: Float[Array, "..."]
    remainder: Float[Array, "..."]

    @classmethod
    def zeros(cls, shape: tuple[int, ...]) -> "CompensatedSum":
        """Nothing yet."""
        return cls(jnp.zeros(shape), jnp.zeros(shape))

    def add(self, term: Float[Array, "..."]) -> "CompensatedSum":
        """One more term.

        >>> import jax.numpy as jnp
        >>> found = CompensatedSum.zeros(()).add(jnp.float32(2e7)).add(jnp.float32(1.0))
        >>> float(found.add(jnp.float32(-2e7)).total)
        1.0
        """
        total = self.rounded + term
        part = total - self.rounded
        lost = (self.rounded - (total - part)) + (term - part)
        return CompensatedSum(total, self.remainder + jnp.where(jnp.isfinite(total), lost, 0.0))

    @property
    def total(self) -> Float[Array, "..."]:
        """The sum, rounded once."""
        return self.rounded + self.remainder


class RunningLogSums(NamedTuple):
    """Running log sums of weights and of their squares, for compiled loops of bounded memory."""

    log_sum: Float[Array, "..."]
    log_sum_squares: Float[Array, "..."]

    @classmethod
    def empty(cls, shape: tuple[int, ...]) -> "RunningLogSums":
        """No weights yet."""
        nothing = jnp.full(shape, -jnp.inf)
        return cls(nothing, nothing)

    def add(self, log_weights: Float[Array, "K ..."]) -> "RunningLogSums":
        """Add K weights along the first axis.

        >>> import jax.numpy as jnp
        >>> stream = RunningLogSums.empty(()).add(jnp.zeros(3)).add(jnp.zeros(5))
        >>> round(float(jnp.exp(stream.log_sum)), 3)
        8.0
        """
        first = jnp.logaddexp(self.log_sum, _log_sum_exp(log_weights))
        second = jnp.logaddexp(self.log_sum_squares, _log_sum_exp(2.0 * log_weights))
        return RunningLogSums(first, second)


def _log_sum_exp(log_w: Array) -> Array:
    """Along the first axis; NaN stays NaN and a column of -inf stays -inf."""
    top = jnp.max(log_w, axis=0)
    safe = jnp.where(jnp.isfinite(top), top, 0.0)
    return jnp.log(jnp.sum(jnp.exp(log_w - safe), axis=0)) + safe
