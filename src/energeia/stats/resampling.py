"""Errors of nonlinear functions of means, by jackknife and bootstrap.

NumPy in float64 on the host.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from energeia._core.errors import InputError
from energeia.stats.autocorrelation import integrated_time

_BLOCKS = 500  # more would cost time and change the error by a few per cent of itself


class Resampled(NamedTuple):
    """A function of means, its standard error and its bias."""

    value: Float[np.ndarray, "..."]
    """At the means of all rows, not corrected for bias."""
    stderr: Float[np.ndarray, "..."]
    bias: Float[np.ndarray, "..."]
    blocks: int


def jackknife(
    function: Callable[[np.ndarray], np.ndarray], rows: Float[np.ndarray, "rows k"]
) -> Resampled:
    """f(mean of rows) with the error and bias found by leaving out one block of rows at a time.

    stderr^2 = (B-1)/B sum_b (f_b - f.)^2 and bias = (B-1)(f. - f) over B blocks of independent
    rows (Quenouille 1956, Tukey 1958). ``function`` takes means of shape ``(..., k)``.

    Raises:
        InputError: for fewer than two rows.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(4000, 1))
    >>> square = jackknife(lambda mean: mean[..., 0] ** 2, x)
    >>> bool(0 < square.bias < 1e-3)  # E[mean^2] = 1/4000
    True
    """
    x = np.asarray(rows, dtype=np.float64)
    if len(x) < 2:
        raise InputError("an error needs at least two rows: draw more")
    return _leave_out(function, x, min(len(x), _BLOCKS))


def jackknife_chains(
    function: Callable[[np.ndarray], np.ndarray], chains: Float[np.ndarray, "chains draws k"]
) -> Resampled:
    """``jackknife`` of correlated draws, in blocks longer than the largest autocorrelation time.

    The length tau (2N / tau)^(1/3) balances the correlation left between blocks against the noise
    of having few of them (Wolff 2004, sec. 3.3); blocks never span two chains.

    Raises:
        InputError: for chains of fewer than 4 draws, or chains so short that they make fewer than
        two blocks.

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=(4, 1000, 1))
    >>> 20 <= jackknife_chains(lambda mean: mean[..., 0], x).blocks <= 500
    True
    """
    x = np.asarray(chains, dtype=np.float64)
    tau = integrated_time(x).tau
    slowest = max(0.5, float(np.max(tau, initial=0.5, where=np.isfinite(tau))))
    length = int(np.ceil(slowest * (2.0 * x.shape[0] * x.shape[1] / slowest) ** (1 / 3)))
    length = max(1, min(length, x.shape[1]))
    per_chain = x.shape[1] // length
    if per_chain * x.shape[0] < 2:
        raise InputError(
            f"one chain of {x.shape[1]} draws has an autocorrelation time of {slowest:.3g}: "
            "draw a longer one"
        )
    kept = x[:, : per_chain * length]
    blocks = kept.reshape((-1, length, x.shape[2])).mean(axis=1)
    return _leave_out(function, blocks, min(len(blocks), _BLOCKS))


def bootstrap(
    statistic: Callable[[np.ndarray], float | np.ndarray],
    rows: Float[np.ndarray, "rows ..."],
    seed: int = 0,
    replicates: int = 200,
) -> Resampled:
    """Any statistic of independent rows, with its error from resampling rows with replacement.

    Valid where the jackknife is not (medians, quantiles), at ``replicates`` times the cost; it
    underestimates the error of extremes and of anything that counts ties (Efron 1979).

    >>> import numpy as np
    >>> x = np.random.default_rng(0).normal(size=1000)
    >>> median = bootstrap(np.median, x)
    >>> bool(0.03 < median.stderr < 0.05)  # sqrt(pi / 2) / sqrt(1000) = 0.040
    True
    """
    x = np.asarray(rows)
    generator = np.random.default_rng(seed)
    found = np.stack(
        [
            np.asarray(statistic(x[generator.integers(len(x), size=len(x))]))
            for _ in range(replicates)
        ]
    )
    value = np.asarray(statistic(x))
    return Resampled(value, np.std(found, axis=0, ddof=1), found.mean(axis=0) - value, len(x))


def _leave_out(
    function: Callable[[np.ndarray], np.ndarray], x: np.ndarray, blocks: int
) -> Resampled:
    edges = np.linspace(0, len(x), blocks + 1).astype(int)
    sums = np.add.reduceat(x, edges[:-1], axis=0)
    sizes = np.diff(edges)[:, None]
    total = x.sum(axis=0)
    value = np.asarray(function(total / len(x)))
    without = np.asarray(function((total - sums) / (len(x) - sizes)))
    middle = without.mean(axis=0)
    stderr = np.sqrt((blocks - 1) / blocks * np.sum((without - middle) ** 2, axis=0))
    return Resampled(value, stderr, (blocks - 1) * (middle - value), blocks)
