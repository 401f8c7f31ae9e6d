"""Quantities of a real scalar field on a periodic lattice."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from energeia._core.types import Scalar
from energeia.contracts import Observable
from energeia.physics.lattice.free_field import FreeField


class FieldCorrelation(Observable):
    """(1 / N) sum_x phi_x phi_(x + r) along one axis, averaged over both axes.

    >>> import jax.numpy as jnp
    >>> observable = FieldCorrelation(layout=(2, 2), distance=1, name="neighbors")
    >>> float(observable.value(jnp.array([1.0, -1.0, -1.0, 1.0])))
    -1.0
    """

    layout: tuple[int, ...] = eqx.field(static=True)
    distance: int = eqx.field(static=True)
    name: str = eqx.field(static=True)
    unit: str = eqx.field(static=True, default="1")

    def value(self, x: Array) -> Scalar:
        """The mean product of one configuration."""
        phi = jnp.reshape(x, self.layout)
        there = [jnp.roll(phi, -self.distance, axis) for axis in range(phi.ndim)]
        return jnp.mean(phi * jnp.stack(there))


class FieldSusceptibility(Observable):
    """N m^2 with m = mean of the field: the correlation at zero momentum."""

    name: str = eqx.field(static=True, default="susceptibility")
    unit: str = eqx.field(static=True, default="1")

    def value(self, x: Array) -> Scalar:
        """N m^2 of one configuration."""
        return jnp.sum(x) ** 2 / x.size


def free_field_observables(field: FreeField) -> tuple[tuple[Observable, float], ...]:
    """The observables of a free field, each with its exact value.

    >>> for quantity, exact in free_field_observables(FreeField(4, 0.5)):
    ...     print(quantity.name, round(exact, 4))
    field squared 0.3541
    correlation at distance 1 0.1484
    correlation at distance 2 0.1046
    susceptibility 2.0
    """
    distances = sorted({0, 1, field.L // 2})
    names = ["field squared", *(f"correlation at distance {r}" for r in distances[1:])]
    exact = field.correlations
    return (
        *(
            (FieldCorrelation(layout=field.shape, distance=r, name=name), float(exact[r, 0]))
            for r, name in zip(distances, names, strict=True)
        ),
        (FieldSusceptibility(), 1.0 / field.mass2),
    )
