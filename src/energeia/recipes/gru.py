"""The recipe ``gru``: a recurrent autoregressive network by maximum likelihood."""

import jax

from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.distributions.columns import columns_of
from energeia.models.in_units import DensityInUnits
from energeia.models.recurrent import Gru
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.recipes.assembly import Assembly, Reference, condition_scaling
from energeia.recipes.made import symmetrized
from energeia.recipes.options.autoregressive import GruOptions
from energeia.recipes.options.problem import Problem
from energeia.training.player import Player, optimizer


def build(options: GruOptions, problem: Problem, reference: Reference, key: PRNGKey) -> Assembly:
    """Put the parts together; see ``recipes.assembly``."""
    units = Units.fit(problem.support, reference.x)
    inner = Gru(
        key,
        columns_of(problem.support, components=options.components, octaves=options.octaves),
        width=options.width,
        depth=options.depth,
        condition_shape=problem.condition_shape,
        reference=jax.vmap(lambda x: units.encode(x)[0])(reference.x),
    )
    model = DensityInUnits(inner, units, condition_scaling(reference))
    moves = optimizer(options.optimization, options.training.rounds)
    return Assembly(
        {"model": model},
        MaximumLikelihood(),
        (Player("model", ("model",), moves),),
        lambda cast: symmetrized(cast["model"], problem, options.symmetrize),
    )
