"""Euclidean distances between rows, shared by the statistics that need them."""

import numpy as np
from jaxtyping import Float

from energeia._core.errors import InputError

_BLOCK = 512


def distances(a: Float[np.ndarray, "n d"], b: Float[np.ndarray, "m d"]) -> Float[np.ndarray, "n m"]:
    """Euclidean distances |a_i - b_j|, computed in float64 and kept in float32.

    Rows that coincide come out below 1e-6 of their size, not always at zero.

    Raises:
        InputError: for rows of different length.

    >>> import numpy as np
    >>> distances(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]]))
    array([[5.]], dtype=float32)
    """
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise InputError(
            f"arrays of shapes {a.shape} and {b.shape} were given where two arrays (rows, columns) "
            "with equal numbers of columns are needed: flatten each configuration to a row"
        )
    middle = b.mean(axis=0)  # a common shift loses no digits to far-away origins
    a, b = a - middle, b - middle
    out = np.empty((len(a), len(b)), dtype=np.float32)
    squares = np.sum(b**2, axis=1)
    for start in range(0, len(a), _BLOCK):
        block = a[start : start + _BLOCK]
        square = np.sum(block**2, axis=1)[:, None] + squares - 2.0 * block @ b.T
        out[start : start + _BLOCK] = np.sqrt(np.maximum(square, 0.0))
    return out


def median_distance(among: Float[np.ndarray, "n n"]) -> float:
    """The median distance between different rows: the usual bandwidth of a Gaussian kernel.

    >>> import numpy as np
    >>> median_distance(distances(np.array([[0.0], [1.0], [3.0]]), np.array([[0.0], [1.0], [3.0]])))
    2.0
    """
    upper = among[np.triu_indices(len(among), 1)]
    return float(np.median(upper)) if upper.size else np.nan


def gaussian_kernel(apart: Float[np.ndarray, "n m"], bandwidth: float) -> Float[np.ndarray, "n m"]:
    """exp(-d^2 / (2 bandwidth^2)).

    >>> import numpy as np
    >>> float(gaussian_kernel(np.array([[2.0]]), 1.0)[0, 0].round(4))
    0.1353
    """
    return np.exp(-0.5 * np.square(apart / np.float32(bandwidth)))
