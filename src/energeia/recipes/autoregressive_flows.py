"""The recipes ``maf``, ``iaf`` and ``nsf-ar``: flows of autoregressive layers."""

from energeia._core.types import PRNGKey
from energeia.bijections.autoregressive import autoregressive_stack
from energeia.bijections.compose import Inverse
from energeia.bijections.scalar import AffineScalar, ScalarBijection
from energeia.bijections.spline import Spline
from energeia.contracts import Bijection
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.flow_models import flow_assembly
from energeia.recipes.options.flow import (
    AffineAutoregressiveOptions,
    SplineAutoregressiveOptions,
)
from energeia.recipes.options.problem import Problem


def build_maf(
    options: AffineAutoregressiveOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Affine layers whose quick direction is from the data to the base."""

    def bijection(part: Problem, key: PRNGKey) -> Bijection:
        return _layers(AffineScalar(options.bound), options.resolved(part), part, key)

    return flow_assembly(bijection, options, problem, reference, key)


def build_iaf(
    options: AffineAutoregressiveOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """The same layers, whose quick direction is from the base to the data."""

    def bijection(part: Problem, key: PRNGKey) -> Bijection:
        return Inverse(_layers(AffineScalar(options.bound), options.resolved(part), part, key))

    return flow_assembly(bijection, options, problem, reference, key)


def build_splines(
    options: SplineAutoregressiveOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Splines of every column, on the circle for angles."""

    def bijection(part: Problem, key: PRNGKey) -> Bijection:
        chosen = options.resolved(part)
        return _layers(Spline(chosen.bins, chosen.half_width), chosen, part, key)

    return flow_assembly(bijection, options, problem, reference, key)


def _layers(
    transformer: ScalarBijection,
    options: AffineAutoregressiveOptions | SplineAutoregressiveOptions,
    problem: Problem, key: PRNGKey,
) -> Bijection:  # fmt: skip
    return autoregressive_stack(
        transformer, options.layers, periodic=parts.periodic_columns(problem),
        condition_shape=problem.condition_shape, octaves=options.octaves, width=options.width,
        depth=options.depth, key=key,
    )  # fmt: skip
