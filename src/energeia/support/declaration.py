"""Supports as text: what a user declares. Needs no JAX."""

import math
import re
from collections.abc import Callable, Iterator, Sequence

import msgspec

from energeia._core.errors import InputError, nearest
from energeia.support.alphabets import Integer
from energeia.support.factor import Factor
from energeia.support.kinds import KINDS
from energeia.support.links import SpecialUnitary
from energeia.support.manifolds import Simplex
from energeia.support.numbers import Circle
from energeia.support.product import Support, describe, join

_QUOTED = r"""'(?:[^']|'')*'|"(?:[^"]|"")*\""""
_PART = re.compile(rf"\s*(?:({_QUOTED}|[^;'\"]*?)\s*:)?\s*([^;:'\"]*?)\s*(?:;|$)")


def parse(
    text: str, inferred: Support, names: Sequence[str] = (), modeled: int | None = None
) -> Support:
    """Override parts of an inferred support: ``"0:positive; 1-3:sphere; *:real"``.

    A column is given by its number or by its name among ``names``; a name that holds a colon, a
    semicolon or a quotation mark, or that reads as a number, stands in quotation marks, those
    inside it doubled. A range of columns holds as many factors as fit. Columns from number
    ``modeled`` on are conditions: only their names reach them.

    Raises:
        InputError: for an unknown kind, a bad range or name of columns, a wrong number of arguments
            or of columns.

    >>> from energeia.support import Real
    >>> print(parse("1:positive", Support.of([Real(), Real()])))
    0: real, 1: positive
    >>> print(parse("'t [s; UTC]': positive", Support.of([Real(), Real()]), ("x", "t [s; UTC]")))
    0: real, 1: positive
    >>> print(parse("1-3: sphere", Support.of([Real()] * 4)))
    0: real, 1-3: sphere
    """
    cells = inferred.cells
    for where, kind in _declarations(text, len(cells) if modeled is None else modeled, names):
        cells[where.start : where.stop] = _filled(kind, where)
    return join(cells)


def columns_in(text: str, names: Sequence[str], modeled: int) -> set[int]:
    """The columns that a declaration gives, of the ``names`` of all.

    >>> columns_in("0:positive; t:real", ("u", "v", "t"), 3)
    {0, 2}
    """
    return {i for where, _ in _declarations(text, modeled, names) for i in where}


def where_of(column: int, names: Sequence[str]) -> str:
    """A column as a declaration gives it: its name, or its number where that does not tell.

    >>> [where_of(i, ("t", "x1", "a: b", "17")) for i in range(4)]
    ['t', '1', "'a: b'", "'17'"]
    """
    name = names[column]
    if name == f"x{column}" or list(names).count(name) > 1:
        return str(column)
    plain = name == name.strip() and re.fullmatch(r"[^:;'\"]+", name)
    if plain and not re.fullmatch(r"\*|\d+(-\d+)?", name):
        return name
    return "'" + name.replace("'", "''") + "'"


def declared(factor: Factor) -> str:
    """Write a factor as ``parse`` reads it, to the last digit.

    >>> declared(Circle(-math.pi, math.pi)), declared(Circle(0.0, 360.0))
    ('circle(-3.141592653589793,3.141592653589793)', 'circle(0,360)')
    """
    given = ",".join(repr(float(value)).removesuffix(".0") for value in factor.arguments)
    return f"{factor.name}({given})" if given else factor.name


def _declarations(text: str, count: int, names: Sequence[str]) -> Iterator[tuple[range, str]]:
    """The columns and the kind of each part of a declaration."""
    position = 0
    while position < len(text):
        match = _PART.match(text, position)
        if match is None:
            raise InputError(
                f"support {text!r} cannot be read at {text[position : position + 40]!r}: write "
                "COLUMN:KIND; COLUMN:KIND, with quotation marks about names of odd characters"
            )
        position = match.end()
        if match[1] is not None or match[2]:
            yield _parse_where(match[1] or "*", count, names), match[2]


def _filled(text: str, where: range) -> list[tuple[Factor, int]]:
    """The columns of a range as equal factors."""
    factor = _parse_factor(text, len(where))
    if len(where) % factor.width:
        last = where.start + factor.width - 1
        declared = "columns were" if len(where) > 1 else "column was"
        raise InputError(
            f"{len(where)} {declared} declared {describe(factor)}, which is stored as "
            f"{factor.width} numbers: give them by range, such as {where.start}-{last}:"
            f"{describe(factor)}"
        )
    return [(factor, k) for _ in range(len(where) // factor.width) for k in range(factor.width)]


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


_WRONG = (
    "has the wrong arguments: write real, positive, above(low), interval(low,high), "
    "circle(low,high), integer(low,high), count(largest), categorical(a,b,...), binary(a,b), "
    "sphere(n), simplex(n), rotation, torus, su(n), link(U1) or link(SU3)"
)


def _read(kind: type[Factor], given: list[str]) -> Factor:
    """A factor from the numbers in its brackets: one a field, or all of them as its values."""
    fields = msgspec.structs.fields(kind)
    if fields and fields[0].type not in (int, float):
        return kind(*([tuple(float(v) for v in given)] if given else []))
    numbers = [
        _whole(v) if f.type in (int, int | None) else float(v)
        for f, v in zip(fields, given, strict=False)
    ]
    return kind(*numbers, *given[len(fields) :])


def _whole(text: str) -> int:
    if float(text) != int(float(text)):
        raise ValueError(text)
    return int(float(text))


def _torus(given: list[str], count: int) -> Factor:
    """A torus is a product of circles, by default of angles in [-pi, pi)."""
    return Circle(*(float(v) for v in given)) if given else Circle(-math.pi, math.pi)


def _count(given: list[str], count: int) -> Factor:
    """A count of which the largest value seen is given."""
    return Integer.count(*(_whole(v) for v in given))


def _link(given: list[str], count: int) -> Factor:
    """A link of U(1) is an angle; one of SU(n) is a matrix."""
    (group,) = given
    if group == "U1":
        return Circle(-math.pi, math.pi)
    return SpecialUnitary(_whole(group.removeprefix("SU")))


def _simplex(given: list[str], count: int) -> Factor:
    """A composition of all columns, or of n + 1."""
    return Simplex(*(_whole(v) for v in given)) if given else Simplex(count - 1)


_READERS: dict[str, Callable[[list[str], int], Factor]] = {
    **{name: lambda given, _, kind=kind: _read(kind, given) for name, kind in KINDS.items()},
    "simplex": _simplex,
    "torus": _torus,
    "count": _count,
    "link": _link,
}
"""From the arguments and the number of columns to a factor."""


def _parse_factor(text: str, count: int) -> Factor:
    match = re.fullmatch(r"(\w+)(?:\(([^)]*)\))?", text)
    if match is None or match[1] not in _READERS:
        raise InputError(f"support {text!r} is not known: {nearest(text.split('(')[0], _READERS)}")
    try:
        return _READERS[match[1]](
            [v.strip() for v in (match[2] or "").split(",") if v.strip()], count
        )
    except (TypeError, ValueError):
        raise InputError(f"support {text!r} {_WRONG}") from None
