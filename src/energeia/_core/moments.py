"""Mean and standard deviation of columns, for numbers of any size. Needs no JAX."""

import numpy as np
from jaxtyping import Float


def mean_and_deviation(
    rows: Float[np.ndarray, "rows d"],
) -> tuple[Float[np.ndarray, " d"], Float[np.ndarray, " d"]]:
    """Mean and standard deviation of each column in float64; 0 for a column of one value only.

    Numbers are divided by their size before they are squared, so that 1e-200 is no zero and 1e200
    no infinity.

    >>> mean_and_deviation(np.array([[1e-200], [3e-200]]))
    (array([2.e-200]), array([1.e-200]))
    """
    x = np.asarray(rows, dtype=np.float64)
    size = _nonzero(np.max(np.abs(x), axis=0))
    mean = size * np.mean(x / size, axis=0)
    apart = x - mean
    widest = _nonzero(np.max(np.abs(apart), axis=0))
    deviation = widest * np.sqrt(np.mean((apart / widest) ** 2, axis=0))
    constant = np.max(x, axis=0) == np.min(x, axis=0)
    return np.where(constant, x[0], mean), np.where(constant, 0.0, deviation)


def _nonzero(size: np.ndarray) -> np.ndarray:
    return np.where(size > 0, size, 1.0)
