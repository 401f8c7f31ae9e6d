"""Compact U(1) gauge theory in two dimensions by its character expansion.

exp(beta cos theta) = sum_n I_n(beta) exp(i n theta). Integrating the links leaves one number n for
all V plaquettes of a torus, Z = (2 pi)^(2 V) sum_n I_n^V, and a loop around A of them raises theirs
by one. Everything here is numpy in float64 on the host.
"""

from functools import lru_cache
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import ive

from energeia._core.errors import InputError


class GaugeSolution(NamedTuple):
    """Exact averages of a periodic lattice of V = L^2 plaquettes."""

    log_partition: float
    """log of the integral over all 2 V link angles, nats."""
    plaquette: float
    """<cos theta_P>."""
    charge_2: float
    """<Q^2>, Q = sum of theta_P in [-pi, pi), over 2 pi."""


@lru_cache(maxsize=32)
def solve_u1(L: int, beta: float) -> GaugeSolution:
    """Exact averages of the periodic L x L lattice, any L.

    A weight exp(i t Q) multiplies that of each plaquette by exp(i t theta_P / 2 pi), which takes
    I_n to f(n - t / 2 pi) with f(nu) = 1 / (2 pi) times the integral of exp(beta cos a) cos(nu a)
    over one turn. Then <Q^2> = -d^2 log Z / dt^2 at t = 0.

    >>> round(solve_u1(8, 2.0).charge_2, 4)
    1.2393
    """
    volume, c = L * L, _coefficients(beta)
    z = np.sum(c.value**volume)
    rest = c.value ** (volume - 2)
    curvature = volume * rest * (c.value * c.curvature + (volume - 1) * c.slope**2)
    per_plaquette = 2 * np.log(2 * np.pi) + np.log(ive(0, beta)) + abs(beta)
    return GaugeSolution(
        log_partition=float(volume * per_plaquette + np.log(z)),
        plaquette=float(np.sum(rest * c.value * c.cosine) / z),
        charge_2=float(-np.sum(curvature) / (4 * np.pi**2 * z)),
    )


def wilson_loop(L: int, beta: float, height: int, width: int) -> float:
    """<cos of the sum of angles around a rectangle>, sum_n I_n^(V - A) I_(n+1)^A / sum_n I_n^V.

    The area law (I_1 / I_0)^A, A = height times width, up to corrections of the torus.

    Raises:
        InputError: for a side below 1 or above L - 1, whose loop meets itself.

    >>> round(wilson_loop(8, 2.0, 2, 3), 6), round((1.5906368546 / 2.2795853024) ** 6, 6)
    (0.115423, 0.115423)
    """
    require_rectangle(L, height, width)
    value, area = _coefficients(beta).value, height * width
    outside, inside = value[:-1] ** (L * L - area), value[1:] ** area
    return float(np.sum(outside * inside) / np.sum(value ** (L * L)))


def require_rectangle(L: int, height: int, width: int) -> None:
    """Raise for sides that do not fit.

    Raises:
        InputError: for a side below 1 or above L - 1.
    """
    if not (1 <= height < L and 1 <= width < L):
        raise InputError(
            f"a Wilson loop of {height} x {width} was asked for on a lattice of width {L}: give "
            f"sides from 1 to {L - 1}"
        )


class _Coefficients(NamedTuple):
    """f, its derivatives and that of I_n in beta, over I_0(beta), at n = -N .. N."""

    value: Float[np.ndarray, " n"]
    slope: Float[np.ndarray, " n"]
    curvature: Float[np.ndarray, " n"]
    cosine: Float[np.ndarray, " n"]


def _coefficients(beta: float) -> _Coefficients:
    """By Gauss-Legendre quadrature over half a turn, since the derivatives are no Bessel functions.

    The sum over n ends where I_n / I_0, about exp(-n^2 / 2 beta), is below rounding.
    """
    highest = 20 + int(9 * abs(beta) ** 0.5)
    n = np.arange(-highest, highest + 1)[:, None]
    nodes, weight = np.polynomial.legendre.leggauss(64 + 4 * highest)
    a = 0.5 * np.pi * (nodes + 1)
    law = 0.5 * weight * np.exp(beta * np.cos(a) - abs(beta)) / ive(0, beta)
    cosine, sine = np.cos(n * a), np.sin(n * a)
    return _Coefficients(
        value=cosine @ law,
        slope=-sine @ (law * a),
        curvature=-cosine @ (law * a**2),
        cosine=cosine @ (law * np.cos(a)),
    )
