"""Laws with heavy tails and exact densities, for ``studies.heavy_tails``.

``student1.5`` is multivariate Student's t, ``lognormal`` the exponential of correlated normal
numbers, ``pareto1.5`` the multivariate Pareto of the first kind (Mardia 1962): all of their columns
depend on each other. ``students1.5`` and ``paretos1.5`` have independent columns.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy import special, stats

LAWS = (
    "student1.5", "student2", "student2.5", "student3", "student4",
    "lognormal", "pareto1.5", "pareto3",
)  # fmt: skip
APART = ("students1.5", "students2.5", "paretos1.5")


class Law(NamedTuple):
    """A distribution that can be drawn and whose density is known."""

    draw: Callable[[np.random.Generator, int], np.ndarray]
    """``draw(rng, n)``: rows of shape ``(n, d)``."""
    log_prob: Callable[[np.ndarray], np.ndarray]
    """The log-density of each row in nats."""


def law_of(name: str, columns: int) -> Law:
    """The law of a name of ``LAWS`` or ``APART``.

    >>> x = np.full((1, 1), 2.0)
    >>> bool(np.isclose(law_of("pareto3", 1).log_prob(x)[0], np.log(3 / 2.0**4)))
    True
    """
    kind = name.rstrip("0123456789.")
    number = float(name.removeprefix(kind) or 0.0)
    return _FAMILIES[kind](columns, number)


def _correlated(rng: np.random.Generator, n: int, columns: int) -> np.ndarray:
    """Normal numbers of variance one and correlations of one half."""
    return 0.5**0.5 * (rng.normal(size=(n, columns)) + rng.normal(size=(n, 1)))


def _square(z: np.ndarray) -> np.ndarray:
    """z.C^-1 z for their covariance C = (1 + J) / 2, J of ones: C^-1 = 2 - 2 J / (d + 1)."""
    return 2.0 * np.sum(z**2, axis=1) - 2.0 * np.sum(z, axis=1) ** 2 / (z.shape[1] + 1)


def _log_volume(columns: int) -> float:
    """Half the logarithm of det C = (d + 1) / 2^d."""
    return 0.5 * (np.log(columns + 1.0) - columns * np.log(2.0))


def _student(columns: int, nu: float) -> Law:
    """Scale matrix with correlations of one half."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        return _correlated(rng, n, columns) / np.sqrt(rng.gamma(nu / 2, 2 / nu, size=(n, 1)))

    def log_prob(x: np.ndarray) -> np.ndarray:
        level = special.gammaln((nu + columns) / 2) - special.gammaln(nu / 2)
        level = level - columns / 2 * np.log(np.pi * nu) - _log_volume(columns)
        return level - (nu + columns) / 2 * np.log1p(_square(x) / nu)

    return Law(draw, log_prob)


def _log_normal(columns: int, _: float) -> Law:
    """The exponential of normal numbers with correlations of one half."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        return np.exp(_correlated(rng, n, columns))

    def log_prob(x: np.ndarray) -> np.ndarray:
        level = -columns / 2 * np.log(2 * np.pi) - _log_volume(columns)
        return level - 0.5 * _square(np.log(x)) - np.sum(np.log(x), axis=1)

    return Law(draw, log_prob)


def _pareto(columns: int, alpha: float) -> Law:
    """P(all X_i > x_i) = (sum_i x_i - d + 1)^-alpha for x_i > 1: X_i = 1 + E_i / G."""

    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        return 1.0 + rng.exponential(size=(n, columns)) / rng.gamma(alpha, size=(n, 1))

    def log_prob(x: np.ndarray) -> np.ndarray:
        level = special.gammaln(alpha + columns) - special.gammaln(alpha)
        return level - (alpha + columns) * np.log1p(np.sum(x - 1.0, axis=1))

    return Law(draw, log_prob)


def _students(columns: int, nu: float) -> Law:
    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        return rng.standard_t(nu, (n, columns))

    return Law(draw, lambda x: np.sum(stats.t.logpdf(x, nu), axis=1))


def _paretos(columns: int, alpha: float) -> Law:
    def draw(rng: np.random.Generator, n: int) -> np.ndarray:
        return 1.0 + rng.pareto(alpha, (n, columns))

    return Law(draw, lambda x: np.sum(stats.pareto.logpdf(x, alpha), axis=1))


_FAMILIES = {
    "student": _student, "lognormal": _log_normal, "pareto": _pareto,
    "students": _students, "paretos": _paretos,
}  # fmt: skip
