"""The tail index of a sample: Hill's estimator with its error, where the tail is a power law."""

import math
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

_FEWEST = 100
"""Magnitudes without which no tail index is estimated."""
_LARGEST = 10.0
"""Tail indices above it are not told apart from tails that fall faster than any power."""
_ERRORS = 2.0


class TailIndex(NamedTuple):
    """P(|x| > t) ~ t^-alpha far out: moments of order alpha and higher do not exist."""

    alpha: float
    stderr: float
    """alpha / sqrt(k), of independent rows."""
    k: int
    """How many of the largest magnitudes it was estimated from."""


def tail_size(count: int) -> int:
    """k = n^(2/3) / ln ln n of the largest magnitudes (Loretan and Phillips 1994).

    >>> tail_size(10_000), tail_size(1_000)
    (209, 52)
    """
    return max(2, round(count ** (2 / 3) / math.log(math.log(max(count, 16)))))


def log_moments(largest: Any, threshold: Any) -> tuple[Any, Any]:
    """Hill's 1 / alpha and the extreme value index gamma of log-magnitudes beyond a threshold.

    With M_j the mean of (log |x| - log t)^j: 1 / alpha = M_1 (Hill 1975, eq. 2.3) and
    gamma = M_1 + 1 - 1 / (2 - 2 M_1^2 / M_2) (Dekkers, Einmahl and de Haan 1989, eq. 1.7). Both
    agree for a power law; gamma is at most zero for tails that fall faster, such as those of a
    normal. NumPy and JAX arrays of shape ``(k, ...)`` are taken.
    """
    excess = largest - threshold
    first, second = excess.mean(0), (excess**2).mean(0)
    return first, first + 1.0 - 0.5 / (1.0 - first**2 / second)


def hill(magnitudes: Float[np.ndarray, " n"], k: int | None = None) -> TailIndex:
    """Hill's estimator of the tail index from the k largest magnitudes, whatever their law.

    1 / alpha = (1/k) sum_(i <= k) log x_(i) - log x_(k+1) (Hill 1975), with the asymptotic error
    alpha / sqrt(k); k is ``tail_size`` by default.

    Raises:
        ValueError: for fewer than 3 magnitudes or a threshold that is not positive.

    >>> import numpy as np
    >>> found = hill(np.random.default_rng(0).pareto(2.5, 10_000) + 1.0)
    >>> abs(found.alpha - 2.5) < 3 * found.stderr
    True
    """
    ordered = np.sort(np.asarray(magnitudes, np.float64))[::-1]
    k = tail_size(len(ordered)) if k is None else k
    if len(ordered) <= k or not ordered[k] > 0:
        raise ValueError(
            f"a tail index from the {k} largest of {len(ordered)} magnitudes was asked for: "
            "give more of them, positive ones"
        )
    alpha = 1.0 / float(np.mean(np.log(ordered[:k] / ordered[k])))
    return TailIndex(alpha, alpha / math.sqrt(k), k)


def power_tail(values: Float[np.ndarray, " n"]) -> TailIndex | None:
    """The tail index of a column, or None where its tails are not significantly a power law.

    Magnitudes are those about the median, or about zero for values of one sign. A tail is a power
    law if gamma of ``log_moments``, of error sqrt((1 + gamma^2) / k), is above zero by two errors,
    and alpha is below 10.

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> power_tail(rng.normal(size=5000)) is None, power_tail(rng.standard_t(2.5, 5000)) is None
    (True, False)
    """
    values = np.asarray(values, np.float64)
    if len(values) < _FEWEST:
        return None
    values = values / (np.abs(values).max() or 1.0)  # so that differences do not overflow
    one_sign = values.min() > 0 or values.max() < 0
    magnitudes = np.abs(values if one_sign else values - np.median(values))
    k = tail_size(len(values))
    threshold, *rest = np.sort(np.partition(magnitudes, len(values) - k - 1)[-k - 1 :])
    largest = np.asarray(rest)
    if not (threshold > 0 and np.isfinite(largest[-1]) and largest[-1] > largest[0]):
        return None
    gamma = float(log_moments(np.log(largest), np.log(threshold))[1])
    found = hill(magnitudes, k)
    significant = gamma > _ERRORS * math.sqrt((1.0 + gamma**2) / k)
    return found if significant and found.alpha < _LARGEST else None
