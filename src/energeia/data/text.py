"""Tables of numbers as text, with or without a line of names. Needs no JAX."""

import csv
import io
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from energeia._core.errors import InputError
from energeia._core.paths import read_utf8
from energeia.data.words import Words, coded, spelled

MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "-"})


class TextTable(NamedTuple):
    """What a table of text holds."""

    values: np.ndarray
    names: tuple[str, ...] | None
    words: Words = ()
    """Columns of words, of which ``values`` holds the codes."""


def read_text(path: Path) -> TextTable:
    """Read comma-, semicolon-, tab- or space-separated numbers; empty cells become NaN.

    Lines that start with ``#`` are comments. A first line that is not all numbers holds the names.
    A named column without any number holds words, see ``words.coded``.

    Raises:
        InputError: naming the first cell that is not a number, or the first line of a wrong
            length.
    """
    content = read_utf8(path, "a table of numbers")
    lines = [
        (number, line)
        for number, line in enumerate(content.splitlines(), start=1)
        if line.strip() and not line.lstrip().startswith("#")
    ]
    if not lines:
        raise InputError(f"{path} holds no rows where numbers were wanted: write it again")
    delimiter = _delimiter(lines[0][1])
    first = _cells(lines[0][1], delimiter)
    names = _names(path, first)
    body = lines[1:] if names else lines
    if not body:
        raise InputError(
            f"{path} holds a line of names and no rows where numbers were wanted: add the rows"
        )
    values, words = _parse(path, body, delimiter, names, len(first))
    return TextTable(values, names, words)


def write_text(
    stream: IO[bytes], rows: np.ndarray, names: Sequence[str] = (), words: Words = (), *,
    header: bool = True,
) -> None:  # fmt: skip
    """Write rows as comma-separated text, with ``names`` as the first line if ``header``.

    Numbers have as many digits as tell them from every other number of their type, so that
    ``read_text`` gives back the same. Names that a reader would take for numbers are left out.

    >>> stream = io.BytesIO()
    >>> write_text(stream, np.array([[0.1, 2.0]], dtype=np.float32), ("a, b", "c"))
    >>> stream.getvalue().decode()
    '"a, b",c\\n0.1,2\\n'
    """
    if header and names and not any(_is_number(name) for name in names):
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(names)
        stream.write(line.getvalue().encode())
    flat = rows.reshape(len(rows), -1)
    quoted = tuple((name, tuple(map(_quoted, found))) for name, found in words)
    for row in spelled(flat.astype(str), flat, names, quoted):
        cells = (cell.removesuffix(".0") for cell in row)
        stream.write((",".join(cells) + "\n").encode())


def _quoted(word: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow([word])
    return line.getvalue()


def _names(path: Path, first: list[str]) -> tuple[str, ...] | None:
    """The first line as names, if none of its cells is a number; None if all are numbers."""
    words = [cell for cell in first if not _is_number(cell)]
    if not words:
        return None
    numbers = [cell for cell in first if _is_number(cell) and cell.lower() not in MISSING]
    if numbers:
        raise InputError(
            f"{path} begins with a line of both words and numbers ({words[0][:40]!r}, "
            f"{numbers[0]!r}) where names or a row were wanted: name every column in words, or "
            "replace the word by a number"
        )
    return tuple(first)


def _parse(
    path: Path,
    lines: list[tuple[int, str]],
    delimiter: str | None,
    names: tuple[str, ...] | None,
    width: int,
) -> tuple[np.ndarray, Words]:
    text = io.StringIO("\n".join(line for _, line in lines))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fast = np.loadtxt(text, delimiter=delimiter, ndmin=2, comments=None)
        if fast.shape[1] == width:
            return fast, ()
    except ValueError:
        pass  # Some cell is missing, quoted or not a number.
    table = []
    for number, line in lines:
        cells = _cells(line, delimiter)
        if len(cells) != width:
            raise InputError(
                f"{path}, line {number} has {len(cells)} cells where the first line has {width}: "
                "repair that line"
            )
        table.append(cells)
    columns = list(zip(*table, strict=True))
    words = {j: found for j in range(width) if names and (found := coded(columns[j])) is not None}
    rows = np.empty((len(lines), width))
    for column, (codes, _) in words.items():
        rows[:, column] = codes
    for row, ((number, _), cells) in enumerate(zip(lines, table, strict=True)):
        for column, cell in enumerate(cells):
            if column not in words:
                rows[row, column] = _number(cell, path, number, names, column)
    return rows, tuple((names[j], found) for j, (_, found) in words.items()) if names else ()


def _number(cell: str, path: Path, line: int, names: tuple[str, ...] | None, column: int) -> float:
    if cell.lower() in MISSING:
        return np.nan
    try:
        return float(cell)
    except ValueError:
        where = f"column {column}" + (f" ({names[column]})" if names else "")
        raise InputError(
            f"{path}, line {line}, {where} holds {cell[:40]!r} where a number was wanted: "
            "replace it by a number, or remove that column from the file"
        ) from None


def _cells(line: str, delimiter: str | None) -> list[str]:
    if delimiter is None:
        return line.split()
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=delimiter))]
    except csv.Error:  # a cell of more than 131,072 characters: it is refused as no number
        return line.split(delimiter)


def _delimiter(line: str) -> str | None:
    counts = {mark: line.count(mark) for mark in ",;\t"}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return cell.lower() in MISSING
    return True
