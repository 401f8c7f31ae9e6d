"""Rows in the user's units and standardized rows, in float64 on the host. Needs no JAX.

A device computes in float32, which holds neither 1e-40 nor the difference of 1e9 and 1e9 + 1e-3.
So rows are standardized before they are cast, and draws are brought back after they left it.
"""

from typing import NamedTuple

import msgspec
import numpy as np
from jaxtyping import Float

from energeia.conditions import ConditionColumn, standardize
from energeia.support import (
    Binary,
    Categorical,
    Circle,
    Column,
    Integer,
    Interval,
    Positive,
    Real,
    Support,
)

LARGEST = 1e300
"""The largest number that is standardized: twice as much is still far from an overflow."""


class Block(NamedTuple):
    """Equal columns that stand side by side."""

    start: int
    stop: int
    column: Column


class Standardization(msgspec.Struct, frozen=True):
    """z = (link(x) - location) / scale for continuous columns, with x in the user's units.

    The link is the logarithm for positive columns, the logit for intervals and the identity for
    real ones. A circle becomes an angle in [-pi, pi]. Discrete columns stay as they are where
    float32 holds their values exactly, and become codes 0 .. K-1 where it does not. Without
    ``location`` and ``scale`` every column stays as it is.

    >>> standardization = Standardization(Support(((Real(), 1),)), (1e9,), (1e-3,))
    >>> standardization.encode(np.array([[1e9 + 2e-3]])).round(3)
    array([[2.]])
    >>> round(float(standardization.decode(np.array([[2.0]]))[0, 0] - 1e9), 5)
    0.002
    """

    support: Support
    """What the columns are in the user's units."""
    location: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    conditions: tuple[ConditionColumn, ...] = ()
    """What is known of the conditions; without it they stay as they are, too."""

    @property
    def identity(self) -> bool:
        """Whether rows stay as they are."""
        return not self.scale

    @property
    def standardized(self) -> Support:
        """What the columns are once they are standardized."""
        if self.identity:
            return self.support
        return Support(tuple((_standardized(column), n) for column, n in self.support.runs))

    @property
    def blocks(self) -> list[Block]:
        """The runs of equal columns."""
        bounds = np.cumsum([0, *(count for _, count in self.support.runs)])
        runs = self.support.runs
        return [Block(int(bounds[i]), int(bounds[i + 1]), c) for i, (c, _) in enumerate(runs)]

    def encode(self, x: Float[np.ndarray, "rows d"]) -> Float[np.ndarray, "rows d"]:
        """Standardized rows; a value outside the support becomes NaN or an infinity."""
        if self.identity:
            return x
        z = np.array(x, dtype=np.float64)
        for start, stop, column in self.blocks:
            z[:, start:stop] = link(column, z[:, start:stop])
        return (z - np.asarray(self.location)) / np.asarray(self.scale)

    def decode(self, z: Float[np.ndarray, "rows d"]) -> Float[np.ndarray, "rows d"]:
        """Rows in the user's units, float64; discrete columns hold their exact values."""
        if self.identity:
            return z
        x = np.asarray(z, dtype=np.float64) * np.asarray(self.scale) + np.asarray(self.location)
        for start, stop, column in self.blocks:
            x[:, start:stop] = _unlinked(column, x[:, start:stop])
        return x

    def encode_condition(self, condition: Float[np.ndarray, "rows c"] | None) -> np.ndarray | None:
        """Standardized conditions, or None for None."""
        return None if condition is None else standardize(self.conditions, condition)


def link(column: Column, x: np.ndarray) -> np.ndarray:
    """The unconstrained value of each value of a column, float64."""
    with np.errstate(divide="ignore", invalid="ignore"):
        match column:
            case Positive():
                return np.log(x)
            case Interval(low, high):
                return np.log(x - low) - np.log(high - x)
            case Circle(low, high):
                return (x - low) * (2 * np.pi / (high - low)) - np.pi
            case Binary() | Categorical() | Integer() if not _exact(column):
                return column.code(x).astype(np.float64)
            case _:
                return x


def _unlinked(column: Column, t: np.ndarray) -> np.ndarray:
    match column:
        case Positive():
            with np.errstate(over="ignore", under="ignore"):
                return np.exp(t)
        case Interval(low, high):
            inside = np.nextafter([low, high], [high, low])
            return np.clip(low + (high - low) * _logistic(t), *inside)
        case Circle(low, high):
            return np.clip(low + (high - low) * ((t + np.pi) / (2 * np.pi)), low, high)
        case Binary() | Categorical() | Integer() if not _exact(column):
            codes = np.clip(np.round(t), 0, column.size - 1).astype(int)
            return np.asarray(column.values)[codes]
        case _:
            return t


def _logistic(t: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", under="ignore"):
        return 1.0 / (1.0 + np.exp(-t))


def _standardized(column: Column) -> Column:
    match column:
        case Positive() | Interval():
            return Real()
        case Circle():
            return Circle(-np.pi, np.pi)
        case Integer() if not _exact(column):
            return Integer(0, column.size - 1)
        case Binary() if not _exact(column):
            return Binary((0.0, 1.0))
        case Categorical() if not _exact(column):
            return Categorical(tuple(float(k) for k in range(column.size)))
        case _:
            return column


def _exact(column: Integer | Categorical | Binary) -> bool:
    """Whether float32 holds every value of an alphabet."""
    if isinstance(column, Integer):
        return max(abs(column.low), abs(column.high)) <= 2**24
    values = np.asarray(column.values)
    return bool(np.all(values == values.astype(np.float32)))


def needs_codes(support: Support) -> bool:
    """Whether some alphabet holds values that float32 does not."""
    return any(column.discrete and not _exact(column) for column, _ in support.runs)  # pyright: ignore[reportArgumentType]
