"""The support of each column, inferred from its values: binary, integer, categorical or real. Needs
no JAX.

Positive, interval and circle are not inferred here, since a sample cannot prove a bound: what is
evident is applied by ``findings``, the rest *suggested* (``suggest``) and declared by the user.
"""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np

from energeia._core.errors import InputError
from energeia.data.checks import blocks
from energeia.data.groups import Group, groups
from energeia.standardization import LARGEST
from energeia.support import Binary, Categorical, Circle, Factor, Integer, Real, Support
from energeia.support.declaration import declared, where_of

LEVELS = 256
"""Whole numbers with at most this many levels from lowest to highest are integers."""
ALPHABET = 16
"""At most this many distinct values make a categorical column, where they leave gaps."""
ROWS_PER_CATEGORY = 20
"""Rows per category needed to infer a finite alphabet from a few distinct values."""
_COUNTED = 10_000_000


class Summary(NamedTuple):
    """Statistics of each column, arrays of shape ``(d,)``."""

    rows: int
    low: np.ndarray
    high: np.ndarray
    whole: np.ndarray
    """Whether every value is a whole number."""
    alphabets: tuple[np.ndarray | None, ...]
    """The distinct values, sorted; None where there are more than 257."""
    groups: frozenset[Group] = frozenset()
    """Neighboring columns that are unit vectors or compositions in every row."""

    @property
    def constant(self) -> np.ndarray:
        """Indices of constant columns."""
        return np.flatnonzero(self.low == self.high)


def summarize(rows: np.ndarray) -> Summary:
    """Statistics of all values, in blocks, so that a file larger than memory can be summarized."""
    parts = [_summarize(block) for block in blocks(rows)]
    total = parts[0]
    for part in parts[1:]:
        alphabets = tuple(map(_join, total.alphabets, part.alphabets))
        total = Summary(
            total.rows + part.rows,
            np.minimum(total.low, part.low),
            np.maximum(total.high, part.high),
            total.whole & part.whole,
            alphabets,
            total.groups & part.groups,
        )
    return total


def infer(summary: Summary, alike: bool) -> Support:
    """The support of every column; one range for all where columns are cells of one array.

    >>> values = np.array([[0, 3, 0.5], [1, 0, 0.7], [0, 4, 0.1]])
    >>> print(infer(summarize(values), alike=False))
    0: binary(0,1), 1: integer(0,4), 2: real
    >>> print(infer(summarize(values[:, :2]), alike=True))
    0-1: integer(0,4)
    """
    count = len(summary.low)
    if alike:
        pooled = _pool(summary)
        column = _plausible(pooled, 0)
        if pooled.whole[0] or not isinstance(column, Real):
            return Support(((column, count),))  # pyright: ignore[reportArgumentType]
    return Support.of([_plausible(summary, index) for index in range(count)])


def refuse_unfit(
    summary: Summary, support: Support, names: tuple[str, ...], spec: str
) -> tuple[str, ...]:
    """Raise for constant or overflowing continuous columns; warn of constant discrete ones.

    Raises:
        InputError: naming the continuous columns that are constant or hold values beyond
            ``LARGEST``.
    """
    columns = support.columns
    size = np.maximum(np.abs(summary.low), np.abs(summary.high))
    beyond = [int(i) for i in np.flatnonzero(size > LARGEST) if not columns[i].discrete]
    if beyond:
        raise InputError(
            f"{spec} holds values up to {size.max():.3g} ({_list(beyond, names)}) where float64 "
            f"computes with numbers up to {LARGEST:.3g}: divide by a unit"
        )
    constant = [int(i) for i in summary.constant if not columns[i].discrete]
    if constant:
        raise InputError(
            f"{spec} has columns that never change ({_list(constant, names)}) where a density "
            f"needs them to vary: drop them with --drop-columns {','.join(map(str, constant))}"
        )
    still = [int(i) for i in summary.constant]
    if not still:
        return ()
    noun = "column never changes" if len(still) == 1 else "columns never change"
    return (
        f"{len(still)} discrete {noun} ({_list(still, names)}): modelled, but without information",
    )


def suggest(
    summary: Summary,
    support: Support,
    names: Sequence[str] = (),
    but: Collection[int] = (),
) -> tuple[str, ...]:
    """Declarations worth considering, such as ``t:positive``; never applied automatically.

    Columns are given by their names, without names by their numbers; those in ``but`` are left out.
    """
    found: dict[str, list[int]] = {}
    together, grouped = [], set(but)
    for start, stop, text in sorted(summary.groups):
        left = not grouped & {*range(start, stop)}
        if left and all(isinstance(column, Real) for column in support.columns[start:stop]):
            together.append(f"{start}-{stop - 1}:{text}")
            grouped |= set(range(start, stop))
    for index, column in enumerate(support.columns):
        if index in grouped or not isinstance(column, Real):
            continue
        text = _suggestion(float(summary.low[index]), float(summary.high[index]))
        if text:
            found.setdefault(text, []).append(index)
    return (*together, *(_declare(where, text, names) for text, where in found.items()))


def value_warnings(summary: Summary, support: Support, names: tuple[str, ...]) -> tuple[str, ...]:
    """Warnings on values that a density cannot represent."""
    real = np.array([isinstance(c, Real) for c in support.columns])
    tied = [int(i) for i in np.flatnonzero(real) if _tied(summary.alphabets[i], summary.rows)]
    if not tied:
        return ()
    return (
        f"{_list(tied, names)} look continuous but repeat a few values (rounded?): a density "
        "on repeated values can grow without limit; declare them integer or categorical, or "
        "do not compare likelihoods",
    )


def _summarize(block: np.ndarray) -> Summary:
    block = block.view(np.uint8) if block.dtype == bool else block
    low, high = block.min(axis=0), block.max(axis=0)
    if block.dtype.kind == "f":
        whole = (block == np.round(block)).all(axis=0)
    else:
        whole = np.ones(block.shape[1], dtype=bool)
    low, high = low.astype(np.float64), high.astype(np.float64)
    span = float(high.max()) - float(low.min()) + 1
    if whole.all() and span * block.shape[1] <= min(_COUNTED, 20 * block.size + 1000):
        alphabets = _alphabets_by_counting(block, int(low.min()), int(span))
    else:
        alphabets = tuple(_alphabet(block[:, j]) for j in range(block.shape[1]))
    return Summary(len(block), low, high, whole, alphabets, groups(block))


def _alphabets_by_counting(block: np.ndarray, low: int, span: int) -> tuple[np.ndarray | None, ...]:
    width = block.shape[1]
    codes = block.astype(np.int64) - low + span * np.arange(width)
    seen = np.bincount(codes.ravel(), minlength=span * width).reshape(width, span) > 0
    return tuple(_limited(np.flatnonzero(row) + float(low)) for row in seen)


def _alphabet(values: np.ndarray) -> np.ndarray | None:
    if len(np.unique(values[:2000])) > LEVELS + 1:
        return None
    return _limited(np.unique(values).astype(np.float64))


def _limited(values: np.ndarray) -> np.ndarray | None:
    return values if len(values) <= LEVELS + 1 else None


def _join(first: np.ndarray | None, second: np.ndarray | None) -> np.ndarray | None:
    return None if first is None or second is None else _limited(np.union1d(first, second))


def _pool(summary: Summary) -> Summary:
    """The statistics of all columns taken as one."""
    alphabet: np.ndarray | None = np.zeros(0)
    for each in summary.alphabets:
        alphabet = _join(alphabet, each)
        if alphabet is None:
            break
    return Summary(
        summary.rows * len(summary.low),
        np.array([summary.low.min()]),
        np.array([summary.high.max()]),
        np.array([bool(summary.whole.all())]),
        (alphabet,),
    )


def _plausible(summary: Summary, index: int) -> Factor:
    values = summary.alphabets[index]
    low, high = float(summary.low[index]), float(summary.high[index])
    if values is None:
        return Real()
    if len(values) == 1:
        return Binary() if low in (0.0, 1.0) else Real()
    if len(values) == 2:
        return Binary((float(values[0]), float(values[1])))
    whole, levels = bool(summary.whole[index]), high - low + 1
    few = len(values) <= ALPHABET and summary.rows >= ROWS_PER_CATEGORY * len(values)
    gaps = whole and 2 * len(values) < levels
    if few and (gaps or (not whole and summary.rows >= 5 * ROWS_PER_CATEGORY * len(values))):
        return Categorical(tuple(float(v) for v in values))
    if whole and levels <= LEVELS:
        return Integer(int(low), int(high))
    return Real()


TURNS = ((-np.pi, np.pi), (0.0, 2 * np.pi), (-180.0, 180.0), (0.0, 360.0))
"""The usual ranges of angles."""


def _suggestion(low: float, high: float) -> str:
    for start, stop in TURNS:
        if low >= start and high <= stop and high - low > 0.97 * (stop - start):
            return declared(Circle(start, stop))
    if low > 0 and high < 1 and high - low > 0.5:
        return "interval(0,1)"
    return "positive" if low > 0 else ""


def _tied(alphabet: np.ndarray | None, rows: int) -> bool:
    return alphabet is not None and 1 < len(alphabet) < 0.5 * rows


def _list(indices: "np.ndarray | list[int]", names: tuple[str, ...]) -> str:
    shown = [f"{i}" if names[i] == f"x{i}" else f"{i} {names[i]}" for i in list(indices)[:6]]
    return (
        "columns " * (len(indices) > 1)
        + "column " * (len(indices) == 1)
        + (", ".join(shown) + (", ..." if len(indices) > 6 else ""))
    )


def _declare(indices: list[int], text: str, names: Sequence[str]) -> str:
    """The declaration in the syntax of ``support.parse``: ``t:positive; 2-5:positive``."""
    named = [i for i in indices if names and where_of(i, names) != str(i)]
    parts = [f"{where_of(i, names)}:{text}" for i in named]
    numbers = [i for i in indices if i not in set(named)]
    starts = [i for i in numbers if i - 1 not in numbers]
    stops = [i for i in numbers if i + 1 not in numbers]
    ranges = zip(starts, stops, strict=True)
    parts += [f"{a}:{text}" if a == b else f"{a}-{b}:{text}" for a, b in ranges]
    return "; ".join(parts)
