"""The recipe ``realnvp``: affine coupling layers, trained by maximum likelihood."""

from energeia._core.types import PRNGKey
from energeia.bijections.coupling import coupling_stack
from energeia.bijections.scalar import AffineScalar
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.flow import RealNVPOptions
from energeia.recipes.options.problem import Problem
from energeia.recipes.spline_flow import (
    flow_in_units,
    likelihood_assembly,
    periodic_columns,
    shrunk,
)


def build(
    options: RealNVPOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Affine maps of every column, their log-scales bounded."""
    options = options.resolved(problem.dimension)
    bijection = coupling_stack(
        AffineScalar(options.bound),
        options.layers,
        periodic=periodic_columns(problem),
        condition_shape=problem.condition_shape,
        octaves=options.octaves,
        width=options.width,
        depth=options.depth,
        key=key,
        unroll=options.layers,  # a third off a step, for a few seconds of compiling
    )
    model = flow_in_units(bijection, problem, reference)
    optimization = shrunk(options.optimization, options.shrinkage, problem)
    return likelihood_assembly(model, optimization, options.training)
