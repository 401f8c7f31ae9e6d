"""The XY model by quadrature: angles on n points each, the clock model, by transfer matrix.

The trapezoid rule of n points converges exponentially for periodic analytic functions, so a clock
model with enough points is the XY model to double precision. Its transfer matrix commutes with a
turn of all angles, hence has n blocks, one for each Fourier mode of the first angle of a row.
Everything here is numpy in float64 on the host.
"""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from energeia._core.errors import InputError
from energeia.physics.lattice.rows import RowPowers, moments, powers_of, row_states

LARGEST = 3
"""The largest width whose lattice is solved."""


class ClockSolution(NamedTuple):
    """Exact averages of a periodic L x L lattice of N = L^2 angles."""

    log_partition: float
    """log of the integral over all angles, nats."""
    energy: float
    """<E> per site, E = -sum cos(theta_i - theta_j)."""
    specific_heat: float
    """beta^2 (<E^2> - <E>^2) per site."""
    magnetization_2: float
    """<|m|^2>, m = mean of (cos theta, sin theta)."""
    helicity: float
    """<sum cos> / N - beta <(sum sin)^2> / N, sums over the bonds along one axis."""


@lru_cache(maxsize=32)
def solve_clock(L: int, beta: float, points: int | None = None) -> ClockSolution:
    """Exact averages of the XY model of width 2 or 3, or of its clock model with ``points``.

    By default the number of points grows with beta, since weights of exp(4 beta cos) have more
    Fourier modes.

    Raises:
        InputError: for another width.
    """
    if not 2 <= L <= LARGEST:
        raise InputError(
            f"an XY lattice of width {L} was to be solved exactly, and the quadrature is of widths "
            "2 and 3: choose one of them, or measure chains"
        )
    # Widths of two have double bonds, and few angles.
    n, sites = points or (14 + 4 * math.ceil(abs(beta))) * (2 if L == 2 else 1), L * L
    rows, step = _relative_rows(n, L), 2 * np.pi / n
    within = np.cos(step * (rows - np.roll(rows, 1, axis=1))).sum(axis=1)
    between, currents = _between(rows, n)
    bonds = between + 0.5 * (within[:, None] + within[None, :])
    top = float(np.max(beta * bonds))
    weights = np.exp(beta * bonds - top)

    found = powers_of(_modes(weights), L, top)
    # In the scale of the powers.
    weights = weights * np.exp(top - found.log_scale)
    mean, variance = moments(found, _modes(weights * bonds), _modes(weights * bonds**2))
    along, _ = moments(found, _modes(weights * between), _modes(weights * between**2))
    _, twist = moments(found, _modes(weights * currents), _modes(weights * currents**2))
    return ClockSolution(
        log_partition=found.log_partition + sites * math.log(step),
        energy=-mean / sites,
        specific_heat=beta**2 * variance / sites,
        magnetization_2=_magnetization(found, np.exp(1j * step * rows).sum(axis=1)) / sites**2,
        helicity=(along - beta * twist) / sites,
    )


def _relative_rows(n: int, L: int) -> np.ndarray:
    """The rows whose first angle is zero, as multiples of the step."""
    others = row_states(np.arange(n), L - 1)
    return np.concatenate([np.zeros((len(others), 1), int), others], axis=1)


def _between(rows: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Sums of cos and sin of the angles between two rows, the first turned by 0 .. n - 1 steps."""
    cosines = sines = np.zeros(())
    for site in rows.T:
        gap = (2 * np.pi / n) * (site[:, None] - site + np.arange(n)[:, None, None])
        cosines, sines = cosines + np.cos(gap), sines + np.sin(gap)
    return cosines, sines


def _modes(by_turn: Float[np.ndarray, "turns a b"]) -> np.ndarray:
    """The blocks of a matrix M(a + i, b + j) = M_(i - j)(a, b), i and j turns of all angles."""
    return np.fft.fft(by_turn, axis=0)


def _magnetization(found: RowPowers, row: np.ndarray) -> float:
    """<|sum of exp(i theta)|^2>: the sum over rows of <O O*>, O of one row raising the mode."""
    powers, L = found.powers, found.rows
    total = 0.0
    for r in range(L):
        raised = row[:, None] * powers[r] * row.conj()[None, :]
        other = np.roll(powers[L - r], -1, axis=0)  # of the next mode
        total += np.real(np.sum(np.swapaxes(raised, -1, -2) * other))
    return float(L * total / found.trace)
