"""Recipes trained along paths, such as ``diffusion``, and what continuous flows share."""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.bijections.continuous import ContinuousMap
from energeia.bijections.linear import Whitening, whitening
from energeia.bijections.paths import PathField
from energeia.bijections.units import Units
from energeia.contracts import Density
from energeia.distributions.student import student_base
from energeia.models.dequantized import Dequantized
from energeia.models.in_units import DensityInUnits, LatentInUnits
from energeia.models.velocity import VelocityInUnits, VelocityModel
from energeia.nn.timed import NegativeGradient, TimedNet
from energeia.objectives.velocity_matching import VelocityMatching
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.flow_models import flow_rows
from energeia.recipes.options.continuous import ContinuousOptions, PathOptions
from energeia.recipes.options.problem import Problem

_MONITORING = 1e-3
"""Tolerance of the held-out loss."""


def build(
    options: PathOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Put the parts together; see ``recipes.assembly``.

    Raises:
        InputError: for an optimal-transport coupling of rows with conditions.
    """
    if options.coupling == "optimal-transport" and problem.condition_dimension:
        raise InputError(
            "coupling=optimal-transport was given for rows with conditions, and its plan would mix "
            "rows of different conditions: give coupling=independent"
        )
    options = options.resolved(problem)
    periodic = parts.periodic_columns(problem)
    field = PathField(_network(options, problem, key), options.path, periodic,
                      problem.condition_shape)  # fmt: skip
    map_ = ContinuousMap(field, _MONITORING, periodic=periodic)
    inner, units = velocity_model(map_, problem, reference, normal=options.normal)
    return parts.one_player(
        VelocityInUnits(inner, units, parts.condition_scaling(reference), options.exact_trace),
        VelocityMatching(options.coupling),
        parts.with_prior(options.optimization, options.shrinkage, problem),
        options.training.rounds,
        finish=lambda model: finished(model, options.tolerance),
    )


def _network(options: PathOptions, problem: Problem, key: PRNGKey) -> TimedNet | NegativeGradient:
    if options.network == "gradient":
        return NegativeGradient(timed_net(options, problem, 1, key))
    return timed_net(options, problem, problem.dimension, key)


def timed_net(options: ContinuousOptions, problem: Problem, outputs: int, key: PRNGKey) -> TimedNet:
    """A network of time and all columns, with options that have been resolved."""
    return TimedNet(
        problem.dimension, outputs, width=options.width, depth=options.depth, key=key,
        periodic=parts.periodic_columns(problem), octaves=options.octaves,
        condition=problem.condition_dimension,
    )  # fmt: skip


def velocity_model(
    map_: ContinuousMap, problem: Problem, reference: ReferenceRows, *, normal: bool = False
) -> tuple[VelocityModel, Units]:
    """Whitened rows, then the map: with a velocity of zero a distribution with their correlations.

    That of a table is a Student distribution unless it must be ``normal``.
    """
    units = Units.fit(problem.support, reference.x)
    rows, periodic = flow_rows(units, reference), parts.periodic_columns(problem)
    first = whitening(rows, tuple(not angle for angle in periodic))
    base = parts.base_distribution(problem)
    if problem.table and not normal:
        base = _student(first, rows, periodic)
    return VelocityModel(base, first, map_), units


def _student(first: Whitening, rows: Float[Array, "n d"], periodic: tuple[bool, ...]) -> Density:
    white = jax.vmap(lambda row: first.forward(row)[0])(rows)
    return student_base(jnp.asarray(white), periodic)


def finished(model: VelocityInUnits, tolerance: float) -> DensityInUnits | LatentInUnits:
    """The trained model in the user's units, its equation solved to a tolerance."""
    flow = model.inner.flow(tolerance)
    if model.units.support.all_continuous:
        return DensityInUnits(flow, model.units, model.scaling)
    return LatentInUnits(Dequantized(flow, model.units), model.units, model.scaling)
