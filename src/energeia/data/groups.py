"""Neighboring columns that belong together: unit vectors and compositions. Needs no JAX."""

import numpy as np

from energeia.support import Factor, Rotation, Simplex, Sphere, describe

CANDIDATES: tuple[Factor, ...] = (
    Sphere(1), Sphere(2), Rotation(), *(Simplex(n) for n in range(1, 8))
)  # fmt: skip
_HEAD = 100

Group = tuple[int, int, str]
"""First column, the column after the last, and what they would be declared."""


def groups(rows: np.ndarray) -> frozenset[Group]:
    """Ranges of columns that hold unit vectors or parts of sum one in every row.

    Whole numbers are left out: one of several columns of zeros and ones may be one by design.

    >>> angle = np.linspace(0, 6, 50)
    >>> rows = np.column_stack([angle, np.cos(angle), np.sin(angle)])
    >>> sorted(groups(rows))
    [(1, 3, 'sphere(1)')]
    """
    if rows.dtype.kind != "f":
        return frozenset()
    head, found = np.asarray(rows[:_HEAD], np.float64), set()
    for factor in CANDIDATES:
        if factor.width > head.shape[1]:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(head, factor.width, axis=1)
        for start in np.flatnonzero(factor.contains(windows).all(axis=0)).tolist():
            columns = np.asarray(rows[:, start : start + factor.width], np.float64)
            fractions = np.any(columns != np.round(columns))
            if fractions and np.all(factor.contains(columns)):
                found.add((start, start + factor.width, describe(factor)))
    return frozenset(found)
