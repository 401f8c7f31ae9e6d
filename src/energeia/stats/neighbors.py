"""What the nearest rows say: is the data covered, and has the training data been copied?

Everything takes matrices of distances (see ``distances``), standardized beforehand.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from energeia._core.errors import InputError


class Fraction(NamedTuple):
    """A fraction, its standard error, and what it is for an honest sampler."""

    value: float
    stderr: float
    expected: float


def coverage(
    real: Float[np.ndarray, "n n"], real_to_fake: Float[np.ndarray, "n m"], neighbors: int = 5
) -> Fraction:
    """The fraction of real rows with a fake one as near as their k-th real neighbor.

    Naeem et al. 2020, eq. 9. For independent samples of one continuous distribution its mean is
    1 - prod_{i<k} (n-1-i) / (n-1+m-i), whatever the distribution and the dimension (their
    appendix, for any m). Ties count as covered, so discrete data lie above that value: read it
    beside the same with real rows in the place of fake ones. The error takes real rows as
    independent, which their shared neighbors make slightly too small.

    >>> import numpy as np
    >>> from energeia.stats.distances import distances
    >>> rng = np.random.default_rng(0)
    >>> real, fake = rng.normal(size=(2, 1000, 3))
    >>> found = coverage(distances(real, real), distances(real, fake))
    >>> bool(abs(found.value - found.expected) < 4 * found.stderr)
    True
    """
    n, m = real_to_fake.shape
    k = min(neighbors, n - 1)
    # The row itself stands first, at distance zero.
    radius = np.partition(_without_self(real), k - 1, axis=1)[:, k - 1]
    covered = real_to_fake.min(axis=1) <= radius * (1.0 + 1e-6)
    value = float(np.mean(covered))
    steps = np.arange(k)
    expected = 1.0 - float(np.prod((n - 1 - steps) / (n - 1 + m - steps)))
    spread = max(value * (1.0 - value), expected * (1.0 - expected))
    return Fraction(value, float(np.sqrt(spread / n)), expected)


def memorization(
    to_training: Float[np.ndarray, "m n"], to_held_out: Float[np.ndarray, "m n"]
) -> Fraction:
    """P(the nearest training row is nearer than the nearest held-out row); ties count half.

    For as many training as held-out rows it is 1/2 for a sampler that has not seen them. The error
    is the exact one of relabeling rows as training or held-out, so a few rows that draw many
    samples make it larger, as they should.

    Raises:
        InputError: for different numbers of training and held-out rows.

    >>> import numpy as np
    >>> from energeia.stats.distances import distances
    >>> training, held_out = np.random.default_rng(0).normal(size=(2, 100, 3))
    >>> copied = memorization(distances(training, training), distances(training, held_out))
    >>> round(copied.value, 6)
    1.0
    """
    if to_training.shape != to_held_out.shape:
        raise InputError(
            f"distances to {to_training.shape} and {to_held_out.shape} (samples, rows) were given: "
            "take as many training as held-out rows, so that an honest sampler scores one half"
        )
    near_training, near_held_out = to_training.min(axis=1), to_held_out.min(axis=1)
    nearest = np.minimum(near_training, near_held_out)[:, None] * (1.0 + 1e-6) + 1e-6
    hits_training, hits_held_out = to_training <= nearest, to_held_out <= nearest
    share = 1.0 / (hits_training.sum(axis=1) + hits_held_out.sum(axis=1))
    pull = np.concatenate([share @ hits_training, share @ hits_held_out]) / len(share)
    rows = len(pull)
    value = float(pull[: rows // 2].sum())
    stderr = float(np.sqrt(0.25 * rows / (rows - 1) * np.sum((pull - pull.mean()) ** 2)))
    return Fraction(value, stderr, 0.5)


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
