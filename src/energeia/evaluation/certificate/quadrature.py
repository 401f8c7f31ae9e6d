"""The integral of a density over its support, by a product of trapezoidal rules.

Real coordinates are mapped by y = m + s sinh t, with the median and the quartiles of the rows and
a range of t that covers rows and draws, and twenty times as far: on smooth integrands that vanish
at both ends the rule converges faster than any power. Angles are periodic, where it does so
without a map, and codes are enumerated.
"""

import itertools
import math
from typing import NamedTuple

import jax
import numpy as np
from jaxtyping import Array, Float

from energeia._core.batching import map_rows
from energeia.bijections.continuous import continuous_maps
from energeia.evaluation.certificate.chart import ChartDensity, coordinates_of
from energeia.evaluation.certificate.lines import compared, not_applicable
from energeia.evaluation.certificate.subject import Subject
from energeia.records import CertificateLine
from energeia.support import Circle

NAME = "normalization by quadrature"
LIMIT = 1e-3
MOST = 3
"""Continuous columns at most."""
_GRIDS = (2**13, 2**15, 2**17)
"""Nodes in all: the first grid that resolves the density is taken."""
_SOLVED_MOST = 2**15
"""Nodes at most where each of them is the solution of an equation."""
_HOPE = 0.05
"""Differences between grids above which finer ones are not tried."""
_SAFETY = 4.0
"""An integral that is off by less than this many differences between grids is not wrong."""
_BEYOND = 3.0
"""How far beyond rows and draws, in t."""


class Axis(NamedTuple):
    """The nodes of one coordinate; of a real one every second node is a grid, too."""

    nodes: Float[np.ndarray, " n"]
    log_weights: Float[np.ndarray, " n"]
    real: bool


class _Integral(NamedTuple):
    """An integral by all nodes, and how far grids of half as many along each real column are."""

    value: float
    apart: float
    nodes: int


def quadrature_line(subject: Subject, chart: ChartDensity, refusal: str) -> CertificateLine:
    """|integral of p - 1|, trusted where all grids of half as many nodes agree within the limit.

    With k real columns there are 2^k such grids, of even and of odd nodes along each.
    """
    if refusal:
        return not_applicable(NAME, refusal)
    linked = subject.support.linked
    reals, codes = int(np.sum(~linked.discrete)), math.prod(s for s in linked.sizes if s)
    if reals > MOST or codes * 16**reals > _GRIDS[-1]:
        return not_applicable(NAME, f"{reals} continuous columns and {codes:,} codes are too many")
    found = _Integral(math.nan, math.inf, 0)
    solved = bool(continuous_maps(subject.model))
    for count in [grid for grid in _GRIDS if grid <= _SOLVED_MOST or not solved]:
        along = int((count / codes) ** (1 / max(reals, 1))) // 2 * 2
        if along < 16 and reals:
            continue
        found = _integral(_axes(subject, chart, along), chart)
        # It converges at least as 1 / n^2 along each column, too slowly from far away; what is no
        # number stays none.
        if not LIMIT < found.apart < _HOPE:
            break
    note = f"integral {found.value:.7g} by {found.nodes:,} nodes"
    note += f"; half of them differ by up to {found.apart:.2g}"
    off = abs(found.value - 1)
    if math.isfinite(found.value) and (
        found.apart > LIMIT or LIMIT < off < LIMIT + _SAFETY * found.apart
    ):
        return not_applicable(NAME, f"the nodes do not resolve the density: {note}")
    return compared(NAME, off, LIMIT, note)


def _axes(subject: Subject, chart: ChartDensity, count: int) -> list[Axis]:
    """The nodes of every coordinate, ``count`` along each real one."""
    y = coordinates_of(chart, np.concatenate([subject.rows, subject.draws]))
    linked = chart.units.coordinates
    axes = []
    for column, size, values in zip(linked.columns, linked.sizes, y.T, strict=True):
        if size:
            axes.append(Axis(np.arange(float(size)), np.zeros(size), real=False))
        else:
            axes.append(_circle(count) if isinstance(column, Circle) else _line(values, count))
    return axes


def _circle(count: int) -> Axis:
    nodes = -np.pi + 2 * np.pi * np.arange(count) / count
    return Axis(nodes, np.full(count, np.log(2 * np.pi / count)), real=True)


def _line(values: Float[np.ndarray, " n"], count: int) -> Axis:
    low, middle, high = np.quantile(values, [0.25, 0.5, 0.75])
    scale = (high - low) / 1.35 or float(np.std(values)) or 1.0
    ends = np.arcsinh((np.array([values.min(), values.max()]) - middle) / scale)
    t = np.linspace(ends[0] - _BEYOND, ends[1] + _BEYOND, count)
    log_weights = np.log(scale * np.cosh(t) * (t[1] - t[0]))
    return Axis(middle + scale * np.sinh(t), log_weights, real=True)


def _integral(axes: list[Axis], chart: ChartDensity) -> _Integral:
    lengths = [len(axis.nodes) for axis in axes]
    y = np.stack(np.meshgrid(*(a.nodes for a in axes), indexing="ij"), axis=-1)
    log_p = -map_rows(_energies, y.reshape(-1, len(axes)), carry=chart).reshape(lengths)
    log_weights = sum(np.ix_(*(axis.log_weights for axis in axes)))
    mass = np.exp(np.asarray(log_p + log_weights, np.float64))
    whole = float(np.sum(mass))
    parities = [((0, 2), (1, 2)) if axis.real else ((0, 1),) for axis in axes]
    grids = [
        tuple(slice(p, None, step) for p, step in grid) for grid in itertools.product(*parities)
    ]
    apart = max(abs(float(np.sum(mass[grid])) * len(grids) - whole) for grid in grids)
    return _Integral(whole, apart, mass.size)


def _energies(chart: ChartDensity, y: Array) -> Array:
    return jax.vmap(chart.energy)(y)
