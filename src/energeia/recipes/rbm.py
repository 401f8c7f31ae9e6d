"""The restricted Boltzmann machine: binary, categorical, integer and real columns."""

import msgspec
from jaxtyping import Array, Float

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.energies.gaussian_rbm import GaussianRbm, GaussianRbmPath
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

    Integer columns are thermometer encoded, categorical ones one-hot; continuous ones are normal
    given the hidden units, on the real line of their charts. With a condition one persistent chain
    in twenty restarts from the data at each move, since a chain keeps its condition.
    """
    units = Units.fit(problem.support, reference.x)
    y = parts.encoded_rows(units, reference)
    # A column of K values changes up to K - 1 units at once.
    levels = max(max(problem.support.sizes) - 1, 1)
    scale = options.initial_weight / levels
    model = BoltzmannModel(  # pyright: ignore[reportCallIssue]
        path=_path(problem, options.hidden, y, scale, key),
        kernel=Gibbs(),
        units=units,
        scaling=parts.condition_scaling(reference),
        anneal=options.anneal,
        steps=options.steps,
    )
    kept = 0.05 if problem.condition_dimension else 0.0
    objective = Contrastive(
        kernel=Gibbs(),
        chains=options.chains,
        steps=options.sweeps,
        restart=kept if options.persistent else 1.0,
    )
    settings = msgspec.structs.replace(
        options.optimization,
        learning_rate=options.optimization.learning_rate / levels**0.75,
        weight_decay=options.optimization.weight_decay
        + options.shrinkage * levels**2 / problem.rows,
    )
    return parts.one_player(model, objective, settings, options.training.rounds)


def _path(
    problem: Problem, hidden: int, y: Float[Array, "rows d"], scale: float, key: PRNGKey
) -> RbmPath | GaussianRbmPath:
    """A machine, and the path to it from the independent columns where it starts."""
    ordered = tuple(isinstance(c, Integer) for c in problem.support.columns)
    sizes, given = problem.support.sizes, problem.condition_dimension
    if not problem.support.all_discrete:
        mixed = GaussianRbm(key, sizes, hidden, y, given, scale, ordered)
        return GaussianRbmPath(mixed, Frozen(mixed.visible_bias), Frozen(mixed.log_precision))
    mean = unit_means(Visible(sizes, ordered), y)
    rbm = Rbm(key, sizes, hidden, mean, given, scale, ordered)
    return RbmPath(target=rbm, base_field=Frozen(base_rate_field(rbm.visible, mean)))
