"""Rows as points of a space in which they are near or far. Needs no JAX."""

from typing import Any

import numpy as np
from jaxtyping import Float

from energeia._core.moments import mean_and_deviation
from energeia.support import Support


def flattened(
    support: Support | None, x: Any, condition: Any = None
) -> Float[np.ndarray, "rows columns"]:
    """Rows and their conditions, flattened; a circle becomes its cosine and its sine
    (``Support.features``).

    >>> flattened(None, np.zeros((3, 2, 2))).shape
    (3, 4)
    """
    x = np.asarray(x, dtype=np.float64).reshape((len(x), -1))
    if support is not None:
        x = support.features(x)
    if condition is None:
        return x
    return np.column_stack([x, np.asarray(condition, dtype=np.float64)])


def standardized_by(
    reference: Float[np.ndarray, "rows columns"],
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of columns; 1 for a column that does not vary."""
    location, spread = mean_and_deviation(reference)
    return location, np.where(spread > 0, spread, 1.0)
