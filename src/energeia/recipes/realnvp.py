"""The recipe ``realnvp``: affine coupling layers, trained by maximum likelihood."""

from energeia._core.types import PRNGKey
from energeia.bijections.scalar import AffineScalar
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.couplings import coupling_flow
from energeia.recipes.options.flow import RealNVPOptions
from energeia.recipes.options.problem import Problem


def build(
    options: RealNVPOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Affine maps of every column, their log-scales bounded."""
    options = options.resolved(problem)
    bijection = coupling_flow(
        AffineScalar(options.bound),
        options,
        problem,
        key,
        unroll=options.layers,  # saves a third of a step, for a few seconds of compilation
    )
    model = parts.flow_in_units(bijection, problem, reference)
    optimization = parts.with_prior(options.optimization, options.shrinkage, problem)
    objective = parts.density_objective(reference, reparameterized=True)
    return parts.one_player(model, objective, optimization, options.training.rounds)
