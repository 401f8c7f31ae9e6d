"""Checks of rows: values not finite, repeated rows, autocorrelation. Needs no JAX."""

import math
import os
from collections.abc import Iterator
from typing import Any

import numpy as np

from energeia._core.errors import InputError
from energeia._core.moments import mean_and_deviation
from energeia.stats.autocorrelation import integrated_time

BLOCK_VALUES = 4_000_000
"""Numbers checked at once, so that a memory map larger than memory can be checked."""


def blocks(rows: np.ndarray) -> Iterator[np.ndarray]:
    """Rows in blocks of bounded size, each flattened to ``(rows, d)``."""
    width = max(int(np.prod(rows.shape[1:])), 1)
    step = max(1, BLOCK_VALUES // width)
    for start in range(0, len(rows), step):
        block = np.asarray(rows[start : start + step])
        yield block.reshape(len(block), width)


def require_memory(what: str, rows: int, layout: tuple[int, ...], itemsize: int = 8) -> None:
    """Refuse rows that this machine cannot hold together with the copy that is made of them.

    Raises:
        InputError: saying how much memory they would take.
    """
    try:
        most = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):  # not a POSIX system: let the allocation decide
        return
    needed = 2 * rows * math.prod(layout) * itemsize
    if needed > most:
        raise InputError(
            f"{rows:,} rows of {what} would take {needed / 2**30:,.0f} GiB of memory where this "
            f"machine has {most / 2**30:,.0f} GiB: ask for fewer rows"
        )


def bad_rows(rows: np.ndarray) -> np.ndarray:
    """Indices of rows that hold a NaN or an infinity."""
    if rows.dtype.kind != "f":
        return np.zeros(0, dtype=np.int64)
    with np.errstate(over="ignore"):  # an extended number beyond double precision is infinite
        parts = [np.isfinite(b.astype(np.float64, copy=False)).all(axis=1) for b in blocks(rows)]
    finite = np.concatenate(parts)
    return np.flatnonzero(~finite)


def refuse_bad_rows(spec: str, bad: np.ndarray, total: int) -> None:
    """Raise for rows that are not finite, with their number and the first few.

    Raises:
        InputError: if there are any.
    """
    if bad.size:
        named = ", ".join(str(i) for i in bad[:5]) + (", ..." if bad.size > 5 else "")
        raise InputError(
            f"{spec} holds NaN or infinity in {bad.size:,} of {total:,} rows ({named}) where "
            "finite numbers are modelled: repair them or drop them with --drop-bad-rows"
        )


def repeated_rows(rows: np.ndarray) -> int:
    """Count rows equal to an earlier row, by a 64-bit hash of each row.

    Two different rows collide with probability below n^2 / 2^64: 5e-8 for a million rows.

    >>> repeated_rows(np.array([[0.0, 1.0], [2.0, 3.0], [-0.0, 1.0]]))
    1
    """
    hashes = np.concatenate([_hash(block) for block in blocks(rows)])
    return len(hashes) - len(np.unique(hashes))


def _hash(block: np.ndarray) -> np.ndarray:
    # Adding zero turns -0.0 into 0.0, which are equal numbers of different bytes.
    bits = np.ascontiguousarray(block.astype(np.float64) + 0.0).view(np.uint64)
    factors = np.random.default_rng(0x5EED).integers(
        1, 2**64, (2, bits.shape[1]), dtype=np.uint64, endpoint=False
    )
    with np.errstate(over="ignore"):
        mixed = (bits ^ (bits >> np.uint64(29))) * (factors[0] | np.uint64(1))
        return ((mixed ^ (mixed >> np.uint64(32))) * (factors[1] | np.uint64(1))).sum(axis=1)


def counting_columns(rows: np.ndarray) -> list[int]:
    """Columns that only number the rows, such as the index that a data frame writes.

    >>> counting_columns(np.array([[0.0, 5.0], [1.0, 7.0], [2.0, 6.0], [3.0, 9.0]]))
    [0]
    """
    head = np.asarray(rows[:1000], dtype=np.float64).reshape(min(len(rows), 1000), -1)
    if len(head) < 3:
        return []
    with np.errstate(over="ignore"):
        candidates = np.flatnonzero((np.diff(head, axis=0) == 1.0).all(axis=0))
    flat = rows.reshape(len(rows), -1) if isinstance(rows, np.ndarray) else rows
    return [int(i) for i in candidates if (np.diff(np.asarray(flat[:, i])) == 1.0).all()]


def row_autocorrelation(rows: np.ndarray, columns: int = 16) -> tuple[float, bool]:
    """The largest integrated autocorrelation time of a few columns, and its significance.

    tau is 1/2 for independent rows, see ``stats.autocorrelation``. It is significant when some
    lag-1 correlation exceeds four standard errors, 4 / sqrt(N), and tau exceeds 1.

    >>> row_autocorrelation(np.random.default_rng(0).normal(size=(2000, 3)))[1]
    False
    """
    count = min(len(rows), 50_000)
    if count < 20:
        return 0.5, False
    head = np.asarray(rows[:count], dtype=np.float64).reshape(count, -1)
    chosen = np.unique(np.linspace(0, head.shape[1] - 1, min(columns, head.shape[1])).astype(int))
    # tau has no unit: every series is brought to size one, so that no square leaves its range.
    mean = (head / _size(head.max(), head.min())).mean(axis=1)
    series = np.column_stack([head[:, chosen], mean])
    series = series / _size(series.max(axis=0), series.min(axis=0))
    series = series[:, np.ptp(series, axis=0) > 0]
    if series.shape[1] == 0:
        return 0.5, False
    location, scale = mean_and_deviation(series)
    series = (series - location) / scale
    times = integrated_time(series[None]).tau
    centered = series - series.mean(axis=0)
    first = np.sum(centered[1:] * centered[:-1], axis=0) / np.sum(centered**2, axis=0)
    real = bool(np.max(first) > 4.0 / np.sqrt(count))
    # No window: the correlation is longer than the rows, so half their number is returned.
    tau = float(np.max(np.where(np.isnan(times), count / 2 if real else 0.5, times)))
    return tau, real and tau > 1.0


def _size(high: Any, low: Any) -> Any:
    """The largest magnitude; never zero."""
    return np.maximum(np.maximum(np.abs(high), np.abs(low)), np.finfo(np.float64).tiny)
