"""What a variable is: the set of values each column of a configuration may take. Needs no JAX.

A configuration is a row of numbers in the user's units. The values of a discrete column are
numbered by *codes* 0 .. K-1, the input of models of finite alphabets.
"""

import itertools
import re
from collections.abc import Sequence
from typing import ClassVar, TypeAlias

import msgspec
import numpy as np

from energeia._core.errors import InputError, nearest

_ROUNDED = 2.0**-22
"""How far, relative to itself, a value of an alphabet may be rounded: float32 keeps 2^-24."""


def _codes(alphabet: Sequence[float], x: np.ndarray) -> np.ndarray:
    """Where in an alphabet the nearest value of each number is."""
    values, order = np.asarray(alphabet, float), np.argsort(alphabet)
    if len(values) == 1:
        return np.zeros(np.shape(x), dtype=int)
    above = np.clip(np.searchsorted(values[order], x), 1, len(values) - 1)
    low, high = values[order[above - 1]], values[order[above]]
    return order[above - (x - low < high - x)]


def _among(alphabet: Sequence[float], x: np.ndarray) -> np.ndarray:
    """Which numbers are values of an alphabet, exactly or rounded to float32."""
    near = np.asarray(alphabet, float)[_codes(alphabet, x)]
    return np.abs(x - near) <= _ROUNDED * np.abs(near)


class Real(msgspec.Struct, frozen=True, tag="real"):
    """Any real number."""

    discrete: ClassVar[bool] = False
    name: ClassVar[str] = "real"

    def contains(self, x: np.ndarray) -> np.ndarray:
        """Which values belong to this set."""
        return np.isfinite(x)


class Positive(msgspec.Struct, frozen=True, tag="positive"):
    """A real number above zero."""

    discrete: ClassVar[bool] = False
    name: ClassVar[str] = "positive"

    def contains(self, x: np.ndarray) -> np.ndarray:
        """Which values belong to this set."""
        return np.isfinite(x) & (x > 0)


class Interval(msgspec.Struct, frozen=True, tag="interval"):
    """A real number strictly between ``low`` and ``high``."""

    low: float
    high: float
    discrete: ClassVar[bool] = False
    name: ClassVar[str] = "interval"

    def contains(self, x: np.ndarray) -> np.ndarray:
        """Which values belong to this set."""
        return (x > self.low) & (x < self.high)


class Circle(msgspec.Struct, frozen=True, tag="circle"):
    """A periodic number in ``[low, high)``; the two ends are one point."""

    low: float
    high: float
    discrete: ClassVar[bool] = False
    name: ClassVar[str] = "circle"

    def contains(self, x: np.ndarray) -> np.ndarray:
        """Which values belong to this set."""
        return (x >= self.low) & (x <= self.high)


class Integer(msgspec.Struct, frozen=True, tag="integer"):
    """A whole number from ``low`` to ``high``, both included, on an ordered scale."""

    low: int
    high: int
    discrete: ClassVar[bool] = True
    name: ClassVar[str] = "integer"

    @property
    def values(self) -> tuple[float, ...]:
        """The alphabet, in order."""
        return tuple(float(v) for v in range(self.low, self.high + 1))

    @property
    def size(self) -> int:
        """The number of values."""
        return self.high - self.low + 1

    def contains(self, x: np.ndarray) -> np.ndarray:
        """Which values belong to this set."""
        return (x == np.round(x)) & (x >= self.low) & (x <= self.high)

    def code(self, x: np.ndarray) -> np.ndarray:
        """The code of the nearest value of each number."""
        return np.clip(np.round(x) - self.low, 0, self.size - 1).astype(int)


class Categorical(msgspec.Struct, frozen=True, tag="categorical"):
    """One of a few unordered values."""

    values: tuple[float, ...]
    discrete: ClassVar[bool] = True
    name: ClassVar[str] = "categorical"

    @property
    def size(self) -> int:
        """The number of values."""
        return len(self.values)

    def contains(self, x: np.ndarray) -> np.ndarray:
        """Which values belong to this set."""
        return _among(self.values, x)

    def code(self, x: np.ndarray) -> np.ndarray:
        """The code of the nearest value of each number."""
        return _codes(self.values, x)


class Binary(msgspec.Struct, frozen=True, tag="binary"):
    """One of two values, such as (0, 1) or (-1, 1)."""

    values: tuple[float, float] = (0.0, 1.0)
    discrete: ClassVar[bool] = True
    name: ClassVar[str] = "binary"
    size: ClassVar[int] = 2

    def contains(self, x: np.ndarray) -> np.ndarray:
        """Which values belong to this set."""
        return _among(self.values, x)

    def code(self, x: np.ndarray) -> np.ndarray:
        """The code of the nearest value of each number."""
        return _codes(self.values, x)


Column: TypeAlias = Real | Positive | Interval | Circle | Integer | Categorical | Binary
DISCRETE = ("binary", "categorical", "integer")
CONTINUOUS = ("real", "positive", "interval", "circle")


class Support(msgspec.Struct, frozen=True):
    """The support of a configuration, run-length encoded: (column kind, count), in order.

    >>> support = Support.of([Binary(), Binary(), Real()])
    >>> support.dimension, support.names, support.mixed
    (3, ('binary', 'real'), True)
    """

    runs: tuple[tuple[Column, int], ...]

    @classmethod
    def of(cls, columns: Sequence[Column]) -> "Support":
        """Run-length encode a sequence of columns."""
        return cls(tuple((c, len(list(g))) for c, g in itertools.groupby(columns)))

    @property
    def columns(self) -> tuple[Column, ...]:
        """The kind of each column, one entry a column."""
        return tuple(c for c, count in self.runs for _ in range(count))

    @property
    def dimension(self) -> int:
        """The number of columns."""
        return sum(count for _, count in self.runs)

    @property
    def names(self) -> tuple[str, ...]:
        """The kinds of column present, each once, sorted."""
        return tuple(sorted({c.name for c, _ in self.runs}))

    @property
    def discrete(self) -> np.ndarray:
        """Which columns have a finite alphabet, boolean of shape ``(dimension,)``."""
        return np.array([c.discrete for c in self.columns], dtype=bool)

    @property
    def all_discrete(self) -> bool:
        """Whether every column has a finite alphabet."""
        return all(c.discrete for c, _ in self.runs)

    @property
    def all_continuous(self) -> bool:
        """Whether no column has a finite alphabet."""
        return not any(c.discrete for c, _ in self.runs)

    @property
    def mixed(self) -> bool:
        """Whether both kinds of column are present."""
        return not (self.all_discrete or self.all_continuous)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The alphabet size of each column; 0 for a continuous one."""
        return tuple(
            c.size if isinstance(c, (Integer, Categorical, Binary)) else 0 for c in self.columns
        )

    def select(self, columns: Sequence[int]) -> "Support":
        """The support of some of the columns, in the order given."""
        every = self.columns
        return Support.of([every[i] for i in columns])

    def check(self, rows: np.ndarray) -> None:
        """Raise if a value lies outside the support.

        Raises:
            InputError: naming the first such column, row and value.
        """
        for index, column in enumerate(self.columns):
            inside = column.contains(rows[:, index])
            if not np.all(inside):
                row = int(np.argmin(inside))
                raise InputError(
                    f"column {index}, row {row} holds {rows[row, index]:g}, outside its support "
                    f"{describe(column)} ({int(np.sum(~inside))} rows in all): remove the rows or "
                    "declare a wider --support"
                )

    def __str__(self) -> str:
        parts, start = [], 0
        for column, count in self.runs:
            where = f"{start}" if count == 1 else f"{start}-{start + count - 1}"
            parts.append(f"{where}: {describe(column)}")
            start += count
        return ", ".join(parts)


def describe(column: Column) -> str:
    """Write a column as the user would declare it.

    >>> describe(Interval(0.0, 2.5)), describe(Binary((-1.0, 1.0)))
    ('interval(0,2.5)', 'binary(-1,1)')
    """
    match column:
        case Interval(low, high) | Circle(low, high) | Integer(low, high):
            return f"{column.name}({low:g},{high:g})"
        case Binary(values) | Categorical(values):
            return f"{column.name}({','.join(f'{v:g}' for v in values)})"
        case _:
            return column.name


_QUOTED = r"""'(?:[^']|'')*'|"(?:[^"]|"")*\""""
_PART = re.compile(rf"\s*(?:({_QUOTED}|[^;'\"]*?)\s*:)?\s*([^;:'\"]*?)\s*(?:;|$)")


def parse(text: str, inferred: Support, names: Sequence[str] = ()) -> Support:
    """Override parts of an inferred support: ``"0:positive; 1-3:circle(-3.2,3.2); *:real"``.

    A column is given by its number or by its name among ``names``; a name that holds a colon, a
    semicolon or a quotation mark, or that reads as a number, stands in quotation marks, those
    inside it doubled.

    Raises:
        InputError: for an unknown kind, a bad range or name of columns or a wrong number of
            arguments.

    >>> print(parse("1:positive", Support.of([Real(), Real()])))
    0: real, 1: positive
    >>> print(parse("'t [s; UTC]': positive", Support.of([Real(), Real()]), ("x", "t [s; UTC]")))
    0: real, 1: positive
    """
    columns, position = list(inferred.columns), 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            raise InputError(
                f"support {text!r} cannot be read at {text[position : position + 40]!r}: write "
                "COLUMN:KIND; COLUMN:KIND, with quotation marks about names of odd characters"
            )
        position = match.end()
        if match[1] is None and not match[2]:
            continue
        column = _parse_column(match[2])
        for index in _parse_where(match[1] or "*", len(columns), names):
            columns[index] = column
    return Support.of(columns)


def _parse_where(text: str, count: int, names: Sequence[str]) -> range:
    """The columns meant by ``*``, a number, a range, a name or a name in quotation marks."""
    if text == "*":
        return range(count)
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", text)
    if match is not None and int(match[2] or match[1]) < count:
        return range(int(match[1]), int(match[2] or match[1]) + 1)
    name = text[1:-1].replace(text[0] * 2, text[0]) if text[0] in "'\"" else text
    if name in names:
        return range(names.index(name), names.index(name) + 1)
    advice = "" if match is not None or not names else f" ({nearest(name, names)})"
    raise InputError(
        f"columns {text!r} were named where there are columns 0 to {count - 1}: "
        f"write one number, a range such as 2-5, *, or a name{advice}"
    )


_KINDS = {
    "real": Real,
    "positive": Positive,
    "interval": Interval,
    "circle": Circle,
    "integer": Integer,
    "categorical": Categorical,
    "binary": Binary,
}


def _parse_column(text: str) -> Column:
    match = re.fullmatch(r"(\w+)(?:\(([^)]*)\))?", text)
    if match is None or match[1] not in _KINDS:
        raise InputError(f"support {text!r} is not known: {nearest(text.split('(')[0], _KINDS)}")
    kind = _KINDS[match[1]]
    try:
        arguments = [float(v) for v in (match[2] or "").split(",") if v.strip()]
        match kind.__name__:
            case "Binary" | "Categorical":
                return kind(tuple(arguments)) if arguments else kind()
            case "Integer":
                return kind(*(int(v) for v in arguments))
            case _:
                return kind(*arguments)
    except (TypeError, ValueError):
        raise InputError(
            f"support {text!r} has the wrong arguments: write real, positive, interval(low,high), "
            "circle(low,high), integer(low,high), categorical(a,b,...) or binary(a,b)"
        ) from None
