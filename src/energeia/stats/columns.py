"""Kolmogorov-Smirnov distances and p-values of each column, and Holm's correction."""

import numpy as np
from jaxtyping import Float
from scipy import stats

_FEW = 20  # distinct values up to which a column counts as a finite alphabet


def kolmogorov_smirnov(
    x: Float[np.ndarray, "n d"], y: Float[np.ndarray, "m d"]
) -> tuple[Float[np.ndarray, " d"], Float[np.ndarray, " d"]]:
    """max |F - G| of each column, and its p-value.

    The p-value is Kolmogorov's asymptotic one for columns without ties. A column of at most
    twenty distinct values gets that of a chi-square test of its table of counts instead, where
    Kolmogorov's would be far too large.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> apart, p = kolmogorov_smirnov(rng.normal(size=(500, 2)), rng.normal(size=(500, 2)) + [0, 1])
    >>> bool(p[0] > 0.01), bool(p[1] < 1e-9)
    (True, True)
    """
    found = [_column(a, b) for a, b in zip(x.T, y.T, strict=True)]
    return np.array([f[0] for f in found]), np.array([f[1] for f in found])


def _column(a: np.ndarray, b: np.ndarray) -> tuple[float, float]:
    values, codes = np.unique(np.concatenate([a, b]), return_inverse=True)
    counts_a = np.bincount(codes[: len(a)], minlength=len(values))
    counts_b = np.bincount(codes[len(a) :], minlength=len(values))
    apart = np.max(np.abs(np.cumsum(counts_a) / len(a) - np.cumsum(counts_b) / len(b)))
    if len(values) == 1:
        return float(apart), 1.0
    if len(values) <= _FEW:
        return float(apart), _chi_square(counts_a, counts_b)
    size = len(a) * len(b) / (len(a) + len(b))
    return float(apart), float(stats.kstwo.sf(apart, round(size)))


def _chi_square(a: np.ndarray, b: np.ndarray) -> float:
    """Homogeneity of two tables of counts; values too rare for the asymptotic law are merged."""
    share = min(a.sum(), b.sum()) / (a.sum() + b.sum())
    rare = (a + b) * share < 5
    if np.any(rare):
        a = np.append(a[~rare], a[rare].sum())
        b = np.append(b[~rare], b[rare].sum())
    a, b = a[a + b > 0], b[a + b > 0]
    if len(a) == 1:
        return 1.0
    total, n, m = a + b, a.sum(), b.sum()
    statistic = np.sum((a * np.sqrt(m / n) - b * np.sqrt(n / m)) ** 2 / total)
    return float(stats.chi2.sf(statistic, len(a) - 1))


def holm(p_values: Float[np.ndarray, " tests"]) -> Float[np.ndarray, " tests"]:
    """Holm's correction for several tests (1979): rejecting below 0.05 errs at most that often.

    >>> import numpy as np
    >>> holm(np.array([0.01, 0.04, 0.03]))
    array([0.03, 0.06, 0.06])
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p)
    steps = np.maximum.accumulate(p[order] * (len(p) - np.arange(len(p))))
    out = np.empty_like(p)
    out[order] = np.minimum(steps, 1.0)
    return out
