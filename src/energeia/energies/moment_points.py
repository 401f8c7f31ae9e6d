"""Points and weights that replace a sum or an integral over a support."""

import math

import numpy as np
from jaxtyping import Float

from energeia.support import Alphabet, Circle, Factor, Interval, Real, Support

MOST_STATES = 1 << 18
_NODES = {1: 600, 2: 160, 3: 48}
_REACH = 5.5
"""Integrals over reals end at ``sinh(5.5) = 122`` scales."""

Points = tuple[Float[np.ndarray, "points d"], Float[np.ndarray, " points"]]


def enumerable(support: Support) -> bool:
    """Whether all configurations are few enough to be summed over."""
    return support.all_discrete and math.prod(support.sizes) <= MOST_STATES


def integrable(support: Support) -> bool:
    """Whether it has up to three columns, all of them real, intervals or circles."""
    known = all(isinstance(c, Real | Interval | Circle) for c in support.columns)
    return support.flat and known and support.width in _NODES


def every_state(support: Support) -> Points:
    """All configurations of finite alphabets, with weights of one; logarithms of these.

    >>> from energeia.support import Binary
    >>> every_state(Support.of([Binary()] * 2))[0].tolist()
    [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]]
    """
    values = [np.asarray(c.values, float) for c in support.columns if isinstance(c, Alphabet)]
    return _product(values, [np.zeros(len(v)) for v in values])


def quadrature(
    support: Support, center: np.ndarray, scale: np.ndarray, finer: float = 1.0
) -> Points:
    """Nodes, and logarithms of weights, of the product rule of all columns.

    Gauss-Legendre on intervals, the trapezoidal rule on circles, and on reals the trapezoidal rule
    in t, x = center + scale sinh t, which converges exponentially for smooth densities.
    """
    count = int(finer * _NODES[support.width])
    rules = [
        _rule(factor, c, s, count)
        for factor, c, s in zip(support.columns, center, scale, strict=True)
    ]
    return _product([r[0] for r in rules], [r[1] for r in rules])


def _rule(factor: Factor, center: float, scale: float, count: int) -> tuple[np.ndarray, np.ndarray]:
    if isinstance(factor, Interval):
        x, w = np.polynomial.legendre.leggauss(count)
        half = 0.5 * (factor.high - factor.low)
        return factor.low + half * (x + 1), np.log(half * w)
    if isinstance(factor, Circle):
        width = (factor.high - factor.low) / count
        return factor.low + width * np.arange(count), np.full(count, math.log(width))
    t = np.linspace(-_REACH, _REACH, count)
    return center + scale * np.sinh(t), np.log(scale * np.cosh(t) * (t[1] - t[0]))


def _product(nodes: list[np.ndarray], log_weights: list[np.ndarray]) -> Points:
    grids = np.meshgrid(*nodes, indexing="ij")
    logs = np.meshgrid(*log_weights, indexing="ij")
    return np.stack([g.ravel() for g in grids], axis=1), np.sum(logs, axis=0).ravel()
