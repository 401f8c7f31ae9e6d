"""A density of directions in space as a source of data."""

from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from energeia.support import Sphere, Support

MEANS = np.array(
    [[0.0, 0.0, 1.0], [0.8, 0.0, 0.6], [-0.6, 0.8, 0.0], [0.0, -0.8, -0.6], [0.48, 0.6, -0.64]]
)
"""Mean directions: one at a pole, two that overlap, two alone."""
CONCENTRATIONS = np.array([20.0, 50.0, 8.0, 30.0, 4.0])
WEIGHTS = np.array([0.25, 0.15, 0.25, 0.2, 0.15])


class VonMisesFisherMixture:
    """p(x) = sum_c w_c kappa_c exp(kappa_c m_c . x) / (4 pi sinh kappa_c) on S^2, per steradian.

    >>> source = VonMisesFisherMixture()
    >>> x = source.draw(seed=0, count=3)
    >>> x.shape, np.linalg.norm(x, axis=1).round(6).tolist(), round(source.entropy, 3)
    ((3, 3), [1.0, 1.0, 1.0], 1.575)
    """

    name = "vmf"
    layout = (3,)
    symmetries: tuple[str, ...] = ()
    periodic_layout = False
    support = Support(((Sphere(2), 1),))

    def draw(self, seed: int, count: int) -> np.ndarray:
        """New independent rows, shape ``(count, 3)``, by Ulrich's inverse for heights."""
        rng = np.random.default_rng(seed)
        which = rng.choice(len(WEIGHTS), size=count, p=WEIGHTS)
        kappa, u = CONCENTRATIONS[which], rng.uniform(size=count)
        height = 1 + np.log(u + (1 - u) * np.exp(-2 * kappa)) / kappa
        around = rng.normal(size=(count, 3))
        around -= np.sum(around * MEANS[which], axis=1, keepdims=True) * MEANS[which]
        around /= np.linalg.norm(around, axis=1, keepdims=True)
        x = height[:, None] * MEANS[which] + np.sqrt(1 - height**2)[:, None] * around
        return x / np.linalg.norm(x, axis=1, keepdims=True)

    def log_prob(self, rows: np.ndarray) -> np.ndarray:
        """The exact log-density of each row in nats, per steradian."""
        kappa = CONCENTRATIONS
        log_norm = np.log(kappa / (2 * np.pi)) - np.log1p(-np.exp(-2 * kappa))
        exponents = kappa * (np.asarray(rows, np.float64) @ MEANS.T - 1)
        return np.asarray(logsumexp(np.log(WEIGHTS) + log_norm + exponents, axis=1))

    @cached_property
    def entropy(self) -> float | None:
        """Differential entropy in nats, by quadrature."""
        points, weights = sphere_quadrature()
        log_p = self.log_prob(points)
        return float(-np.sum(weights * np.exp(log_p) * log_p))

    def observables(self) -> tuple[()]:
        """None."""
        return ()


def sphere_quadrature(heights: int = 120, angles: int = 240) -> tuple[np.ndarray, np.ndarray]:
    """Points of S^2 and their weights: Gauss-Legendre heights times evenly spaced angles.

    >>> points, weights = sphere_quadrature(8, 16)
    >>> round(float(weights.sum() / np.pi), 6), round(float(weights @ points[:, 0] ** 2), 6)
    (4.0, 4.18879)
    """
    z, weight = np.polynomial.legendre.leggauss(heights)
    phi = 2 * np.pi * (np.arange(angles) + 0.5) / angles
    z, phi = (grid.ravel() for grid in np.meshgrid(z, phi, indexing="ij"))
    ring = np.sqrt(1 - z**2)
    points = np.stack([ring * np.cos(phi), ring * np.sin(phi), z], axis=1)
    return points, np.repeat(weight * 2 * np.pi / angles, angles)


def vmf(name: str, n: int) -> VonMisesFisherMixture:
    """The source ``vmf``."""
    return VonMisesFisherMixture()
