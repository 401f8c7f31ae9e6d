"""Unitary matrices of determinant one: the links of a lattice gauge theory. Needs no JAX."""

import math
from typing import Any, ClassVar

import numpy as np

from energeia.support.factor import Continuous, Factor, functions_of

_ROUNDED = 2.0**-20
"""How far an entry of a product with the adjoint may be from its value: float32 keeps 2^-24."""


class SpecialUnitary(Continuous, frozen=True, tag="su"):
    """A matrix of SU(n), stored as the n^2 real parts of its rows, then the n^2 imaginary parts.

    Distances are those of the Frobenius norm, so geodesics are U exp(A) with A = -A^+ of trace zero
    and length |A|. Densities are with respect to the volume of this metric, a multiple of the Haar
    measure (``volume``). There is no global chart; chains move along geodesics.

    >>> SpecialUnitary(3).width, SpecialUnitary(3).dimension
    (18, 8)
    """

    n: int
    name: ClassVar[str] = "su"
    charted: ClassVar[bool] = False
    wanted: ClassVar[str] = "a unitary matrix of determinant 1, its real parts first"

    def __post_init__(self) -> None:
        if self.n < 2:
            raise ValueError("SU(n) has n = 2 or more")

    @property
    def shape(self) -> tuple[int, ...]:
        """A vector of 2 n^2 numbers."""
        return (2 * self.n**2,)

    @property
    def dimension(self) -> int:
        """n^2 - 1."""
        return self.n**2 - 1

    @property
    def volume(self) -> float:
        """The total measure, sqrt(n) (2 pi)^((n - 1)(n + 2) / 2) / (1! 2! ... (n - 1)!)."""
        factorials = math.prod(math.factorial(k) for k in range(1, self.n))
        exponent = (self.n - 1) * (self.n + 2) / 2
        return math.sqrt(self.n) * (2 * math.pi) ** exponent / factorials

    @property
    def measure(self) -> str:
        """Volume."""
        return "unit of volume of SU(n) in the Frobenius metric"

    @property
    def arguments(self) -> tuple[float, ...]:
        """n."""
        return (self.n,)

    @property
    def anchor(self) -> tuple[float, ...]:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The identity."""
        return tuple(np.concatenate([np.eye(self.n).ravel(), np.zeros(self.n**2)]).tolist())

    def matrix(self, x: Any) -> Any:
        """The complex matrices of stored numbers, shape ``(..., n, n)``."""
        parts = x.reshape(*x.shape[:-1], 2, self.n, self.n)
        return parts[..., 0, :, :] + 1j * parts[..., 1, :, :]

    def stored(self, u: Any) -> Any:
        """The numbers that store complex matrices, shape ``(..., 2 n^2)``."""
        at = functions_of(u)
        parts = at.stack([at.real(u), at.imag(u)], axis=-3)
        return parts.reshape(*u.shape[:-2], 2 * self.n**2)

    def contains(self, x: Any) -> Any:
        """Which numbers are a unitary matrix of determinant one, up to rounding to float32."""
        at, u = functions_of(x), self.matrix(x)
        with np.errstate(over="ignore", invalid="ignore"):
            apart = at.abs(_adjoint(u) @ u - np.eye(self.n)).max(axis=(-2, -1))
            phase = at.abs(at.linalg.det(u) - 1)
        return (apart <= _ROUNDED * self.n) & (phase <= _ROUNDED * self.n)

    def features(self, x: Any) -> Any:
        """The entries."""
        return x

    @property
    def linked(self) -> tuple[Factor, int]:
        """Itself."""
        return self, 1

    def link(self, x: Any) -> Any:
        """The numbers as they are."""
        return x

    def unlink(self, t: Any) -> Any:
        """The unitary factor of the polar decomposition, divided by a root of its determinant.

        Of independent normal numbers it is distributed by the Haar measure.
        """
        left, _, right = functions_of(t).linalg.svd(self.matrix(t))
        return self.stored(self._of_determinant_one(left @ right))

    def log_slope(self, t: Any) -> tuple[Any, float]:
        """Zero: it is its own chart."""
        return functions_of(t).zeros_like(t[..., 0]), 0.0

    def tangent(self, x: Any, v: Any) -> Any:
        """U A, where A is the part of U^+ V that is anti-Hermitian and of trace zero."""
        u = self.matrix(x)
        return self.stored(u @ self._algebra(_adjoint(u) @ self.matrix(v)))

    def move(self, x: Any, v: Any) -> tuple[Any, Any]:
        """U exp(A) and the velocity U exp(A) A, with A = U^+ V."""
        u = self.matrix(x)
        a = self._algebra(_adjoint(u) @ self.matrix(v))
        there = u @ _exponential(a)
        # Rounding leaves SU(n) by a little in every step: one Newton step of the polar
        # decomposition and a phase bring the matrix back.
        there = there @ (1.5 * np.eye(self.n) - 0.5 * (_adjoint(there) @ there))
        there = self._of_determinant_one(there)
        return self.stored(there), self.stored(there @ a)

    def distance(self, x: Any, y: Any) -> Any:
        """The norm of the logarithm of U^+ W of trace zero with the smallest eigenphases.

        The eigenphases of U^+ W, each in (-pi, pi], sum to 2 pi k. Where k is not zero, 2 pi is
        taken from (or added to) the |k| that are largest (or smallest).
        """
        at = functions_of(x)
        product = _adjoint(self.matrix(x)) @ self.matrix(y)
        phases = at.sort(at.angle(at.linalg.eigvals(product)), axis=-1)
        turns = at.round(at.sum(phases, axis=-1, keepdims=True) / (2 * np.pi))
        rank = np.arange(self.n)
        lowered, raised = rank >= self.n - turns, rank < -turns
        phases = phases - 2 * np.pi * (1.0 * lowered - 1.0 * raised)
        return at.sqrt(at.sum(phases**2, axis=-1))

    def _of_determinant_one(self, u: Any) -> Any:
        at = functions_of(u)
        return u * at.exp(-1j / self.n * at.angle(at.linalg.det(u)))[..., None, None]

    def _algebra(self, m: Any) -> Any:
        at = functions_of(m)
        a = 0.5 * (m - _adjoint(m))
        trace = at.trace(a, axis1=-2, axis2=-1)[..., None, None]
        return a - trace / self.n * np.eye(self.n)


def _adjoint(u: Any) -> Any:
    at = functions_of(u)
    return at.conj(at.swapaxes(u, -1, -2))


def _exponential(a: Any) -> Any:
    """exp(A) of anti-Hermitian A, by the eigenvalues of the Hermitian matrix i A."""
    at = functions_of(a)
    values, vectors = at.linalg.eigh(1j * a)
    return (vectors * at.exp(-1j * values)[..., None, :]) @ _adjoint(vectors)
