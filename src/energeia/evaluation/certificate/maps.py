"""The invertible maps of a model, with points on which to check each."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import Scalar
from energeia.bijections.units import Units
from energeia.contracts import Bijection, Condition, Wrapper, condition_for
from energeia.evaluation.certificate.chart import directions
from energeia.evaluation.certificate.subject import Subject, computed
from energeia.models.ensemble import Ensemble
from energeia.models.flow import Flow
from energeia.models.in_units import InUnits
from energeia.models.mixed import Mixed
from energeia.models.stack import Stack
from energeia.support import Circle, Support

_POINTS = 48


class UnitsMap(Bijection):
    """``Units`` as a bijection from the user's values to coordinates."""

    units: Units

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.units.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return None

    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        """y and log |dy/dx|."""
        return self.units.encode(x)

    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        """x and log |dx/dy|."""
        x = self.units.decode(y)
        return x, -self.units.encode(x)[1]


class MapPart(NamedTuple):
    """One bijection of a model and the points that its rows and draws become there."""

    bijection: Bijection
    x: Float[np.ndarray, "n d"]
    condition: tuple[np.ndarray, ...]
    """The condition of each point, where the bijection takes one."""
    support: Support
    """What the points are."""

    @property
    def is_flow(self) -> bool:
        """Whether it is the bijection of a flow, and not a change of units."""
        return not isinstance(self.bijection, UnitsMap)

    @property
    def periods(self) -> np.ndarray:
        """The period of each column; infinite for one without."""
        columns = self.support.columns
        return np.array([c.high - c.low if isinstance(c, Circle) else np.inf for c in columns])

    @property
    def minor(self) -> tuple[np.ndarray, np.ndarray]:
        """Coordinates whose derivatives its log-determinant is of, and the directions of these."""
        linked = self.support if self.is_flow else self.support.linked
        return np.flatnonzero(~linked.discrete), directions(self.support)


def maps_of(subject: Subject) -> list[MapPart]:
    """The changes of units and the flows of a model, from the outside in."""
    x, condition = subject.points(_POINTS)
    return _parts(subject.model, x, condition, subject.support)


def _parts(model: Any, x: Any, condition: Any, support: Support) -> list[MapPart]:
    match model:
        case InUnits():
            y, *seen = computed(_into_units, model, x, *condition)
            own = MapPart(UnitsMap(model.units), x, (), support)
            return [own, *_parts(model.inner, y, tuple(seen), model.units.coordinates)]
        case Flow():
            given = condition_for(model.bijection, condition or None)  # pyright: ignore[reportArgumentType]
            return [MapPart(model.bijection, x, given or (), support)]  # pyright: ignore[reportArgumentType]
        case Mixed():
            seen = computed(_features, model, x, *condition)
            reals = np.flatnonzero(~np.asarray(model.is_discrete))
            return _parts(model.continuous, x[:, reals], (seen,), support.select(reals.tolist()))
        case Stack():
            every = [_parts(m, x, condition, support) for m in model.members]
            return [part for parts in every for part in parts]
        case Ensemble():
            members = [jax.tree.map(lambda a, i=i: a[i], model.members) for i in range(model.count)]
            return [part for m in members for part in _parts(m, x, condition, support)]
        case Wrapper():
            return _parts(model.inner, x, condition, support)
    return []


def _into_units(model: InUnits, x: Array, *condition: Array) -> tuple[Array, ...]:
    """Coordinates, and the condition that the inner model sees where there is one."""
    y = jax.vmap(lambda x: model.units.encode(x)[0])(x)
    return y, *(jnp.asarray(jax.vmap(model.scaled)(c)) for c in condition)


def _features(model: Mixed, x: Array, *condition: Array) -> Array:
    codes = x[:, np.flatnonzero(model.is_discrete)]
    features = jax.vmap(model.discrete.columns.embed)(codes)
    return jnp.concatenate([features, *condition], axis=1)
