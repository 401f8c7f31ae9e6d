"""Statistical efficiency of Markov chains: autocorrelation times, effective sizes, R-hat.

Arrays have shape ``(chains, draws, ...)``; results have the trailing shape. Everything is NumPy in
float64 on the host (correlations by FFT), since it is called after sampling, not inside a compiled
loop. A series that never moves has no correlation: its results are NaN, and so are those of a
series that contains a NaN.

Agreement does not imply correctness: chains that all miss the same mode agree perfectly.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy import fft, special, stats

from energeia._core.errors import InputError

_BLOCK = 1 << 22  # numbers transformed at once, so that wide configurations fit in memory


class AutocorrelationTime(NamedTuple):
    """tau = 1/2 + sum of rho with its statistical error and the window it was summed over."""

    tau: Float[np.ndarray, "*trailing"]
    stderr: Float[np.ndarray, "*trailing"]
    window: Float[np.ndarray, "*trailing"]


def autocorrelation(chains: Float[np.ndarray, "chains draws ..."]) -> Float[np.ndarray, "draws .."]:
    """The normalized autocorrelation rho(t) about the mean of all chains, averaged over them.

    Raises:
        InputError: for fewer than two axes or fewer than 4 draws.

    >>> import numpy as np
    >>> rho = autocorrelation(np.tile([1.0, -1.0], (1, 8)))
    >>> float(rho[0]), bool(rho[1] < -0.9)
    (1.0, True)
    """
    x, trailing = _columns(chains)
    covariance = np.mean(_covariances(x - x.mean(axis=(0, 1))), axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = covariance / covariance[:1]
    return rho.reshape(rho.shape[:1] + trailing)


def integrated_time(
    chains: Float[np.ndarray, "chains draws ..."], window: float = 5.0
) -> AutocorrelationTime:
    """The integrated autocorrelation time, tau = 1/2 + sum_{t >= 1} rho(t), in draws.

    The squared error of a mean over N draws is 2 tau variance / N; independent draws have
    tau = 1/2. The sum stops at the first W with W >= ``window`` * max(tau(W), 1/2), and is
    corrected by 1 + (2W + 1) / N for the estimated mean; its error is tau sqrt((4W + 2) / N)
    (Madras and Sokal 1988). For chains shorter than about ten tau the error is as large as tau,
    and where no such window exists the result is NaN.

    Raises:
        InputError: for fewer than two axes or fewer than 4 draws.

    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(size=(4, 2000))
    >>> found = integrated_time(noise)
    >>> bool(abs(found.tau - 0.5) < 4 * found.stderr)
    True
    """
    rho = autocorrelation(chains)
    count = rho.shape[0] * np.shape(chains)[0]
    partial = np.cumsum(rho, axis=0) - 0.5
    lags = np.arange(rho.shape[0]).reshape((-1,) + (1,) * (rho.ndim - 1))
    enough = lags >= window * np.maximum(partial, 0.5)
    stop = np.argmax(enough, axis=0)
    tau = np.take_along_axis(partial, stop[None], axis=0)[0] * (1 + (2 * stop + 1) / count)
    tau = np.where(np.any(enough, axis=0), tau, np.nan)
    # Antithetic chains can sum to nearly nothing: the resolution is that of tau = 1/2.
    stderr = np.maximum(tau, 0.5) * np.sqrt((4 * stop + 2) / count)
    return AutocorrelationTime(tau, stderr, np.where(np.isnan(tau), np.nan, stop))


def effective_sample_size(
    chains: Float[np.ndarray, "chains draws ..."], rank_normalized: bool = False
) -> Float[np.ndarray, "..."]:
    """How many independent draws would give the mean as well: N / (2 tau), over split chains.

    tau sums Geyer's initial monotone sequence, with the variance between the halves of the chains
    included, so chains that disagree count for little (Vehtari et al. 2021, eqs. 10 to 13).
    ``rank_normalized`` gives their bulk ESS, which exists even where the variance does not.

    Raises:
        InputError: for fewer than two axes or fewer than 4 draws.

    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(size=(4, 1000))
    >>> 3000 < float(effective_sample_size(noise)) < 5000
    True
    """
    x, trailing = _columns(chains)
    x = _split(x)
    x = _rank_normalize(x) if rank_normalized else x
    count, draws = x.shape[0] * x.shape[1], x.shape[1]
    means = x.mean(axis=1)
    covariance = np.mean(_covariances(x - means[:, None]), axis=0)
    within = covariance[0] * draws / (draws - 1.0)
    total = covariance[0] + np.var(means, axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        rho = 1.0 - (within - covariance) / total
    rho[0] = np.where(np.isnan(total) | (total == 0.0), np.nan, 1.0)
    tau = np.maximum(_monotone_sum(rho), 1.0 / np.log10(count))
    return (count / tau).reshape(trailing)


def r_hat(chains: Float[np.ndarray, "chains draws ..."]) -> Float[np.ndarray, "..."]:
    """Rank-normalized split R-hat: the larger of bulk and tail (Vehtari et al. 2021, eq. 14).

    Above 1.01 the chains disagree. At 1.00 they agree, but may all miss the same mode.

    Raises:
        InputError: for fewer than two axes or fewer than 4 draws.

    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(size=(4, 1000))
    >>> bool(r_hat(noise) < 1.01), bool(r_hat(noise + np.arange(4)[:, None]) > 1.5)
    (True, True)
    """
    x, trailing = _columns(chains)
    x = _split(x)
    folded = np.abs(x - np.median(x, axis=(0, 1)))
    both = np.maximum(_ratio(_rank_normalize(x)), _ratio(_rank_normalize(folded)))
    return both.reshape(trailing)


def mean_error(chains: Float[np.ndarray, "chains draws ..."]) -> Float[np.ndarray, "..."]:
    """The standard error of the mean over all draws, sqrt(variance / ESS).

    A series that never moves has error 0 in this sample; whether its true variance is zero is not
    known here.

    Raises:
        InputError: for fewer than two axes or fewer than 4 draws.

    >>> import numpy as np
    >>> noise = np.random.default_rng(0).normal(size=(4, 1000))
    >>> bool(0.013 < mean_error(noise) < 0.019)
    True
    """
    x = np.asarray(chains, dtype=np.float64)
    x = np.where(np.isfinite(x), x, np.nan)
    spread = np.var(x, axis=(0, 1), ddof=1)
    error = np.sqrt(spread / effective_sample_size(x))
    return np.where(np.ptp(x, axis=(0, 1)) == 0.0, 0.0, error)


def _columns(chains: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
    x = np.asarray(chains, dtype=np.float64)
    if x.ndim < 2 or x.shape[1] < 4:
        raise InputError(
            f"an array of shape {x.shape} was given where (chains, draws, ...) with at least 4 "
            "draws is needed: add an axis for the chain, or draw more"
        )
    x = np.where(np.isfinite(x), x, np.nan)
    # Nothing here depends on the origin; a series that never moves becomes exactly zero.
    x = x - x[:1, :1]
    return x.reshape((*x.shape[:2], -1)), x.shape[2:]


def _covariances(centered: np.ndarray) -> np.ndarray:
    """Autocovariance of each chain, (1/N) sum_i x_i x_(i+t), zero-padded against wrap-around."""
    chains, draws, columns = centered.shape
    size = fft.next_fast_len(2 * draws, real=True)
    width = max(1, _BLOCK // (chains * size))
    out = np.empty_like(centered)
    for start in range(0, columns, width):
        block = slice(start, start + width)
        power = np.abs(np.asarray(fft.rfft(centered[:, :, block], n=size, axis=1))) ** 2
        out[:, :, block] = np.asarray(fft.irfft(power, n=size, axis=1))[:, :draws] / draws
    # Rounding of the mean would make a little variance out of a chain that never moves.
    still = np.all(centered == centered[:, :1], axis=1, keepdims=True)
    return np.where(still, 0.0, out)


def _split(x: np.ndarray) -> np.ndarray:
    half = x.shape[1] // 2
    return np.concatenate([x[:, :half], x[:, -half:]])


def _rank_normalize(x: np.ndarray) -> np.ndarray:
    """Normal scores of the ranks over all draws of a column (Blom 1958)."""
    flat = x.reshape((-1, x.shape[-1]))
    ranks = stats.rankdata(flat, axis=0, nan_policy="propagate")
    return special.ndtri((ranks - 0.375) / (len(flat) + 0.25)).reshape(x.shape)


def _ratio(x: np.ndarray) -> np.ndarray:
    draws = x.shape[1]
    within = np.mean(np.var(x, axis=1, ddof=1), axis=0)
    between = np.var(np.mean(x, axis=1), axis=0, ddof=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.sqrt((draws * between / within + draws - 1) / draws)


def _monotone_sum(rho: np.ndarray) -> np.ndarray:
    """-1 + 2 sum of rho over the initial positive pairs, made monotone (Geyer 1992)."""
    pairs = max((rho.shape[0] - 1) // 2, 1)
    even = rho[0 : 2 * pairs : 2]
    together = even + rho[1 : 2 * pairs : 2]
    index = np.arange(pairs)[:, None]
    negative = ~(together > 0.0)
    stop = np.where(np.any(negative, axis=0), np.argmax(negative, axis=0), pairs - 1)
    falling = np.where(index < stop, np.minimum.accumulate(together, axis=0), 0.0)
    last = np.maximum(np.take_along_axis(even, stop[None], axis=0)[0], 0.0)
    return -1.0 + 2.0 * np.sum(falling, axis=0) + last
