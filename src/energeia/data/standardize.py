"""Location and scale of every column, and rows that are standardized when they are read."""

from typing import Any

import numpy as np

from energeia._core.errors import InputError
from energeia._core.moments import CENTRAL, mean_and_deviation, without_tails
from energeia.data.checks import blocks
from energeia.standardization import LARGEST, Standardization, needs_codes
from energeia.support import Real, Support

_SEEN = 65_536
"""Rows that location and scale are taken from, evenly spaced."""
_FEWEST_STEPS = 100
"""The smallest standard deviation, in steps of float64."""


def fit_standardization(
    support: Support, layout: tuple[int, ...], rows: Any, names: tuple[str, ...]
) -> Standardization:
    """Mean and standard deviation of the linked columns; see ``Standardization``.

    Each column of a table has its own; where tails rule the two, median and central width
    (``_core.moments.without_tails``). Equal columns of an image or a lattice, whose layout has
    several axes, have one unit in common.

    Raises:
        InputError: for a column that varies by less than float64 resolves at its size, or has
            numbers that float64 cannot subtract.
    """
    if support.all_discrete and not needs_codes(support):
        return Standardization(support)
    chart = support.linked
    location, scale = np.zeros(chart.width), np.ones(chart.width)
    chosen = np.linspace(0, len(rows) - 1, min(len(rows), _SEEN)).astype(int)
    sample = np.asarray(rows[chosen], dtype=np.float64)
    for block, into, (factor, values) in zip(
        support.blocks, chart.blocks, support.split(sample), strict=True
    ):
        if into.factor != Real():
            continue
        linked = factor.link(values).reshape(len(sample), -1)
        for part in _sharing_units(linked.shape[1], layout):
            name = names[block.start + (part.start if factor.width == 1 else 0)]
            into_part = slice(into.start + part.start, into.start + part.stop)
            location[into_part], scale[into_part] = _unit(
                linked[:, part].ravel(), factor == Real(), name, table=len(layout) == 1
            )
    return Standardization(support, tuple(location.tolist()), tuple(scale.tolist()))


def _sharing_units(width: int, layout: tuple[int, ...]) -> list[slice]:
    """Coordinates that have one unit: all of an image or a lattice, each of a table."""
    return [slice(0, width)] if len(layout) > 1 else [slice(i, i + 1) for i in range(width)]


def _unit(t: np.ndarray, plain: bool, name: str, *, table: bool) -> tuple[float, float]:
    """Location and scale of coordinates, which float64 must resolve.

    ``plain`` are the user's numbers themselves.
    """
    largest = float(np.max(np.abs(t)))
    if largest > LARGEST:
        raise InputError(
            f"column {name} holds {largest:.3g}, and float64 cannot tell how far such numbers are "
            "apart: divide the column by a unit"
        )
    (mean,), (spread,) = mean_and_deviation(t[:, None])
    if spread == 0:
        return float(mean), 1.0
    if table:
        quantiles = np.quantile(t, CENTRAL)
        clipped = mean_and_deviation(np.clip(t, quantiles[0], quantiles[2])[:, None])[1][0]
        mean, spread = without_tails(mean, spread, quantiles, clipped, np.where)
    # The link of a positive number or of one in an interval is as coarse as the number is.
    step = float(np.spacing(largest if plain else max(largest, 1.0)))
    if spread < _FEWEST_STEPS * step:
        raise InputError(
            f"column {name} varies by {spread:.3g}{'' if plain else ' in its logarithm'} at a size "
            f"of {largest:.3g}, which float64 resolves in steps of {step:.2g} only: subtract the "
            "offset where the numbers are made, or drop the column"
        )
    return float(mean), float(spread)


class StandardizedRows:
    """Rows that are standardized block by block when they are read.

    It answers ``shape``, ``dtype``, ``len`` and row indexing like the array behind it.

    >>> standardization = Standardization(Support(((Real(), 1),)), (10.0,), (2.0,))
    >>> StandardizedRows(np.array([[10.0], [14.0]]), standardization, np.float32)[0:2].tolist()
    [[0.0], [2.0]]
    """

    def __init__(self, base: Any, standardization: Standardization, dtype: Any) -> None:
        self.base, self.standardization, self.dtype = base, standardization, np.dtype(dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """``(rows, c)``."""
        return (len(self.base), self.standardization.standardized.width)

    def __len__(self) -> int:
        return len(self.base)

    def __getitem__(self, rows: Any) -> np.ndarray:
        return self.standardization.encode(np.asarray(self.base[rows])).astype(self.dtype)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        out, start = np.empty(self.shape, dtype or self.dtype), 0
        for block in blocks(self.base):
            out[start : start + len(block)] = self.standardization.encode(block)
            start += len(block)
        return out
