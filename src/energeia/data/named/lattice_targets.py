"""The named targets on lattices with discrete spins or angles, at one beta or for a range."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from energeia._core.errors import InputError
from energeia.contracts import Energy
from energeia.energies.function import energy
from energeia.energies.reshaped import ReshapedEnergy
from energeia.energies.target import Target, condition_ranges
from energeia.physics.lattice.angle_observables import gauge_observables, xy_observables
from energeia.physics.lattice.gauge import U1Gauge
from energeia.physics.lattice.observables import Derived
from energeia.physics.lattice.potts import Potts
from energeia.physics.lattice.potts_observables import potts_observables
from energeia.physics.lattice.xy import XY
from energeia.support import Categorical, Circle, Support
from energeia.support.kinds import AnyFactor

Range = float | tuple[float, float]
SQUARE = ("translations", "transposition", "reflections")


def lattice_target(
    make: Callable[[float], Any],
    beta: Range,
    factor: AnyFactor,
    symmetries: tuple[str, ...],
    observables: Callable[[Any], Sequence[tuple[Any, Any]]],
) -> Target:
    """A lattice model that ``make`` makes of beta, as an energy of rows of its sites.

    With a range of beta it is a condition. The means of ``observables`` of one configuration each
    are those that reweighting estimates.
    """
    ranged = isinstance(beta, tuple)
    model = make(1.0 if ranged else beta)
    shape, d = model.shape, math.prod(model.shape)
    if ranged:
        flat: Energy = energy(lambda x, c: c[0] * model.energy(x), d, condition_shape=1)
    else:
        flat = ReshapedEnergy(model, (d,))
    means = () if ranged else _means(model, observables)

    def log_partition(condition: np.ndarray | None) -> float | None:
        at = model if condition is None else make(float(condition[0]))
        try:
            return at.log_partition
        except InputError:
            return None  # too wide: not known

    return Target(
        energy=flat,
        support=Support(((factor, d),)),
        layout=shape,
        columns=tuple(f"x{i}" for i in range(d)),
        conditions=condition_ranges(beta=beta) if isinstance(beta, tuple) else (),
        symmetries=symmetries,
        # Links are no field of numbers at the sites of their layout.
        periodic_layout=len(shape) == 2,
        log_partition=log_partition,
        observables=means,
    )


def potts(L: int, q: int, beta: Range, J: float, h: float) -> Target:
    """The Potts model as an energy of rows of L^2 colors."""
    colors = Categorical(tuple(map(float, range(max(q, 1)))))
    return lattice_target(
        lambda beta: Potts(L, q, beta, J, h), beta, colors, SQUARE, potts_observables
    )


def xy(L: int, beta: Range) -> Target:
    """The XY model as an energy of rows of L^2 angles."""
    angle = Circle(-math.pi, math.pi)
    return lattice_target(lambda beta: XY(L, beta), beta, angle, SQUARE, xy_observables)


def u1(L: int, beta: Range) -> Target:
    """U(1) gauge theory as an energy of rows of 2 L^2 link angles."""
    angle = Circle(-math.pi, math.pi)
    return lattice_target(
        lambda beta: U1Gauge(L, beta), beta, angle, ("link-translations",), gauge_observables
    )


def _means(
    model: Any, observables: Callable[[Any], Sequence[tuple[Any, Any]]]
) -> tuple[tuple[Any, Any], ...]:
    try:
        known = observables(model)
    except InputError:
        return ()
    return tuple(pair for pair in known if not isinstance(pair[0], Derived))
