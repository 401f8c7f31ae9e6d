"""Nearest-neighbor statistics: coverage of the data, and memorization of the training rows.

Rows should be standardized beforehand.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from energeia.stats.distances import distances

_BLOCK = 1 << 23  # distances held at once


class Fraction(NamedTuple):
    """A fraction, its standard error, and its expectation for samples of the data distribution."""

    value: float
    stderr: float
    expected: float


def coverage(
    real: Float[np.ndarray, "n n"], real_to_generated: Float[np.ndarray, "n m"], neighbors: int = 5
) -> Fraction:
    """The fraction of real rows with a generated row as near as their k-th real neighbor.

    Naeem et al. 2020, eq. 9. For independent samples of one continuous distribution its mean is
    1 - prod_{i<k} (n-1-i) / (n-1+m-i), whatever the distribution and the dimension (their
    appendix, for any m). Ties count as covered, so discrete data lie above that value: compare it
    with the same statistic of further real rows in the place of generated ones. The error takes
    real rows as independent, which their shared neighbors make slightly too small.

    >>> import numpy as np
    >>> from energeia.stats.distances import distances
    >>> rng = np.random.default_rng(0)
    >>> real, generated = rng.normal(size=(2, 1000, 3))
    >>> found = coverage(distances(real, real), distances(real, generated))
    >>> bool(abs(found.value - found.expected) < 4 * found.stderr)
    True
    """
    n, m = real_to_generated.shape
    k = min(neighbors, n - 1)
    # Without the row itself, which is at distance zero.
    radius = np.partition(_without_self(real), k - 1, axis=1)[:, k - 1]
    covered = real_to_generated.min(axis=1) <= radius * (1.0 + 1e-6)
    value = float(np.mean(covered))
    steps = np.arange(k)
    expected = 1.0 - float(np.prod((n - 1 - steps) / (n - 1 + m - steps)))
    spread = max(value * (1.0 - value), expected * (1.0 - expected))
    return Fraction(value, float(np.sqrt(spread / n)), expected)


def memorization(
    samples: Float[np.ndarray, "n d"],
    training: Float[np.ndarray, "m d"],
    held_out: Float[np.ndarray, "k d"],
) -> Fraction:
    """P(the nearest row is a training row), for equal numbers of training and held-out rows.

    With a and b the samples per row whose nearest row is a training or a held-out one, a / (a + b):
    1/2 for a sampler independent of the training rows, 1 for one that copies them. Ties are split.
    The error is the exact one of relabeling rows as training or held-out, to first order, so a few
    rows that are nearest to many samples make it larger.

    >>> import numpy as np
    >>> training, held_out = np.random.default_rng(0).normal(size=(2, 100, 3))
    >>> round(memorization(training, training, held_out).value, 6)
    1.0
    """
    rows = np.concatenate([training, held_out])
    nearest_share = np.zeros(len(rows))
    step = max(1, _BLOCK // len(rows))
    for start in range(0, len(samples), step):
        apart = distances(samples[start : start + step], rows)
        nearest = apart.min(axis=1, keepdims=True)
        ties = apart <= nearest * (1.0 + 1e-6) + 1e-6
        nearest_share += (1.0 / ties.sum(axis=1)) @ ties / len(samples)
    m, k, count = len(training), len(held_out), len(rows)
    near_training, near_held_out = nearest_share[:m].sum() / m, nearest_share[m:].sum() / k
    value = float(near_training / (near_training + near_held_out))
    scatter = np.sum((nearest_share - nearest_share.mean()) ** 2)
    stderr = count**2 / (4 * m * k) * np.sqrt(m * k / (count * (count - 1)) * scatter)
    return Fraction(value, float(stderr), 0.5)


def duplicates(rows: np.ndarray) -> int:
    """How many rows repeat an earlier one.

    >>> import numpy as np
    >>> duplicates(np.array([[1.0, 2.0], [1.0, 2.0], [2.0, 1.0]]))
    1
    """
    flat = np.ascontiguousarray(rows).reshape((len(rows), -1))
    return len(flat) - len(np.unique(flat, axis=0))


def _without_self(among: np.ndarray) -> np.ndarray:
    out = np.array(among)
    np.fill_diagonal(out, np.inf)
    return out
