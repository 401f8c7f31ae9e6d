"""Ratios of normalizations from draws of both distributions."""

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq
from scipy.special import expit, logsumexp


def bennett(forward: Float[np.ndarray, " n"], reverse: Float[np.ndarray, " m"]) -> float:
    """log(Z_1 / Z_0) by Bennett's acceptance ratio.

    ``forward`` are E_1(x) - E_0(x) at draws of exp(-E_0), ``reverse`` the same difference at draws
    of exp(-E_1). With C = log(Z_1 / Z_0) - log(n_1 / n_0) the best weights satisfy

        sum_0 sigma(-(E_1 - E_0) - C) = sum_1 sigma(E_1 - E_0 + C),

    over draws of each, the maximum-likelihood estimate (Bennett 1976; Shirts et al. 2003, eq. 8).
    It needs only that the two distributions share a region, where the mean weight of one side
    needs that side to cover the other. Infinite differences are beyond a hard wall; NaN where no
    draw of one side is reached by the other.

    >>> rng = np.random.default_rng(0)
    >>> zero, one = rng.normal(size=20_000), 1.0 + 0.5 * rng.normal(size=20_000)
    >>> work = lambda x: 2.0 * (x - 1.0) ** 2 - 0.5 * x**2
    >>> bool(abs(bennett(work(zero), work(one)) - np.log(0.5)) < 0.02)
    True
    """
    forward, reverse = (np.asarray(side, np.float64).ravel() for side in (forward, reverse))
    if np.isnan(forward).any() or np.isnan(reverse).any() or not len(forward) or not len(reverse):
        return float("nan")
    ratio = np.log(len(reverse) / len(forward))

    def excess(log_z: float) -> float:
        level = -log_z + ratio
        return float(np.sum(expit(-forward + level)) - np.sum(expit(reverse - level)))

    # The root lies between the two one-sided estimates, or a little beyond by rounding.
    ends = logsumexp(-forward) - np.log(len(forward)), np.log(len(reverse)) - logsumexp(reverse)
    low, high = min(ends) - 1.0, max(ends) + 1.0
    if not np.isfinite([low, high]).all():
        return float("nan")
    return float(np.asarray(brentq(excess, low, high, xtol=1e-10)))
