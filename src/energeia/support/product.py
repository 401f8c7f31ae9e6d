"""The support of a configuration: the product of its factors. Needs no JAX.

A configuration is a row of numbers in the user's units; a factor takes one or several of them.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from energeia._core.errors import InputError
from energeia.support.alphabets import Alphabet
from energeia.support.factor import Factor
from energeia.support.kinds import AnyFactor


class Block(NamedTuple):
    """Equal factors that stand side by side."""

    start: int
    """The number of their first column."""
    stop: int
    factor: Factor
    count: int


class Support(msgspec.Struct, frozen=True):
    """The support of a configuration, run-length encoded: (factor, count), in order.

    >>> from energeia.support import Binary, Real, Sphere
    >>> support = Support.of([Binary(), Binary(), Sphere(2), Real()])
    >>> support.width, support.dimension, support.names, support.mixed
    (6, 5, ('binary', 'real', 'sphere'), True)
    >>> print(support)
    0-1: binary(0,1), 2-4: sphere, 5: real
    """

    runs: tuple[tuple[AnyFactor, int], ...]

    @classmethod
    def of(cls, factors: Sequence[Factor]) -> "Support":
        """Run-length encode a sequence of factors."""
        return cls(tuple((c, len(list(g))) for c, g in itertools.groupby(factors)))  # pyright: ignore[reportArgumentType]

    @property
    def blocks(self) -> list[Block]:
        """The runs of equal factors and their columns."""
        stops = np.cumsum([0, *(factor.width * count for factor, count in self.runs)]).tolist()
        return [
            Block(start, stop, factor, count)
            for start, stop, (factor, count) in zip(stops[:-1], stops[1:], self.runs, strict=True)
        ]

    @property
    def factors(self) -> tuple[Factor, ...]:
        """The factors, one entry each."""
        return tuple(factor for factor, count in self.runs for _ in range(count))

    @property
    def columns(self) -> tuple[Factor, ...]:
        """The factor that each column belongs to, one entry a column."""
        return tuple(factor for factor in self.factors for _ in range(factor.width))

    @property
    def width(self) -> int:
        """The number of columns."""
        return sum(factor.width * count for factor, count in self.runs)

    @property
    def dimension(self) -> int:
        """Degrees of freedom."""
        return sum(factor.dimension * count for factor, count in self.runs)

    @property
    def names(self) -> tuple[str, ...]:
        """The kinds of factor present, each once, sorted."""
        return tuple(sorted({factor.name for factor, _ in self.runs}))

    @property
    def linked(self) -> "Support":
        """What the coordinates of the charts are, run by run."""
        charts = [(*factor.linked, count) for factor, count in self.runs]
        return Support(tuple((kind, each * count) for kind, each, count in charts))  # pyright: ignore[reportArgumentType]

    @property
    def flat(self) -> bool:
        """Whether every factor has a global chart of single numbers."""
        return all(factor.charted for factor, _ in self.runs)

    @property
    def discrete(self) -> np.ndarray:
        """Which columns have a finite alphabet, boolean of shape ``(width,)``."""
        return np.array([c.discrete for c in self.columns], dtype=bool)

    @property
    def all_discrete(self) -> bool:
        """Whether every factor has a finite alphabet."""
        return all(factor.discrete for factor, _ in self.runs)

    @property
    def all_continuous(self) -> bool:
        """Whether no factor has a finite alphabet."""
        return not any(factor.discrete for factor, _ in self.runs)

    @property
    def mixed(self) -> bool:
        """Whether discrete and continuous factors are present."""
        return not (self.all_discrete or self.all_continuous)

    @property
    def sizes(self) -> tuple[int, ...]:
        """The alphabet size of each column; 0 for a continuous one."""
        return tuple(c.size if isinstance(c, Alphabet) else 0 for c in self.columns)

    def split(self, x: Any) -> Iterator[tuple[Factor, Any]]:
        """Each run with its values, shape ``(..., count, *shape)``, of rows ``(..., width)``."""
        for start, stop, factor, count in self.blocks:
            yield factor, x[..., start:stop].reshape(*x.shape[:-1], count, *factor.shape)

    def split_coordinates(self, t: Any) -> Iterator[tuple[Factor, Any]]:
        """The same for coordinates of the charts."""
        for (factor, count), (start, stop, *_) in zip(self.runs, self.linked.blocks, strict=True):
            shape = (*t.shape[:-1], count, *factor.coordinate_shape)
            yield factor, t[..., start:stop].reshape(shape)

    def features(self, rows: np.ndarray) -> np.ndarray:
        """Numbers in which near rows are near, shape ``(rows, f)``; see ``Factor.features``."""
        parts = [factor.features(values) for factor, values in self.split(rows)]
        return np.concatenate([part.reshape(len(rows), -1) for part in parts], axis=1)

    def contains(self, rows: np.ndarray) -> np.ndarray:
        """Which rows belong to the support, boolean of shape ``(rows,)``."""
        inside = [factor.contains(values).all(axis=1) for factor, values in self.split(rows)]
        return np.all(inside, axis=0)

    def select(self, columns: Sequence[int]) -> "Support":
        """The support of some of the columns, in the order given.

        Raises:
            InputError: if a part of a factor of several columns is left out.
        """
        cells = self.cells
        return join([cells[i] for i in columns])

    @property
    def cells(self) -> list[tuple[Factor, int]]:
        """The factor of each column, and which of its numbers the column is."""
        return [(factor, k) for factor in self.factors for k in range(factor.width)]

    def check(self, rows: np.ndarray) -> None:
        """Raise if a value lies outside the support.

        Raises:
            InputError: naming the first such column, row and value.
        """
        for block, (factor, values) in zip(self.blocks, self.split(rows), strict=True):
            inside = factor.contains(values)
            if not np.all(inside):
                which = int(np.argmin(np.all(inside, axis=0)))
                self._refuse(block, which, ~inside[:, which], values[:, which])

    def _refuse(self, block: Block, which: int, outside: np.ndarray, values: np.ndarray) -> None:
        row, count = int(np.argmax(outside)), int(np.sum(outside))
        first, last = which * block.factor.width, (which + 1) * block.factor.width - 1
        if block.factor.width == 1:
            raise InputError(
                f"column {block.start + first}, row {row} holds {values[row]:g}, outside its "
                f"support {describe(block.factor)} ({count} rows in all): remove the rows or "
                "declare a wider --support"
            )
        shown = ", ".join(f"{v:.6g}" for v in values[row][:4]) + ", ..." * (last - first > 3)
        raise InputError(
            f"columns {block.start + first}-{block.start + last}, row {row} hold ({shown}) where "
            f"{describe(block.factor)} wants {block.factor.wanted} ({count} rows in all)"
        )

    def __str__(self) -> str:
        parts = []
        for start, stop, factor, _ in self.blocks:
            where = f"{start}" if stop == start + 1 else f"{start}-{stop - 1}"
            parts.append(f"{where}: {describe(factor)}")
        return ", ".join(parts)


def join(cells: Sequence[tuple[Factor, int]]) -> Support:
    """The support of columns, each given as in ``Support.cells``.

    Raises:
        InputError: if the columns of a factor do not stand together.
    """
    factors, at = [], 0
    while at < len(cells):
        factor, last = cells[at][0], at + cells[at][0].width
        if list(cells[at:last]) != [(factor, k) for k in range(factor.width)]:
            raise InputError(
                f"column {at} is one of {factor.width} numbers of {describe(factor)}, whose others "
                "are not beside it: declare or choose all of them"
            )
        factors.append(factor)
        at = last
    return Support.of(factors)


def describe(factor: Factor) -> str:
    """Write a factor as the user would declare it.

    >>> from energeia.support import Binary, Interval, Sphere
    >>> describe(Interval(0.0, 2.5)), describe(Binary((-1.0, 1.0))), describe(Sphere(2))
    ('interval(0,2.5)', 'binary(-1,1)', 'sphere')
    """
    given = ",".join(f"{value:g}" for value in factor.arguments)
    return f"{factor.name}({given})" if given else factor.name
