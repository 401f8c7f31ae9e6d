"""Exact two-dimensional Ising lattices: transfer matrix, Kaufman's formula, perfect samples.

A row of L spins is a number 0 .. 2^L - 1. With K = beta J and H = beta h,

    T(a, b) = exp(A(a)/2 + K a.b + A(b)/2),   A(a) = K sum_i a_i a_{i+1} + H sum_i a_i,

and Z = tr T^L, periodic both ways. Everything here is numpy in float64 on the host.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from energeia._core.errors import InputError
from energeia.physics.lattice.rows import (
    RowPowers,
    additive_moments,
    draw_rows,
    normalized,
    row_powers,
    row_states,
)

LARGEST = 10
"""The largest width whose 2^L x 2^L matrices are used."""


class IsingSolution(NamedTuple):
    """Exact averages of a periodic L x L lattice of N = L^2 spins."""

    log_partition: float
    """log Z, nats."""
    energy: float
    """<E> per site, E = -J sum s s' - h sum s, in units of J."""
    specific_heat: float
    """beta^2 (<E^2> - <E>^2) per site, in units of k_B."""
    abs_magnetization: float
    """<|m|>, m = sum s / N."""
    magnetization: float
    """<m>."""
    magnetization_2: float
    """<m^2>."""
    magnetization_4: float
    """<m^4>."""
    susceptibility: float
    """beta N (<m^2> - <|m|>^2)."""
    entropy: float
    """log Z + beta <E> of the whole lattice, nats."""
    magnetization_distribution: np.ndarray
    """P(M) for M = -N, -N + 2, ..., N."""


@lru_cache(maxsize=32)
def solve(L: int, beta: float, J: float = 1.0, h: float = 0.0) -> IsingSolution:
    """Exact averages by transfer matrix, width at most 10.

    log Z, <E> and the specific heat come from the first two derivatives of tr T^L in beta; the
    magnetization from tr (T_k)^L with a phase exp(i k M), transformed back over k.

    Raises:
        InputError: if L is below 2 or above 10.
    """
    _check_width(L)
    found = _powers(L, beta, J, h)
    spins = row_spins(L)
    row = J * np.sum(spins * np.roll(spins, 1, axis=1), axis=1) + h * np.sum(spins, axis=1)
    slope = 0.5 * (row[:, None] + row[None, :]) + J * (spins @ spins.T)
    mean, variance = additive_moments(found, slope)
    sites = L * L
    log_z = found.log_partition
    p = _magnetization(found.powers[1], spins, L)
    m = np.linspace(-1.0, 1.0, sites + 1)
    m2, absolute = float(np.sum(p * m**2)), float(np.sum(p * np.abs(m)))
    return IsingSolution(
        log_partition=log_z,
        energy=float(-mean / sites),
        specific_heat=float(beta**2 * variance / sites),
        abs_magnetization=absolute,
        magnetization=float(np.sum(p * m)),
        magnetization_2=m2,
        magnetization_4=float(np.sum(p * m**4)),
        susceptibility=float(beta * sites * (m2 - absolute**2)),
        entropy=float(log_z - beta * mean),
        magnetization_distribution=p,
    )


def sample(
    rng: np.random.Generator, count: int, L: int, beta: float, J: float = 1.0, h: float = 0.0
) -> Float[np.ndarray, "count L L"]:
    """Independent exact configurations, spins -1 and +1.

    Raises:
        InputError: if L is below 2 or above 10.
    """
    _check_width(L)
    rows = draw_rows(rng, count, _powers(L, beta, J, h))
    return row_spins(L)[rows].astype(np.float32)


def kaufman(L: int, beta: float, J: float = 1.0) -> float:
    """log Z of the periodic L x L lattice without field (Kaufman 1949, eq. 93), any L, J > 0.

    >>> abs(kaufman(8, 0.4) / 64 - 0.88436545) < 1e-8
    True
    """
    K = beta * J
    r = np.arange(2 * L)
    argument = np.cosh(2 * K) ** 2 / np.sinh(2 * K) - np.cos(np.pi * r / L)
    gamma = np.arccosh(np.maximum(argument, 1.0))
    gamma[0] = 2 * K + np.log(np.tanh(K))
    half = 0.5 * L * gamma
    terms, signs = [], []
    for parity in (1, 0):
        g = half[parity::2]
        grow = np.abs(g)
        terms.append(np.sum(grow + np.log1p(np.exp(-2 * grow))))
        with np.errstate(divide="ignore"):
            terms.append(np.sum(grow + np.log(-np.expm1(-2 * grow))))
        signs += [1.0, float(np.prod(np.sign(g)))]
    total = logsumexp(np.array(terms), b=np.array(signs))
    return float(-np.log(2.0) + 0.5 * L * L * np.log(2 * np.sinh(2 * K)) + total)


def _check_width(L: int) -> None:
    if not 2 <= L <= LARGEST:
        raise InputError(
            f"a lattice of width {L} was asked for where the transfer matrix supports widths 2 to "
            f"{LARGEST}: choose a width in that range"
        )


def row_spins(L: int) -> np.ndarray:
    """The spins of every row, by its number, of shape ``(2^L, L)``."""
    return row_states(np.array([-1.0, 1.0]), L)


@lru_cache(maxsize=4)
def _powers(L: int, beta: float, J: float, h: float) -> RowPowers:
    spins = row_spins(L)
    row = beta * J * np.sum(spins * np.roll(spins, 1, axis=1), axis=1)
    row = row + beta * h * np.sum(spins, axis=1)
    exponent = 0.5 * (row[:, None] + row[None, :]) + beta * J * (spins @ spins.T)
    return row_powers(exponent, L)


def _magnetization(matrix: np.ndarray, spins: np.ndarray, L: int) -> np.ndarray:
    """P(M) by a discrete Fourier transform of the generating function of up spins."""
    values = L * L + 1
    up = 0.5 * (spins.sum(axis=1) + L)
    sectors = [(b.conj().T @ matrix @ b, up[o]) for b, o in _momentum_bases(L)]
    angles = 2 * np.pi * np.arange(values // 2 + 1) / values
    half = np.array(
        [sum(_trace_power(t, np.exp(0.5j * k * u), L) for t, u in sectors) for k in angles]
    )
    # The other half is the conjugate of this one, since P(M) is real.
    return normalized(np.maximum(np.fft.hfft(half, values), 0.0))


def _momentum_bases(L: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Orthonormal rows of each momentum under shifts, with a member of each orbit.

    T commutes with a shift of both rows, so it is block diagonal, with L blocks of about 2^L / L
    rows, and the magnetization of a row is that of its orbit.
    """
    rows = np.arange(2**L)
    shifted = np.stack([((rows << k) | (rows >> (L - k))) & (2**L - 1) for k in range(L)])
    orbit = np.flatnonzero(shifted.min(axis=0) == rows)
    bases = []
    for p in range(L):
        basis = np.zeros((2**L, len(orbit)), dtype=complex)
        for k in range(L):
            np.add.at(
                basis, (shifted[k, orbit], np.arange(len(orbit))), np.exp(2j * np.pi * p * k / L)
            )
        norm = np.linalg.norm(basis, axis=0)
        kept = norm > 1e-9
        bases.append((basis[:, kept] / norm[kept], orbit[kept]))
    return bases


def _trace_power(matrix: np.ndarray, half_phase: np.ndarray, L: int) -> complex:
    twisted = half_phase[:, None] * matrix * half_phase[None, :]
    return complex(np.trace(np.linalg.matrix_power(twisted, L)))
