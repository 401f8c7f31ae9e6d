"""Factors with a finite alphabet, whose values are numbered by codes 0 .. K-1. Needs no JAX."""

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from energeia.support.factor import Factor

_ROUNDED = 2.0**-22
"""How far, relative to itself, a value of an alphabet may be rounded: float32 keeps 2^-24."""


class Alphabet(Factor, frozen=True):
    """One of finitely many numbers."""

    discrete: ClassVar[bool] = True

    @property
    def shape(self) -> tuple[int, ...]:
        """A number."""
        return ()

    @property
    def dimension(self) -> int:
        """One."""
        return 1

    @property
    def measure(self) -> str:
        """Probabilities count values."""
        return "value"

    @property
    @abstractmethod
    def values(self) -> tuple[float, ...]:
        """The alphabet, in the order of its codes."""

    @property
    def size(self) -> int:
        """The number of values."""
        return len(self.values)

    @abstractmethod
    def code(self, x: Any) -> Any:
        """The code of the nearest value of each number."""

    @property
    def exact(self) -> bool:
        """Whether float32 holds every value."""
        values = np.asarray(self.values)
        return bool(np.all(values == values.astype(np.float32)))

    @property
    @abstractmethod
    def coded(self) -> "Alphabet":
        """The same kind of alphabet of the codes."""

    def features(self, x: Any) -> Any:
        """The number itself, so an unordered alphabet gets the order of its values."""
        return x[..., None]

    @property
    def linked(self) -> tuple[Factor, int]:
        """Itself where float32 holds its values, else its codes."""
        return (self if self.exact else self.coded), 1

    def link(self, x: Any) -> Any:
        """The values, or codes where float32 does not hold them."""
        return x if self.exact else self.code(x).astype(np.float64)

    def unlink(self, t: Any) -> Any:
        """Exact values."""
        if self.exact:
            return t
        codes = np.clip(np.round(t), 0, self.size - 1).astype(int)
        return np.asarray(self.values)[codes]


class Integer(Alphabet, frozen=True, tag="integer"):
    """A whole number from ``low`` to ``high``, both included, on an ordered scale.

    Counts have no highest value; here they end at ``high``, far above ``largest``, the largest that
    was seen, and what lies between them is expected to be the rarer the larger it is.
    """

    low: int
    high: int
    largest: int | None = None
    name: ClassVar[str] = "integer"

    @classmethod
    def count(cls, largest: int, low: int = 0) -> "Integer":
        """A count, of which ``largest`` is the largest that was seen.

        >>> Integer.count(30)
        Integer(low=0, high=70, largest=30)
        """
        return cls(low, 2 * largest + 10, largest)

    @property
    def arguments(self) -> tuple[float, ...]:
        """Its ends, and the largest value that was seen of a count."""
        ends = (self.low, self.high)
        return ends if self.largest is None else (*ends, self.largest)

    @property
    def usual(self) -> int:
        """How many values there are up to the largest that was seen."""
        return self.size if self.largest is None else self.largest - self.low + 1

    @property
    def values(self) -> tuple[float, ...]:
        """The alphabet, in order."""
        return tuple(float(v) for v in range(self.low, self.high + 1))

    def contains(self, x: Any) -> Any:
        """Which values belong to this set."""
        return (x == np.round(x)) & (x >= self.low) & (x <= self.high)

    def code(self, x: Any) -> Any:
        """The code of the nearest value of each number."""
        return np.clip(np.round(x) - self.low, 0, self.size - 1).astype(int)

    @property
    def coded(self) -> "Integer":
        """Whole numbers from zero."""
        seen = None if self.largest is None else self.largest - self.low
        return Integer(0, self.size - 1, seen)


class Categorical(Alphabet, frozen=True, tag="categorical"):
    """One of a few unordered values."""

    values: tuple[float, ...]
    name: ClassVar[str] = "categorical"

    @property
    def arguments(self) -> tuple[float, ...]:
        """Its values."""
        return self.values

    def contains(self, x: Any) -> Any:
        """Which values belong to this set."""
        return _among(self.values, x)

    def code(self, x: Any) -> Any:
        """The code of the nearest value of each number."""
        return _codes(self.values, x)

    @property
    def coded(self) -> "Categorical":
        """The codes as unordered values."""
        return Categorical(tuple(float(k) for k in range(self.size)))


class Binary(Alphabet, frozen=True, tag="binary"):
    """One of two values, such as (0, 1) or (-1, 1)."""

    values: tuple[float, float] = (0.0, 1.0)
    name: ClassVar[str] = "binary"

    @property
    def arguments(self) -> tuple[float, ...]:
        """Its values."""
        return self.values

    def contains(self, x: Any) -> Any:
        """Which values belong to this set."""
        return _among(self.values, x)

    def code(self, x: Any) -> Any:
        """The code of the nearest value of each number."""
        return _codes(self.values, x)

    @property
    def coded(self) -> "Binary":
        """Zero and one."""
        return Binary((0.0, 1.0))


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
