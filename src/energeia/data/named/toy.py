"""Six two-dimensional toy densities with exact log-densities and entropies.

The generators of FFJORD (Grathwohl et al. 2019, ``lib/toy_data.py``), drawn independently: where
the original spaces angles evenly, here they are random, which is the same distribution. Points
spread along a curve have log-densities by Gauss-Legendre quadrature along it, exact to rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ive, logsumexp, ndtr

from energeia._core.errors import InputError, nearest

Rows = np.ndarray
"""An array of points, float64 of shape ``(n, 2)``."""

_BLOCK = 2048  # rows at a time, so that quadrature stays in the cache


@dataclass(frozen=True)
class Toy:
    """A density in the plane with exact samples.

    >>> moons = toy("moons")
    >>> x = moons.sample(seed=0, n=4)
    >>> x.shape, moons.log_prob(x).shape, round(moons.entropy, 3)
    ((4, 2), (4,), 2.394)
    """

    name: str
    entropy: float
    """Differential entropy in nats, by quadrature in the plane."""
    draw: Callable[[np.random.Generator, int], Rows]
    density: Callable[[Rows], np.ndarray]

    def sample(self, seed: int, n: int) -> Rows:
        """``n`` independent points; one seed always gives the same ones."""
        return self.draw(np.random.default_rng(seed), n)

    def log_prob(self, x: Rows) -> np.ndarray:
        """The log-density at each point, nats, shape ``(n,)``."""
        x = np.asarray(x, dtype=np.float64)
        blocks = [self.density(x[i : i + _BLOCK]) for i in range(0, len(x), _BLOCK)]
        return np.concatenate(blocks) if blocks else np.zeros(0)


def toy(name: str) -> Toy:
    """The toy density of a name.

    Raises:
        InputError: if there is none of that name, with the nearest one.
    """
    if name not in TOYS:
        raise InputError(f"toy density {name!r} is not known: {nearest(name, TOYS)}")
    return TOYS[name]


# Eight Gaussians on a ring of radius 4, of deviation 1/2, all over 1.414.

_DIAGONAL = 1 / np.sqrt(2)
_CENTERS = np.array(
    [[1, 0], [-1, 0], [0, 1], [0, -1]]
    + [[a * _DIAGONAL, b * _DIAGONAL] for a in (1, -1) for b in (1, -1)]
) * (4 / 1.414)


def _draw_gaussians(rng: np.random.Generator, n: int) -> Rows:
    return _CENTERS[rng.integers(8, size=n)] + rng.normal(size=(n, 2)) * (0.5 / 1.414)


def _log_gaussians(x: Rows) -> np.ndarray:
    return _log_mixture(x, _CENTERS, np.full(8, 1 / 8), 0.5 / 1.414)


def _log_mixture(x: Rows, centers: Rows, weights: np.ndarray, sigma: float) -> np.ndarray:
    """log sum_k w_k N(x; c_k, sigma^2)."""
    squares = np.sum(x**2, axis=1)[:, None] - 2 * x @ centers.T + np.sum(centers**2, axis=1)
    exponents = -0.5 / sigma**2 * squares + np.log(weights)
    return logsumexp(exponents, axis=1) - np.log(2 * np.pi * sigma**2)


# Eight squares of side 2, as on a board of 4 by 4.


def _draw_checkerboard(rng: np.random.Generator, n: int) -> Rows:
    first = rng.uniform(-2, 2, size=n)
    second = rng.uniform(size=n) - 2 * rng.integers(2, size=n) + np.floor(first) % 2
    return 2 * np.stack([first, second], axis=1)


def _log_checkerboard(x: Rows) -> np.ndarray:
    dark = np.sum(np.floor(x / 2), axis=1) % 2 == 0
    inside = np.all((x >= -4) & (x < 4), axis=1)
    return np.where(dark & inside, -np.log(32.0), -np.inf)


# Two rings of radii 3 and 1.5, blurred by 0.24.

_RADII, _RING_SIGMA = np.array([3.0, 1.5]), 0.24


def _draw_circles(rng: np.random.Generator, n: int) -> Rows:
    radius, angle = rng.choice(_RADII, size=n), rng.uniform(0, 2 * np.pi, size=n)
    ring = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    return ring + rng.normal(size=(n, 2)) * _RING_SIGMA


def _log_circles(x: Rows) -> np.ndarray:
    rho, variance = np.linalg.norm(x, axis=1)[:, None], _RING_SIGMA**2
    # The angle integrates to a Bessel function, scaled here by exp(-rho r / variance).
    log_terms = np.log(ive(0, rho * _RADII / variance)) - (rho - _RADII) ** 2 / (2 * variance)
    return logsumexp(log_terms, axis=1) - np.log(2 * 2 * np.pi * variance)


# Curves: points x(t) with t of a known density, blurred.


def _moons(t: np.ndarray) -> tuple[Rows, Rows]:
    upper = np.stack([np.cos(t), np.sin(t)], axis=1)
    lower = np.stack([1 - np.cos(t), 0.5 - np.sin(t)], axis=1)
    shift = np.array([-1.0, -0.2])
    return 2 * upper + shift, 2 * lower + shift


def _draw_moons(rng: np.random.Generator, n: int) -> Rows:
    upper, lower = _moons(rng.uniform(0, np.pi, size=n))
    arc = np.where(rng.integers(2, size=n)[:, None] == 0, upper, lower)
    return arc + rng.normal(size=(n, 2)) * 0.2


def _roll(t: np.ndarray) -> Rows:
    return np.stack([t * np.cos(t), t * np.sin(t)], axis=1) / 5


def _draw_roll(rng: np.random.Generator, n: int) -> Rows:
    return _roll(rng.uniform(1.5 * np.pi, 4.5 * np.pi, size=n)) + rng.normal(size=(n, 2)) * 0.2


def _spiral(t: np.ndarray) -> Rows:
    return np.stack([-np.cos(t) * t, np.sin(t) * t], axis=1) / 3


_SPIRAL_END, _SPIRAL_BOX, _SPIRAL_SIGMA = 3 * np.pi, 0.5 / 3, 0.1


def _draw_spirals(rng: np.random.Generator, n: int) -> Rows:
    arm = _spiral(_SPIRAL_END * np.sqrt(rng.uniform(size=n)))
    arm = arm + rng.uniform(size=(n, 2)) * _SPIRAL_BOX
    return arm * rng.choice([-1, 1], size=(n, 1)) + rng.normal(size=(n, 2)) * _SPIRAL_SIGMA


def _nodes(low: float, high: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Gauss-Legendre nodes and weights; the weights sum to one."""
    t, w = np.polynomial.legendre.leggauss(count)
    return low + (high - low) * (t + 1) / 2, w / 2


_MOON_T, _MOON_W = _nodes(0, np.pi, 128)
_ROLL_T, _ROLL_W = _nodes(1.5 * np.pi, 4.5 * np.pi, 384)
_ARM_T, _ARM_W = _nodes(0, _SPIRAL_END, 384)


def _log_moons(x: Rows) -> np.ndarray:
    weights = np.concatenate([_MOON_W, _MOON_W]) / 2
    return _log_mixture(x, np.concatenate(_moons(_MOON_T)), weights, 0.2)


def _log_roll(x: Rows) -> np.ndarray:
    return _log_mixture(x, _roll(_ROLL_T), _ROLL_W, 0.2)


def _log_spirals(x: Rows) -> np.ndarray:
    """The angle has density 2 t / end^2; each point of an arm is a box blurred by a normal."""
    arm, weights = _spiral(_ARM_T), _ARM_W * 2 * _ARM_T / _SPIRAL_END
    total = np.zeros(len(x))
    for sign in (1.0, -1.0):
        near = (sign * x[:, None, :] - arm) / _SPIRAL_SIGMA
        # Differences of the normal distribution function are taken in its lower tail.
        near = np.abs(near - _SPIRAL_BOX / (2 * _SPIRAL_SIGMA))
        half = _SPIRAL_BOX / (2 * _SPIRAL_SIGMA)
        mass = (ndtr(half - near) - ndtr(-half - near)) / _SPIRAL_BOX
        total += np.prod(mass, axis=2) @ weights / 2
    with np.errstate(divide="ignore"):
        return np.log(total)


TOYS: dict[str, Toy] = {
    t.name: t
    for t in (
        Toy("8gaussians", 2.8318804, _draw_gaussians, _log_gaussians),
        Toy("checkerboard", float(np.log(32.0)), _draw_checkerboard, _log_checkerboard),
        Toy("moons", 2.3938792, _draw_moons, _log_moons),
        Toy("circles", 3.2681357, _draw_circles, _log_circles),
        Toy("2spirals", 2.6454503, _draw_spirals, _log_spirals),
        Toy("swissroll", 2.6696462, _draw_roll, _log_roll),
    )
}
"""The densities by name."""
