"""The restricted Boltzmann machine: binary, categorical and integer columns."""

import msgspec

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.energies.rbm import Rbm, RbmPath, base_rate_field, unit_means
from energeia.energies.visible import Visible
from energeia.mcmc.gibbs import Gibbs
from energeia.models.boltzmann import BoltzmannModel
from energeia.objectives.contrastive import Contrastive
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.energy import RbmOptions
from energeia.recipes.options.problem import Problem
from energeia.support import Integer


def build(
    options: RbmOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Put the machine, its chains and its objective together.

    Integer columns are thermometer encoded, categorical ones one-hot. With a condition one chain in
    twenty restarts from the data at each move, since a chain keeps its condition.
    """
    units = Units.fit(problem.support, reference.x)
    sizes = problem.support.sizes
    y = parts.encoded_rows(units, reference)
    ordered = tuple(isinstance(c, Integer) for c in problem.support.columns)
    mean = unit_means(Visible(sizes, ordered), y)
    # A column of K values changes up to K - 1 units at once.
    levels = max(sizes) - 1
    rbm = Rbm(
        key, sizes, options.hidden, mean, problem.condition_dimension,
        options.initial_weight / levels, ordered,
    )  # fmt: skip
    model = BoltzmannModel(  # pyright: ignore[reportCallIssue]
        path=RbmPath(target=rbm, base_field=Frozen(base_rate_field(rbm.visible, mean))),
        kernel=Gibbs(),
        units=units,
        scaling=parts.condition_scaling(reference),
        anneal=options.anneal,
        steps=options.steps,
    )
    objective = Contrastive(
        kernel=Gibbs(),
        chains=options.chains,
        steps=options.sweeps,
        restart=0.05 if problem.condition_dimension else 0.0,
    )
    settings = msgspec.structs.replace(
        options.optimization,
        learning_rate=options.optimization.learning_rate / levels**0.75,
        weight_decay=options.optimization.weight_decay
        + options.shrinkage * levels**2 / problem.rows,
    )
    return parts.one_player(model, objective, settings, options.training.rounds)
