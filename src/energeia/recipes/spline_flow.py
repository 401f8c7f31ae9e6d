"""The recipe ``spline-flow``: rational-quadratic coupling layers, trained by maximum likelihood."""

from energeia._core.types import PRNGKey
from energeia.bijections.coupling import coupling_stack
from energeia.bijections.spline import Spline
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.flow import SplineFlowOptions
from energeia.recipes.options.problem import Problem


def build(
    options: SplineFlowOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Splines on every column: exact likelihoods, or a lower bound where columns are discrete."""
    options = options.resolved(problem.dimension)
    bijection = coupling_stack(
        Spline(options.bins, options.half_width),
        options.layers,
        periodic=parts.periodic_columns(problem),
        condition_shape=problem.condition_shape,
        octaves=options.octaves,
        width=options.width,
        depth=options.depth,
        key=key,
    )
    model = parts.flow_in_units(bijection, problem, reference)
    optimization = parts.with_prior(options.optimization, options.shrinkage, problem)
    objective = parts.density_objective(reference, reparameterized=True)
    return parts.one_player(model, objective, optimization, options.training.rounds)
