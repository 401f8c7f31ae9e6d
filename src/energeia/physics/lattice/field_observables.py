"""Quantities of a real scalar field on a periodic lattice."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.types import Scalar
from energeia.contracts import Observable
from energeia.physics.lattice.free_field import FreeField
from energeia.physics.lattice.observables import Derived
from energeia.physics.lattice.phi_four import FieldSolution


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


class FieldSquare(Observable):
    """(1 / N) sum_x phi_x^2."""

    name: str = eqx.field(static=True, default="field squared")
    unit: str = eqx.field(static=True, default="1")

    def value(self, x: Array) -> Scalar:
        """The mean square of one configuration."""
        return jnp.mean(x**2)


class StructureFactor(Observable):
    """|sum_x phi_x exp(i k x)|^2 / N at k = 2 pi order / L along an axis, averaged over the axes.

    >>> factor = StructureFactor(layout=(2, 2), order=1)
    >>> float(factor.value(jnp.array([1.0, -1.0, 1.0, -1.0])))
    2.0
    """

    layout: tuple[int, ...] = eqx.field(static=True)
    order: int = eqx.field(static=True)
    unit: str = eqx.field(static=True, default="1")

    @property
    def name(self) -> str:
        """The structure factor with its order."""
        return f"structure factor {self.order}"

    def value(self, x: Array) -> Scalar:
        """The mean over the axes of one configuration."""
        phi, found = jnp.reshape(x, self.layout), []
        for axis, size in enumerate(self.layout):
            angle = 2 * np.pi * self.order * np.arange(size) / size
            along = jnp.sum(jnp.moveaxis(phi, axis, 0).reshape(size, -1), axis=1)
            found.append(jnp.sum(along * np.cos(angle)) ** 2 + jnp.sum(along * np.sin(angle)) ** 2)
        return jnp.mean(jnp.stack(found)) / x.size


class CorrelationLength(Derived):
    """The second-moment correlation length sqrt(S_0 / S_1 - 1) / (2 sin(pi / L)), in spacings.

    S_0 and S_1 are the structure factors at the momenta 0 and 2 pi / L of a lattice of equal sides
    (Cooper, Freedman and Preston 1982). It is 1 / m of a free field at every L.

    >>> length = CorrelationLength((4, 4))
    >>> round(float(length.combine(jnp.array([4.0, 4.0 / 9.0]))), 6)
    2.0
    """

    layout: tuple[int, ...] = eqx.field(static=True)
    name: str = eqx.field(static=True, default="correlation length")
    unit: str = eqx.field(static=True, default="spacing")

    @property
    def parts(self) -> tuple[Observable, ...]:
        """Both structure factors."""
        return tuple(StructureFactor(self.layout, order) for order in (0, 1))

    def combine(self, means: Float[Array, " parts"]) -> Scalar:
        """The length, 0 where the structure factor does not fall."""
        rise = jnp.maximum(means[0] / means[1] - 1, 0.0)
        return jnp.sqrt(rise) / (2 * np.sin(np.pi / self.layout[0]))


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


def phi_four_observables(
    solution: FieldSolution | None = None,
) -> tuple[tuple[Observable, float | None], ...]:
    """The mean square and the susceptibility, each with its exact value where the field is solved.

    >>> from energeia.physics.lattice.phi_four import PhiFour
    >>> for quantity, exact in phi_four_observables(PhiFour(2, -4.0, 6.975).solution):
    ...     print(quantity.name, round(exact, 4))
    field squared 0.1956
    susceptibility 0.5442
    """
    known = (None, None) if solution is None else (solution.field_2, solution.susceptibility)
    return (FieldSquare(), known[0]), (FieldSusceptibility(), known[1])
