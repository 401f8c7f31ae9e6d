"""Orders in which autoregressive models draw their columns, by name or as a permutation."""

import numpy as np

from energeia._core.errors import InputError, nearest
from energeia.recipes.options.problem import Problem

NAMES = ("columns", "raster", "checkerboard", "hilbert")


def column_order(order: str, problem: Problem) -> tuple[int, ...] | None:
    """The column of each rank; None for columns as they stand.

    ``raster`` (and ``columns``) is row after row; ``checkerboard`` takes the sites whose indices
    have an even sum first, then the others, which these surround; ``hilbert`` follows the curve of
    Hilbert (1891), on which successive sites are neighbors, on a square of 2^k sites a side. A
    permutation is given as ``3,0,1,2``.

    Raises:
        InputError: for a name that is not known, a list that is no permutation, a curve on another
            layout, or an order of columns that are modeled together.
    """
    if order in ("columns", "raster"):
        return None
    if not problem.support.flat or problem.support.linked.width != problem.dimension:
        raise InputError(
            f"order={order} was given for columns that are modeled together, such as directions "
            "or compositions: leave them in their order"
        )
    if order == "checkerboard":
        return _checkerboard(problem.layout)
    if order == "hilbert":
        return _hilbert(problem.layout)
    return _permutation(order, problem.dimension)


def _permutation(text: str, dimension: int) -> tuple[int, ...]:
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise InputError(
            f"order {text!r} is not known: {nearest(text, NAMES)}, or give a permutation such as "
            "2,0,1"
        )
    found = tuple(int(part) for part in parts)
    if sorted(found) != list(range(dimension)):
        raise InputError(
            f"order {text} is no permutation of the {dimension} columns 0 to {dimension - 1}: "
            "name each of them once"
        )
    return found


def _checkerboard(layout: tuple[int, ...]) -> tuple[int, ...]:
    odd = np.sum(np.indices(layout), axis=0).ravel() % 2
    return tuple(np.argsort(odd, kind="stable").tolist())


def _hilbert(layout: tuple[int, ...]) -> tuple[int, ...]:
    side = layout[0]
    if len(layout) != 2 or layout[1] != side or side & (side - 1):
        raise InputError(
            f"order=hilbert was given for a layout of {layout}: it needs a square whose side is a "
            "power of two, so choose raster, checkerboard or a permutation"
        )
    path = [_on_curve(side, step) for step in range(side * side)]
    return tuple(row * side + column for row, column in path)


def _on_curve(side: int, step: int) -> tuple[int, int]:
    """The site after ``step`` steps, built up from squares of 2, 4, ... sites a side."""
    x = y = 0
    size = 1
    while size < side:
        right = 1 & (step // 2)
        up = 1 & (step ^ right)
        if not up:
            if right:
                x, y = size - 1 - x, size - 1 - y
            x, y = y, x
        x, y = x + size * right, y + size * up
        step //= 4
        size *= 2
    return y, x
