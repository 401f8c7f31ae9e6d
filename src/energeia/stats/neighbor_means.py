"""The mean of a quantity given a position, from the nearest of other rows. NumPy in float64."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

FOLDS = 5
_LEAST, _MOST = 8, 2048
"""Numbers of neighbors that are tried: 8, 16, 32, ... up to a quarter of the rows."""
_TRIED = 4000
"""Rows on which the number of neighbors is chosen."""
_BLOCK = 1 << 21
"""Neighbors that are held at once."""


class LocalMean(NamedTuple):
    """Means given the position of each row, and the number of neighbors behind each."""

    values: Float[np.ndarray, " rows"]
    neighbors: int


def local_mean(
    x: Float[np.ndarray, "rows d"],
    values: Float[np.ndarray, " rows"],
    at: Float[np.ndarray, "m d"],
    neighbors: int,
) -> Float[np.ndarray, " m"]:
    """E[value | x] at some positions: the mean over the ``neighbors`` nearest rows, or a few more.

    Equal rows are one position: all of them enter together, so on discrete data with many
    repetitions this is the mean over equal rows. Columns should be standardized beforehand.

    >>> x = np.array([[0.0], [1.0], [1.0], [5.0]])
    >>> local_mean(x, np.array([3.0, 1.0, 2.0, 9.0]), np.array([[0.9]]), 2).tolist()
    [1.5]
    """
    return _means(x, values, at, (neighbors,))[0]


def cross_fitted_mean(
    x: Float[np.ndarray, "rows d"], values: Float[np.ndarray, " rows"], seed: int = 0
) -> LocalMean:
    """E[value | x] at every row, from the rows of the four other fifths alone.

    A row's own value never enters its mean, so the sum of mean(x_i) f(x_i) estimates that of
    value_i f(x_i) without a bias toward the values that were drawn. The number of neighbors is the
    one of 8, 16, 32, ... with the least squared error of the values about their means: that error
    is the variance of the values, which no choice changes, plus the squared error of the means.

    >>> x = np.random.default_rng(0).uniform(size=(2000, 1))
    >>> signs = np.where(np.random.default_rng(1).uniform(size=2000) < x[:, 0], 1.0, -1.0)
    >>> found = cross_fitted_mean(x, signs)
    >>> bool(np.sqrt(np.mean((found.values - (2.0 * x[:, 0] - 1.0)) ** 2)) < 0.2)
    True
    """
    x, values = np.asarray(x, np.float64), np.asarray(values, np.float64)
    fold = np.random.default_rng(seed).permutation(len(x)) % FOLDS
    neighbors = _best_number(x, values, fold)
    out = np.empty(len(x))
    for number in range(FOLDS):
        own = fold == number
        out[own] = local_mean(x[~own], values[~own], x[own], neighbors)
    return LocalMean(out, neighbors)


def _best_number(x: np.ndarray, values: np.ndarray, fold: np.ndarray) -> int:
    """The number of neighbors with the least squared error in rows of the other folds."""
    most = max(_LEAST, min(_MOST, len(x) // 4))
    sizes = tuple(_LEAST * 2**i for i in range(int(np.log2(most / _LEAST)) + 1))
    errors = np.zeros(len(sizes))
    for number in range(FOLDS):
        own = np.flatnonzero(fold == number)[: _TRIED // FOLDS]
        others = fold != number
        found = _means(x[others], values[others], x[own], sizes)
        errors += np.sum((values[own] - found) ** 2, axis=1)
    return sizes[int(np.argmin(errors))]


def _means(
    x: np.ndarray, values: np.ndarray, at: np.ndarray, sizes: Sequence[int]
) -> Float[np.ndarray, "sizes m"]:
    """Means over at least as many nearest rows as each of ``sizes``, whole groups of equal ones."""
    places, place, counts = np.unique(x, axis=0, return_inverse=True, return_counts=True)
    sums = np.bincount(place.ravel(), weights=values)
    tree, most = KDTree(places), min(max(sizes), len(places))
    out, step = np.empty((len(sizes), len(at))), max(1, _BLOCK // most)
    for start in range(0, len(at), step):
        near = np.reshape(tree.query(at[start : start + step], k=most)[1], (-1, most))
        rows, total = counts[near].cumsum(axis=1), sums[near].cumsum(axis=1)
        for number, size in enumerate(sizes):
            enough = np.argmax(rows >= size, axis=1)
            last = np.where(rows[:, -1] >= size, enough, most - 1)
            chosen = np.arange(len(near)), last
            out[number, start : start + step] = total[chosen] / rows[chosen]
    return out
