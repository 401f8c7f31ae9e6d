"""Rows that are already in memory: arrays, data frames, anything that numpy takes."""

import os
from typing import Any

import numpy as np

from energeia._core.errors import InputError
from energeia.data.readers import Table, checked_table
from energeia.data.words import coded

ARRAY = "array"
"""What rows in memory are called where a file would have its name."""


def as_table(data: Any) -> Table | None:
    """A table of rows in memory; None for the name of a file or a source.

    A data frame is anything with ``columns`` that gives each of them by name, such as those of
    pandas and polars; the names of its columns are kept, and columns of words become codes. Masked
    numbers become NaN.

    Raises:
        InputError: if it holds anything but numbers and words.

    >>> as_table([[1, 2], [3, 4]]).values.shape, as_table("moons")
    ((2, 2), None)
    """
    if isinstance(data, str | os.PathLike):
        return None
    if isinstance(data, Table):
        return data
    if hasattr(data, "columns") and hasattr(data, "to_numpy"):
        names = tuple(str(name) for name in data.columns)
        found = [_column(data[name], str(name)) for name in data.columns]
        words = tuple((name, w) for name, (_, w) in zip(names, found, strict=True) if w)
        values = np.column_stack([values for values, _ in found])
        return checked_table(values, names, ARRAY, alike=False, words=words)
    if isinstance(data, np.ma.MaskedArray):
        data = np.ma.filled(data.astype(float), np.nan)
    try:
        values = np.asanyarray(data)
    except (ValueError, TypeError) as problem:
        raise InputError(
            f"rows of {type(data).__name__} cannot be made an array ({problem}): bring rows of "
            "equally many numbers"
        ) from None
    return checked_table(values, None, ARRAY, alike=True)


def name_of(data: Any) -> str:
    """The name of a file or a source, or what rows in memory are called."""
    return os.fspath(data) if isinstance(data, str | os.PathLike) else ARRAY


def _column(column: Any, name: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """The values of a column, and its words where these are codes of words."""
    values = np.asarray(column)
    words = _coded(values)
    if words is not None:
        return words
    if values.dtype == object:
        # Frames keep numbers with gaps as objects.
        try:
            values = values.astype(float)
        except (TypeError, ValueError):
            raise InputError(
                f"column {name!r} holds {type(values[0]).__name__} where numbers are modelled: "
                "leave it out or code it as numbers"
            ) from None
    if values.dtype.kind not in "buif":
        raise InputError(
            f"column {name!r} holds {values.dtype} where numbers are modelled: leave it out or "
            "code it as numbers"
        )
    return values, ()


def _coded(values: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]] | None:
    if values.dtype.kind not in "OUT":
        return None
    gaps = [value is None or value != value for value in values.tolist()]  # NaN is not itself
    cells = ["" if gap else value for gap, value in zip(gaps, values.tolist(), strict=True)]
    return coded(cells) if all(isinstance(cell, str) for cell in cells) else None
