"""The abstract factor of a configuration: what one variable is, and what each part of energeia
needs to know of it. Needs no JAX.

Methods are written once for NumPy and for JAX, on arrays of shape ``(..., *shape)``: they take
their functions from the array they are given.
"""

from abc import ABCMeta, abstractmethod
from typing import Any, ClassVar

import msgspec
import numpy as np


def functions_of(x: Any) -> Any:
    """The array functions that fit ``x``: ``numpy``, or ``jax.numpy``.

    >>> functions_of(np.zeros(2)).__name__
    'numpy'
    """
    own = getattr(x, "__array_namespace__", None)
    return np if own is None else own()


class _Meta(type(msgspec.Struct), ABCMeta):
    """Structs with abstract methods."""


class Factor(msgspec.Struct, frozen=True, metaclass=_Meta):
    """One variable of a configuration, which may be stored as several numbers.

    A value x has the shape ``shape``: ``()`` for a number, ``(width,)`` for more. Its chart t, of
    ``coordinates`` numbers, is what models see once it is shifted and scaled; a factor without a
    global chart is its own chart, and models treat it as what it is.
    """

    name: ClassVar[str]
    discrete: ClassVar[bool]
    """Whether it has a finite alphabet."""
    charted: ClassVar[bool] = True
    """Whether it has a global chart of single numbers."""
    wanted: ClassVar[str] = ""
    """What several numbers have to satisfy together, for messages."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The shape of one value."""

    @property
    def width(self) -> int:
        """How many numbers are stored."""
        return int(np.prod(self.shape, dtype=int))

    @property
    @abstractmethod
    def dimension(self) -> int:
        """Degrees of freedom."""

    @property
    @abstractmethod
    def measure(self) -> str:
        """What densities are per unit of."""

    @property
    @abstractmethod
    def arguments(self) -> tuple[float, ...]:
        """The numbers that a user declares it with."""

    @abstractmethod
    def contains(self, x: Any) -> Any:
        """Which values belong to this set; the shape of ``x`` without that of a value."""

    @abstractmethod
    def features(self, x: Any) -> Any:
        """Numbers in which near values are near, shape ``(..., f)``, for comparisons of samples."""

    @property
    @abstractmethod
    def linked(self) -> "tuple[Factor, int]":
        """What the coordinates of the chart are, and how many."""

    @abstractmethod
    def link(self, x: Any) -> Any:
        """The coordinates t of x, shape ``(..., *coordinate_shape)``; NaN or infinite outside."""

    @abstractmethod
    def unlink(self, t: Any) -> Any:
        """The x of coordinates t."""

    @property
    def coordinate_shape(self) -> tuple[int, ...]:
        """The shape of the coordinates of one value."""
        kind, count = self.linked
        return (count,) if self.shape and kind.width == 1 else kind.shape


class Continuous(Factor, frozen=True):
    """A factor with a density.

    Its distances are those of the space that its numbers are embedded in, so chains move along
    geodesics: straight lines, or great circles.
    """

    discrete: ClassVar[bool] = False
    anchor: ClassVar[float | tuple[float, ...] | None] = None
    """A value that stands for those outside, where their gradients would not be finite; one number
    stands for all of its numbers."""

    @abstractmethod
    def log_slope(self, t: Any) -> tuple[Any, float]:
        """log |dt/dx| of the chart per unit of ``measure``: what varies with t, and a constant."""

    @abstractmethod
    def tangent(self, x: Any, v: Any) -> Any:
        """The part of v that is tangent at x."""

    @abstractmethod
    def move(self, x: Any, v: Any) -> tuple[Any, Any]:
        """Where the geodesic from x with velocity v is after unit time, and its velocity there."""

    @abstractmethod
    def distance(self, x: Any, y: Any) -> Any:
        """The length of the shortest geodesic."""


class Number(Continuous, frozen=True):
    """A continuous factor stored as one number."""

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
        """Length."""
        return "unit of x"


class Straight(Number, frozen=True):
    """A number on the line or a part of it."""

    def features(self, x: Any) -> Any:
        """The number."""
        return x[..., None]

    def tangent(self, x: Any, v: Any) -> Any:
        """All of v."""
        return v

    def move(self, x: Any, v: Any) -> tuple[Any, Any]:
        """x + v; beyond an end it is outside."""
        return x + v, v

    def distance(self, x: Any, y: Any) -> Any:
        """|x - y|."""
        return abs(x - y)
