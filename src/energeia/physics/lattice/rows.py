"""Powers of transfer matrices: partition functions, moments and perfect samples of periodic rows.

A lattice of L rows with T(a, b) = exp(-E(a, b)) between the rows a and b has Z = tr T^L. Matrices
may come as blocks of shape ``(blocks, states, states)``, whose traces are summed. Everything here
is numpy in float64 on the host.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int, Num, Shaped


class RowPowers(NamedTuple):
    """(T / s)^k for k = 0 .. L, with log s."""

    log_scale: float
    powers: list[np.ndarray]

    @property
    def rows(self) -> int:
        """L."""
        return len(self.powers) - 1

    @property
    def trace(self) -> float:
        """tr (T / s)^L, summed over blocks."""
        return _trace(self.powers[-1])

    @property
    def log_partition(self) -> float:
        """log tr T^L."""
        return float(np.log(self.trace) + self.rows * self.log_scale)


def row_powers(exponent: Float[np.ndarray, "a b"], rows: int) -> RowPowers:
    """The powers of T = exp(exponent), of non-negative numbers.

    >>> found = row_powers(np.zeros((2, 2)), 3)
    >>> bool(abs(found.log_partition - np.log(8)) < 1e-12)
    True
    """
    top = float(exponent.max())
    return powers_of(np.exp(exponent - top), rows, top)


def powers_of(matrix: Num[np.ndarray, "*blocks a b"], rows: int, log_scale: float) -> RowPowers:
    """The powers of a matrix, or of its blocks, that was divided by exp(log_scale)."""
    # Divide by the largest row sum too: powers then neither grow nor vanish.
    norm = float(np.abs(matrix).sum(axis=-1).max())
    powers = [np.broadcast_to(np.eye(matrix.shape[-1]), matrix.shape), matrix / norm]
    for _ in range(2, rows + 1):
        powers.append(powers[-1] @ powers[1])
    return RowPowers(log_scale + float(np.log(norm)), powers)


def moments(
    found: RowPowers, first: Num[np.ndarray, "*blocks a b"], second: Num[np.ndarray, "*blocks a b"]
) -> tuple[float, float]:
    """Mean and variance of F = sum of f(row_k, row_k+1) over the L pairs of rows.

    ``first`` and ``second`` are T f and T f^2, elementwise, in the scale of ``found``.
    """
    powers, rows, z = found.powers, found.rows, found.trace
    mean = rows * _trace_product(first, powers[rows - 1]) / z
    moved = [first] + [first @ powers[k] for k in range(1, rows - 1)]
    square = rows * _trace_product(second, powers[rows - 1])
    square += rows * sum(_trace_product(moved[k], moved[rows - 2 - k]) for k in range(rows - 1))
    return mean, square / z - mean**2


def additive_moments(found: RowPowers, f: Float[np.ndarray, "a b"]) -> tuple[float, float]:
    """``moments`` of a function f of two neighboring rows, of a matrix without blocks."""
    first = found.powers[1] * f
    return moments(found, first, first * f)


def draw_rows(
    rng: np.random.Generator, count: int, found: RowPowers
) -> Int[np.ndarray, "count rows"]:
    """Independent exact lattices, as the numbers of their rows, of a symmetric matrix.

    The first row has probability T^L(a, a) / Z; row k then has weight
    T(a_{k-1}, a) T^{L-k+1}(a, a_1).
    """
    states = len(found.powers[1])
    first = rng.choice(states, size=count, p=normalized(np.diag(found.powers[-1])))
    rows = np.empty((count, found.rows), dtype=np.int64)
    block = max(1, 2**21 // states)
    for start in range(0, count, block):
        part = slice(start, start + block)
        rows[part] = _draw_following(rng, first[part], found.powers)
    return rows


def _draw_following(
    rng: np.random.Generator, first: np.ndarray, powers: list[np.ndarray]
) -> np.ndarray:
    rows, length = [first], len(powers) - 1
    for k in range(2, length + 1):
        # Powers of T are symmetric, so rows replace columns: contiguous gathers.
        weights = powers[1][rows[-1]] * powers[length - k + 1][first]
        cumulative = np.cumsum(weights, axis=1)
        level = rng.random(len(first)) * cumulative[:, -1]
        found = np.sum(cumulative <= level[:, None], axis=1)
        rows.append(np.minimum(found, weights.shape[1] - 1))
    return np.stack(rows, axis=1)


def normalized(p: Float[np.ndarray, " n"]) -> Float[np.ndarray, " n"]:
    """Non-negative numbers divided by their sum."""
    return p / p.sum()


def row_states(values: Shaped[np.ndarray, " q"], L: int) -> Shaped[np.ndarray, "states L"]:
    """Every row of L sites, by its number: site i has the i-th digit, the lowest first.

    >>> row_states(np.array([0, 1]), 2).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    q = len(values)
    return values[(np.arange(q**L)[:, None] // q ** np.arange(L)) % q]


def _trace(matrix: np.ndarray) -> float:
    return float(np.real(np.sum(np.trace(matrix, axis1=-2, axis2=-1))))


def _trace_product(a: np.ndarray, b: np.ndarray) -> float:
    """tr(a b), summed over blocks."""
    return float(np.real(np.sum(np.swapaxes(a, -1, -2) * b)))
