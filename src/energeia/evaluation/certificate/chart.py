"""The density of a model in coordinates of its support that are not its own.

Integrals and chains need real coordinates. Those of the model may carry the error that is looked
for, so the volume of these follows from automatic differentiation of x(y).
"""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import Scalar
from energeia.bijections.units import Units
from energeia.contracts import Condition, Density, Energy
from energeia.evaluation.certificate.subject import Subject, computed
from energeia.support import Support

_UNRESOLVED = 1e-4
"""Share of draws that may lie where float64 does not resolve their coordinates."""


class ChartDensity(Energy):
    """E(y) = -log p(x(y)) - log |det dx/dy|: reals are standardized, discrete columns are codes."""

    model: Density
    units: Units
    at: Array | None

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.units.inner_shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return None

    @override
    def energy(self, x: Float[Array, " c"], condition: Condition = None) -> Scalar:
        log_p = self.model.log_prob(self.units.decode(x), self.at)
        return -(log_p + self.log_volume(x))

    def log_volume(self, y: Float[Array, " c"]) -> Scalar:
        """log |det dx/dy| of the continuous columns."""
        support = self.units.support
        if support.all_discrete:
            return jnp.zeros((), y.dtype)
        if support.width == support.dimension:
            return jnp.sum(jnp.log(jnp.abs(_slopes(self.units, y)[~support.discrete])))
        kept = np.ix_(measured_columns(support), np.flatnonzero(~support.linked.discrete))
        return jnp.linalg.slogdet(jax.jacfwd(self.units.decode)(y)[kept])[1]


def measured_columns(support: Support) -> np.ndarray:
    """The continuous columns that densities are per unit of: not the last part of a composition."""
    kept = [not factor.discrete and number < factor.dimension for factor, number in support.cells]
    return np.flatnonzero(kept)


def directions(support: Support) -> np.ndarray:
    """How all columns move with each measured one, shape ``(columns, measured)``: the last part of
    a composition makes up for what others gain."""
    moves = np.eye(support.width)[:, measured_columns(support)]
    for column, (factor, number) in enumerate(support.cells):
        if not factor.discrete and number == factor.dimension:
            first = column - number
            moves[column] = -moves[first:column].sum(axis=0)
    return moves


def chart_of(subject: Subject) -> ChartDensity:
    """The density of a model in coordinates that its held-out rows standardize."""
    at = None if subject.at is None else jnp.asarray(subject.at)
    return ChartDensity(subject.model, Units.fit(subject.support, jnp.asarray(subject.rows)), at)


def coordinates_of(chart: ChartDensity, x: Float[np.ndarray, "n d"]) -> np.ndarray:
    """The coordinates of rows."""
    return computed(_encoded, chart.units, x)


def chart_refusal(subject: Subject, chart: ChartDensity) -> str:
    """Why a model cannot be looked at in real coordinates; empty where it can."""
    if not subject.support.flat:
        return "directions and rotations have no chart of real numbers"
    if subject.support.width != subject.support.dimension:
        return ""
    unresolved = np.mean(computed(_unresolved, chart.units, subject.draws))
    if unresolved > _UNRESOLVED:
        return (
            f"{unresolved:.2%} of the draws lie so near the ends of their support that 64 bits do "
            "not resolve their coordinates"
        )
    return ""


def _slopes(units: Units, y: Float[Array, " c"]) -> Float[Array, " d"]:
    """dx_i/dy_i of columns that are single numbers."""
    return jax.jvp(units.decode, (y,), (jnp.ones_like(y),))[1]


def _encoded(units: Units, x: Array) -> Array:
    return jax.vmap(lambda x: units.encode(x)[0])(x)


def _unresolved(units: Units, x: Array) -> Array:
    """Rows with a column whose rounding moves its coordinate by more than a tenth."""

    def one(x: Array) -> Array:
        slope = _slopes(units, units.encode(x)[0])
        coarse = jnp.abs(slope) < 10 * jnp.finfo(x.dtype).eps * jnp.abs(x)
        return jnp.any(coarse & ~units.support.discrete)

    return jax.vmap(one)(x)
