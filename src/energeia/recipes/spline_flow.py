"""The recipe ``spline-flow``: rational-quadratic coupling layers, trained by maximum likelihood."""

from energeia._core.types import PRNGKey
from energeia.bijections.of_columns import factor_stack
from energeia.bijections.spline import Spline
from energeia.contracts import Bijection
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.couplings import coupling_flow
from energeia.recipes.flow_models import flow_assembly
from energeia.recipes.options.flow import SplineFlowOptions
from energeia.recipes.options.problem import Problem


def build(
    options: SplineFlowOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Splines on every column: exact likelihoods, or a lower bound of dequantized columns."""

    def bijection(part: Problem, key: PRNGKey) -> Bijection:
        return _bijection(options.resolved(part), part, key)

    return flow_assembly(bijection, options, problem, reference, key)


def _bijection(options: SplineFlowOptions, problem: Problem, key: PRNGKey) -> Bijection:
    """Couplings of single numbers; layers that transform each direction, too, where there are."""
    spline = Spline(options.bins, options.half_width)
    if problem.support.flat:
        return coupling_flow(spline, options, problem, key)
    return factor_stack(
        spline,
        options.layers,
        problem.support,
        bins=options.bins,
        condition_shape=problem.condition_shape,
        octaves=options.octaves,
        width=options.width,
        depth=options.depth,
        key=key,
    )
