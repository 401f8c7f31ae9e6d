"""The recipe ``made``: a masked autoregressive network by maximum likelihood."""

import jax

from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.contracts import Cast, Density
from energeia.distributions.columns import columns_of
from energeia.models.in_units import DensityInUnits
from energeia.models.made import Made
from energeia.models.symmetrized import Symmetrized
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.physics.symmetry import symmetry_group
from energeia.recipes.assembly import Assembly, Reference, condition_scaling
from energeia.recipes.options.autoregressive import MadeOptions, Symmetrize
from energeia.recipes.options.problem import Problem
from energeia.training.player import Player, optimizer


def build(options: MadeOptions, problem: Problem, reference: Reference, key: PRNGKey) -> Assembly:
    """Put the parts together; see ``recipes.assembly``."""
    units = Units.fit(problem.support, reference.x)
    seen = jax.vmap(lambda x: units.encode(x)[0])(reference.x)
    inner = Made(
        key,
        columns_of(problem.support, components=options.components, octaves=options.octaves),
        width=options.width,
        depth=options.depth,
        condition_shape=problem.condition_shape,
        reference=seen,
    )
    model = DensityInUnits(inner, units, condition_scaling(reference))
    moves = optimizer(options.optimization, options.training.rounds)

    def finished(cast: Cast) -> Density:
        return symmetrized(cast["model"], problem, options.symmetrize)

    return Assembly(
        {"model": model}, MaximumLikelihood(), (Player("model", ("model",), moves),), finished
    )


def symmetrized(model: Density, problem: Problem, choice: Symmetrize) -> Density:
    """Mix a density in the user's units over the declared symmetries, as ``choice`` says."""
    names = problem.symmetries
    if choice == "auto":
        # The translations are as many as the sites: batches teach them, scores need not pay.
        names = tuple(name for name in names if name != "translations")
    if choice in ("augment", "none") or not names:
        return model
    return Symmetrized(model, symmetry_group(names, problem.layout, problem.support))
