"""Mean and standard deviation of columns, for numbers of any size. Needs no JAX."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

CENTRAL = (0.025, 0.5, 0.975)
"""The quantiles of ``without_tails``."""
_WIDTH = 2 * 1.959964
"""In deviations of a normal distribution, the distance of the outer two."""
_RULED = 1.5
"""Tails rule a deviation that is larger by this factor than with every value brought to the central
95 %."""


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


def without_tails(
    mean: Any, deviation: Any, quantiles: Any, clipped: Any, where: Callable
) -> tuple[Any, Any]:
    """Location and scale of columns: mean and deviation, or where tails rule them quantiles.

    Moments of a Student-t column of 1.5 degrees of freedom grow with its number of rows and hang on
    a few of them. ``quantiles`` are the ``CENTRAL`` ones, ``clipped`` is the deviation of values
    brought between the outer two, ``where`` that of NumPy or JAX.

    >>> rows = np.append(np.linspace(-1.96, 1.96, 98), [900.0, -700.0])
    >>> low, middle, high = np.quantile(rows, CENTRAL)
    >>> clipped = np.clip(rows, low, high).std()
    >>> found = without_tails(rows.mean(), rows.std(), (low, middle, high), clipped, np.where)
    >>> [round(float(part), 1) + 0.0 for part in found]
    [0.0, 1.0]
    """
    low, middle, high = quantiles
    width = (high - low) / _WIDTH
    ruled = (width > 0) & (deviation > _RULED * clipped)
    return where(ruled, middle, mean), where(ruled, width, deviation)


def _nonzero(size: np.ndarray) -> np.ndarray:
    return np.where(size > 0, size, 1.0)
