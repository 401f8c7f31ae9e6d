"""Columns of words: each word is a category, stored as its number. Needs no JAX."""

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np

from energeia._core.errors import InputError, nearest
from energeia.support import Binary, Categorical, Factor, Support
from energeia.support.product import join

Words: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
"""The names of columns of words, and the words of each in the order of their codes."""

MOST_WORDS = 64
"""More different words are names or remarks, not categories."""
_NO_WORD = frozenset({"", "na", "n/a", "nan", "null"})


def coded(cells: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]] | None:
    """Codes of a column of words, NaN where a cell is empty, and the words in alphabetical order.

    None for a column that holds a number, or too many different words to be categories.

    >>> codes, words = coded(["up", "down", "", "up"])
    >>> codes.tolist(), words
    ([1.0, 0.0, nan, 1.0], ('down', 'up'))
    >>> coded(["up", "3"]), coded(["a", "b", "c"])
    (None, (array([0., 1., 2.]), ('a', 'b', 'c')))
    """
    words = tuple(sorted({cell for cell in cells if cell.lower() not in _NO_WORD}))
    if not 0 < len(words) <= MOST_WORDS or any(map(_is_number, words)):
        return None
    code = {word: float(k) for k, word in enumerate(words)}
    return np.array([code.get(cell, np.nan) for cell in cells]), words


def refuse_unrepeated(rows: int, words: Words, spec: str) -> None:
    """Refuse words that hardly repeat: they name the rows.

    Raises:
        InputError: naming the column.
    """
    for name, found in words:
        if 2 * len(found) > rows:
            raise InputError(
                f"column {name!r} of {spec} holds {len(found)} different words in {rows} rows "
                f"where categories were wanted: drop it with --drop-columns {name!r}"
            )


def recoded(
    values: np.ndarray, names: Sequence[str], words: Words, recorded: Words, spec: str
) -> np.ndarray:
    """The same rows with the codes that a run recorded.

    Raises:
        InputError: for a word that the run has not seen, or words where it has numbers.
    """
    if not words:
        return values
    values, known = np.array(values, np.float64), dict(recorded)
    for name, found in words:
        wanted = known.get(name, ())
        strange = [word for word in found if word not in wanted]
        if strange:
            advice = nearest(strange[0], wanted) if wanted else "bring numbers"
            raise InputError(
                f"column {name!r} of {spec} holds {strange[0]!r}, which the run has not seen: "
                f"{advice}"
            )
        column, new = list(names).index(name), np.array([float(wanted.index(w)) for w in found])
        seen = np.isfinite(values[:, column])
        values[seen, column] = new[values[seen, column].astype(int)]
    return values


def categories(support: Support, names: Sequence[str], words: Words) -> Support:
    """The support with columns of words as unordered codes."""
    cells = support.cells
    for name, found in words:
        if name in names:
            cells[list(names).index(name)] = (_factor(len(found)), 0)
    return join(cells)


def _factor(count: int) -> Factor:
    return Binary() if count <= 2 else Categorical(tuple(float(k) for k in range(count)))


def spelled(cells: np.ndarray, rows: np.ndarray, names: Sequence[str], words: Words) -> Any:
    """The cells of a table as text, with words in the place of their codes."""
    known = dict(words)
    columns = [(j, known[name]) for j, name in enumerate(names) if name in known]
    if not columns:
        return cells
    cells = cells.astype(object)
    for column, found in columns:
        cells[:, column] = np.array(found, object)[rows[:, column].astype(int)]
    return cells


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
