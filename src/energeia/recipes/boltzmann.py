"""The fully visible Boltzmann machine of binary columns, by its pseudo-likelihood."""

import jax.numpy as jnp

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.energies.boltzmann import BoltzmannMachine, MachinePath, independent_fields
from energeia.mcmc.gibbs import Gibbs
from energeia.models.boltzmann import BoltzmannModel
from energeia.objectives.pseudo_likelihood import PseudoLikelihood
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.energy import BoltzmannOptions
from energeia.recipes.options.problem import Problem


def build(
    options: BoltzmannOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Put the machine, which starts from independent columns, and its objective together."""
    del key  # couplings begin at zero
    units = Units.fit(problem.support, reference.x)
    y = parts.encoded_rows(units, reference)
    fields = independent_fields((jnp.sum(y, axis=0) + 1) / (len(y) + 2))
    model = BoltzmannModel(  # pyright: ignore[reportCallIssue]
        path=MachinePath(
            target=BoltzmannMachine(fields, problem.condition_dimension),
            base_fields=Frozen(fields),
        ),
        kernel=Gibbs(),
        units=units,
        scaling=parts.condition_scaling(reference),
        anneal=options.anneal,
        steps=options.steps,
    )
    objective = PseudoLikelihood(ridge=options.shrinkage / max(problem.rows, 1))
    return parts.one_player(model, objective, options.optimization, options.training.rounds)
