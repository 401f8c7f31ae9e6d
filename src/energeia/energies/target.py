"""A distribution that is known by its energy, on which a model is trained without rows."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from energeia._core.errors import InputError
from energeia._core.trees import Frozen
from energeia._core.types import Scalar
from energeia.conditions import ConditionColumn
from energeia.contracts import Condition, Energy
from energeia.energies.algebra import WrappedEnergy
from energeia.energies.function import FunctionEnergy
from energeia.energies.reshaped import ReshapedEnergy
from energeia.support import Alphabet, Circle, Real, Support


def _unknown(condition: np.ndarray | None) -> float | None:
    del condition
    return None


class Target(NamedTuple):
    """p(x | c) = exp(-E(x, c)) / Z(c) of rows of columns, with what is known of it exactly.

    >>> from energeia.energies import DoubleWell
    >>> target = target_of(DoubleWell(2))
    >>> target.support.width, target.initial_rows(seed=0, count=3).shape
    (2, (3, 2))
    """

    energy: Energy
    """Of one row of shape ``(d,)`` in the user's units, in nats."""
    support: Support
    layout: tuple[int, ...]
    """The user's shape of one configuration; its product is d."""
    columns: tuple[str, ...]
    location: float = 0.0
    """Roughly where the continuous columns are, before any link: a model starts there."""
    scale: float = 1.0
    """Roughly how wide they are."""
    conditions: tuple[ConditionColumn, ...] = ()
    """What the energy depends on beside x; trained over, uniformly from ``low`` to ``high``."""
    symmetries: tuple[str, ...] = ()
    """Maps that keep the energy, as ``name:parameter=value``, see ``physics.symmetries``."""
    periodic_layout: bool = False
    """Whether the sites of the layout are neighbors across its edges."""
    log_partition: Callable[[np.ndarray | None], float | None] = _unknown
    """The exact log Z of a condition, or None where it is not known."""
    observables: tuple[Any, ...] = ()
    """``(Observable, exact mean or None)`` pairs, of a target without conditions."""

    def initial_rows(self, seed: int, count: int) -> np.ndarray:
        """Rows from which builders take scales and initial values, shape ``(count, d)``.

        Normal in continuous columns (on the scale of their link), uniform on angles and on finite
        alphabets. They are not draws of the target.
        """
        rng = np.random.default_rng(seed)
        t = self.location + self.scale * rng.standard_normal((count, self.support.linked.width))
        parts = []
        for factor, coordinates in self.support.split_coordinates(t):
            if isinstance(factor, Alphabet):
                values = np.asarray(factor.values)[
                    rng.integers(factor.size, size=coordinates.shape)
                ]
            elif isinstance(factor, Circle):
                values = rng.uniform(factor.low, factor.high, size=coordinates.shape)
            else:
                values = factor.unlink(coordinates)
            parts.append(values.reshape(count, -1))
        return np.concatenate(parts, axis=1)

    def draw_conditions(self, seed: int, count: int) -> np.ndarray | None:
        """Conditions to train or to test over, uniform in their ranges; None where there are none.

        Values lie in equal numbers in ``count`` cells of each range (a Latin hypercube).
        """
        if not self.conditions:
            return None
        rng = np.random.default_rng(seed)
        cells = np.stack([rng.permutation(count) for _ in self.conditions], axis=1)
        share = (cells + rng.uniform(size=cells.shape)) / count
        low, high = (
            np.array([getattr(c, end) for c in self.conditions]) for end in ("low", "high")
        )
        return low + (high - low) * share


def target_of(
    energy: Energy, support: Support | None = None, *, location: float = 0.0, scale: float = 1.0
) -> Target:
    """An energy as a target: its own support, or real columns.

    Raises:
        InputError: for an energy with conditions, whose distribution only a ``Target`` can carry.
    """
    if energy.condition_shape is not None:
        raise InputError(
            "an energy with conditions was given without their ranges: give a Target with "
            "conditions=condition_ranges(low=..., high=...)"
        )
    shape = tuple(energy.shape)
    d = int(np.prod(shape))
    declared = energy.support if isinstance(energy, FunctionEnergy) else None
    found = support or declared or Support.of([Real()] * d)
    if found.width != d:
        raise InputError(
            f"a support of {found.width} columns was given for configurations of shape "
            f"{shape}: give one for each number"
        )
    flat = energy if len(shape) == 1 else ReshapedEnergy(energy, (d,))
    return Target(flat, found, shape, tuple(f"x{i}" for i in range(d)), location, scale)


def condition_ranges(**ranges: tuple[float, float]) -> tuple[ConditionColumn, ...]:
    """Conditions by name with the range that a model is trained over.

    >>> condition_ranges(height=(2.0, 6.0))[0].location
    4.0
    """
    for name, (low, high) in ranges.items():
        if not low < high:
            raise InputError(f"the range of {name!r} is {low:g} to {high:g}: give low < high")
    return tuple(
        ConditionColumn(
            name=name,
            low=float(low),
            high=float(high),
            location=(low + high) / 2,
            scale=(high - low) / 12**0.5,
        )
        for name, (low, high) in ranges.items()
    )


class OfStandardizedCondition(WrappedEnergy):
    """An energy as a function of (c - location) / scale, in the place of the condition c."""

    inner: Energy
    location: Frozen
    scale: Frozen

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """The inner energy at the condition in its own units, in nats."""
        if condition is None:
            return self.inner.energy(x)
        return self.inner.energy(x, condition * self.scale.value + self.location.value)


class MissingTarget(Energy):
    """In the place of an energy that is not at hand: a run that is only asked, not trained."""

    shape: tuple[int, ...] = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """Not a number."""
        return jnp.full((), jnp.nan)
