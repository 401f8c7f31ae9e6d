"""Permutation tests: a statistic against its distribution under random relabelings of the rows.

All permutations of a statistic are computed by one matrix product or one pass over sorted rows.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float


class PermutationTest(NamedTuple):
    """A two-sample statistic, its error, and its p-value and moments under the null hypothesis."""

    value: float
    stderr: float
    """Of the statistic as an estimate of its value for the two distributions."""
    p_value: float
    null_mean: float
    null_sd: float


def relabelings(seed: int, count: int, n: int, m: int) -> Bool[np.ndarray, "count rows"]:
    """``count`` random choices of which ``n`` of n + m pooled rows count as the first sample.

    >>> relabelings(0, 3, 2, 3).sum(axis=1)
    array([2, 2, 2])
    """
    generator = np.random.default_rng(seed)
    first = np.zeros((count, n + m), dtype=bool)
    first[:, :n] = True
    return generator.permuted(first, axis=1)


def p_value(observed: float, null: Float[np.ndarray, " count"]) -> float:
    """(1 + number of permutations that reach it) / (1 + their number): a valid p-value, never zero.

    NaN for an observed value that is NaN.

    >>> import numpy as np
    >>> p_value(2.0, np.array([0.0, 1.0, 2.0]))
    0.5
    """
    if np.isnan(observed):
        return float("nan")
    # Ties count as reached, also where rounding separates them.
    reach = null >= observed - 1e-9 * abs(observed)
    return float((1 + np.sum(reach)) / (1 + len(null)))


def permutation_test(
    observed: float, stderr: float, null: Float[np.ndarray, " count"]
) -> PermutationTest:
    """The record of a statistic with its null distribution.

    >>> import numpy as np
    >>> permutation_test(3.0, 0.1, np.array([0.0, 1.0, 2.0])).p_value
    0.25
    """
    return PermutationTest(
        float(observed),
        float(stderr),
        p_value(observed, null),
        float(null.mean()),
        float(null.std()),
    )
