"""Rows that are already in memory: arrays, data frames, anything that numpy takes."""

import os
from typing import Any

import numpy as np

from energeia._core.errors import InputError
from energeia.data.readers import Table, checked_table

ARRAY = "array"
"""What rows in memory are called where a file would have its name."""


def as_table(data: Any) -> Table | None:
    """A table of rows in memory; None for the name of a file or a source.

    A data frame is anything with ``columns`` that gives each of them by name, such as those of
    pandas and polars; the names of its columns are kept. Masked numbers become NaN.

    Raises:
        InputError: if it holds anything but numbers.

    >>> as_table([[1, 2], [3, 4]]).values.shape, as_table("moons")
    ((2, 2), None)
    """
    if isinstance(data, str | os.PathLike):
        return None
    if isinstance(data, Table):
        return data
    if hasattr(data, "columns") and hasattr(data, "to_numpy"):
        names = tuple(str(name) for name in data.columns)
        values = np.column_stack([_column(data[name], str(name)) for name in data.columns])
        return checked_table(values, names, ARRAY, alike=False)
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


def _column(column: Any, name: str) -> np.ndarray:
    values = np.asarray(column)
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
    return values
