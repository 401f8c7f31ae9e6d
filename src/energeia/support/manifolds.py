"""Factors of several numbers: directions, rotations, compositions. Needs no JAX."""

import math
from typing import Any, ClassVar

import numpy as np

from energeia.support.factor import Continuous, Factor, functions_of
from energeia.support.numbers import Real

_ROUNDED = 2.0**-22
"""How far a sum of four terms may be from one: float32 keeps 2^-24 of each."""


class UnitVector(Continuous, frozen=True):
    """Base of factors whose values are unit vectors. There is no global chart."""

    charted: ClassVar[bool] = False

    def contains(self, x: Any) -> Any:
        """Which vectors have norm one, up to rounding to float32."""
        return abs(_norm(x) - 1) <= _allowed(x)

    @property
    def linked(self) -> tuple[Factor, int]:
        """Itself."""
        return self, 1

    def link(self, x: Any) -> Any:
        """x / |x|."""
        return normalized(x)

    def log_slope(self, t: Any) -> tuple[Any, float]:
        """Zero: it is its own chart."""
        return functions_of(t).zeros_like(t[..., 0]), 0.0

    def tangent(self, x: Any, v: Any) -> Any:
        """v - (v . x) x."""
        return v - functions_of(x).sum(x * v, axis=-1, keepdims=True) * x

    def move(self, x: Any, v: Any) -> tuple[Any, Any]:
        """Along the great circle: cos|v| x + sin|v| v/|v|."""
        at = functions_of(x)
        speed = _norm(v)[..., None]
        direction = v / at.where(speed > 0, speed, 1.0)
        there = normalized(at.cos(speed) * x + at.sin(speed) * direction)
        velocity = speed * (at.cos(speed) * direction - at.sin(speed) * x)
        return there, self.tangent(there, velocity)


class Sphere(UnitVector, frozen=True, tag="sphere"):
    """A unit vector of n + 1 numbers, a point of the sphere S^n; S^2 are the directions in space.

    Densities are with respect to the surface measure, whose total is 4 pi on S^2.

    >>> round(Sphere(2).area / math.pi, 6), Sphere(2).width, Sphere(2).dimension
    (4.0, 3, 2)
    """

    n: int = 2
    name: ClassVar[str] = "sphere"
    wanted: ClassVar[str] = "norm 1: divide them by their norm"

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError("a sphere has one dimension or more")

    @property
    def shape(self) -> tuple[int, ...]:
        """A vector of n + 1 numbers."""
        return (self.n + 1,)

    @property
    def dimension(self) -> int:
        """n."""
        return self.n

    @property
    def area(self) -> float:
        """The total measure, 2 pi^((n+1)/2) / Gamma((n+1)/2)."""
        half = (self.n + 1) / 2
        return 2 * math.pi**half / math.gamma(half)

    @property
    def measure(self) -> str:
        """Surface."""
        return "steradian" if self.n == 2 else "unit of surface"

    @property
    def arguments(self) -> tuple[float, ...]:
        """n, where it is not 2."""
        return () if self.n == 2 else (self.n,)

    @property
    def anchor(self) -> float | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Every component of one unit vector."""
        return (self.n + 1) ** -0.5

    def features(self, x: Any) -> Any:
        """The vector."""
        return x

    def unlink(self, t: Any) -> Any:
        """t / |t|."""
        return normalized(t)

    def distance(self, x: Any, y: Any) -> Any:
        """The angle between x and y."""
        return _angle(x, y)


class Rotation(UnitVector, frozen=True, tag="rotation"):
    """A rotation of space as a unit quaternion (w, x, y, z); q and -q are the same rotation.

    Densities are with respect to the surface measure of one half of S^3, whose total is pi^2: that
    is one eighth of the volume in rotation vectors near the identity.
    """

    name: ClassVar[str] = "rotation"
    wanted: ClassVar[str] = "norm 1 as a quaternion (w, x, y, z): divide them by their norm"
    area: ClassVar[float] = math.pi**2
    anchor: ClassVar[float | None] = 0.5

    @property
    def shape(self) -> tuple[int, ...]:
        """A vector of four numbers."""
        return (4,)

    @property
    def dimension(self) -> int:
        """Three."""
        return 3

    @property
    def measure(self) -> str:
        """Surface of unit quaternions."""
        return "unit of quaternion surface"

    @property
    def arguments(self) -> tuple[float, ...]:
        """None."""
        return ()

    def features(self, x: Any) -> Any:
        """The nine entries of the matrix, equal for q and -q."""
        at = functions_of(x)
        products = x[..., :, None] * x[..., None, :]
        w, a, b, c = (products[..., i, :] for i in range(4))
        rows = [
            w[..., 0] + a[..., 1] - b[..., 2] - c[..., 3], 2 * (a[..., 2] - w[..., 3]),
            2 * (a[..., 3] + w[..., 2]), 2 * (a[..., 2] + w[..., 3]),
            w[..., 0] - a[..., 1] + b[..., 2] - c[..., 3], 2 * (b[..., 3] - w[..., 1]),
            2 * (a[..., 3] - w[..., 2]), 2 * (b[..., 3] + w[..., 1]),
            w[..., 0] - a[..., 1] - b[..., 2] + c[..., 3],
        ]  # fmt: skip
        return at.stack(rows, axis=-1)

    def unlink(self, t: Any) -> Any:
        """q / |q| or -q / |q|, whichever has w >= 0."""
        q = normalized(t)
        return functions_of(t).where(q[..., :1] < 0, -q, q)

    def distance(self, x: Any, y: Any) -> Any:
        """The angle between quaternions up to their sign: half the angle of rotation."""
        at = functions_of(x)
        angle = _angle(x, y)
        return at.minimum(angle, np.pi - angle)


class Simplex(Continuous, frozen=True, tag="simplex"):
    """A composition: n + 1 positive parts of sum one.

    Densities are with respect to the Lebesgue measure of the first n parts. The chart are isometric
    log-ratios, the logarithms of the parts in an orthonormal basis of vectors of sum zero (Egozcue
    et al. 2003), so no part is singled out.

    >>> t = Simplex(2).link(np.array([0.2, 0.3, 0.5]))
    >>> Simplex(2).unlink(t).round(6).tolist()
    [0.2, 0.3, 0.5]
    """

    n: int
    name: ClassVar[str] = "simplex"
    wanted: ClassVar[str] = "positive parts of sum 1: divide them by their sum, replace zeros"

    def __post_init__(self) -> None:
        if self.n < 1:
            raise ValueError("a composition has two parts or more")

    @property
    def shape(self) -> tuple[int, ...]:
        """A vector of n + 1 parts."""
        return (self.n + 1,)

    @property
    def dimension(self) -> int:
        """n."""
        return self.n

    @property
    def measure(self) -> str:
        """Lebesgue measure."""
        return "unit of the first n parts"

    @property
    def arguments(self) -> tuple[float, ...]:
        """n."""
        return (self.n,)

    @property
    def anchor(self) -> float | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Equal parts."""
        return 1 / (self.n + 1)

    @property
    def basis(self) -> np.ndarray:
        """Orthonormal columns of sum zero, shape ``(n + 1, n)``."""
        k = np.arange(1, self.n + 1)
        upper = np.triu(np.ones((self.n + 1, self.n)))
        upper[k, k - 1] = -k
        return upper / np.sqrt(k * (k + 1))

    def contains(self, x: Any) -> Any:
        """Which vectors are positive and of sum one, up to rounding to float32."""
        at = functions_of(x)
        with np.errstate(over="ignore"):
            return at.all(x > 0, axis=-1) & (abs(at.sum(x, axis=-1) - 1) <= _allowed(x))

    def features(self, x: Any) -> Any:
        """The parts."""
        return x

    @property
    def linked(self) -> tuple[Factor, int]:
        """n real numbers."""
        return Real(), self.n

    def link(self, x: Any) -> Any:
        """The isometric log-ratios of the parts."""
        return functions_of(x).log(x) @ self.basis.astype(x.dtype)

    def unlink(self, t: Any) -> Any:
        """The composition with these log-ratios, every part above zero however large they are."""
        at = functions_of(t)
        return at.maximum(at.exp(self._log_parts(t)), at.finfo(at.result_type(t)).tiny)

    def log_slope(self, t: Any) -> tuple[Any, float]:
        """Minus the sum of the logarithms of all parts, and -log(n + 1) / 2."""
        return -functions_of(t).sum(self._log_parts(t), axis=-1), -0.5 * math.log(self.n + 1)

    def _log_parts(self, t: Any) -> Any:
        at = functions_of(t)
        raw = t @ self.basis.T.astype(t.dtype)
        raw = raw - at.max(raw, axis=-1, keepdims=True)
        return raw - at.log(at.sum(at.exp(raw), axis=-1, keepdims=True))

    def tangent(self, x: Any, v: Any) -> Any:
        """The part of v that keeps the sum."""
        return v - functions_of(v).mean(v, axis=-1, keepdims=True)

    def move(self, x: Any, v: Any) -> tuple[Any, Any]:
        """x + v; beyond a face it is outside."""
        return x + v, v

    def distance(self, x: Any, y: Any) -> Any:
        """|x - y|."""
        return _norm(x - y)


def normalized(x: Any) -> Any:
    """x / |x|."""
    return x / functions_of(x).sqrt(functions_of(x).sum(x * x, axis=-1, keepdims=True))


def _norm(x: Any) -> Any:
    # Rows that are no unit vectors may hold any number: their norm may be infinite.
    with np.errstate(over="ignore"):
        return functions_of(x).sqrt(functions_of(x).sum(x * x, axis=-1))


def _allowed(x: Any) -> float:
    return _ROUNDED * max(1.0, x.shape[-1] / 4)


def _angle(x: Any, y: Any) -> Any:
    """Accurate for small and for large angles, unlike the arc cosine of the product."""
    return 2 * functions_of(x).arctan2(_norm(x - y), _norm(x + y))
