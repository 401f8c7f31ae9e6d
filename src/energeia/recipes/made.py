"""The recipe ``made``: a masked autoregressive network by maximum likelihood."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.contracts import Density, Modules
from energeia.distributions.columns import columns_of
from energeia.models.ensemble import Ensemble
from energeia.models.in_units import DensityInUnits
from energeia.models.made import Made
from energeia.models.symmetrized import Symmetrized
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.objectives.members import MemberLikelihood
from energeia.physics.lattice.symmetry import symmetry_group
from energeia.recipes.assembly import Assembly, ReferenceRows, condition_scaling
from energeia.recipes.options.autoregressive import MadeOptions, Symmetrize
from energeia.recipes.options.problem import Problem
from energeia.training.player import Player, optimizer

SMALL_ROWS, SMALL_ORDERS = 5000, 4
"""On 1,257 digits four orders score 80.2 nats an image, one 81.2 to 82.4."""


def build(
    options: MadeOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Put the parts together; see ``recipes.assembly``."""
    units = Units.fit(problem.support, reference.x)
    scaling = condition_scaling(reference)
    seen = jax.vmap(lambda x: units.encode(x)[0])(reference.x)
    columns = columns_of(problem.support, components=options.components, octaves=options.octaves)

    def network(key: PRNGKey, order: Array | None = None) -> Density:
        inner = Made(
            key,
            columns,
            width=options.width,
            depth=options.depth,
            order=order,
            condition_shape=problem.condition_shape,
            reference=seen,
        )
        return DensityInUnits(inner, units, scaling)

    count = _orders(options, problem)
    moves = optimizer(options.optimization, options.training.rounds)
    if count == 1:
        return Assembly(
            {"model": network(key)},
            MaximumLikelihood(),
            (Player("model", ("model",), moves),),
            lambda modules: symmetrized(modules["model"], problem, options.symmetrize),
        )
    orders = jax.vmap(columns.shuffle)(jax.random.split(jax.random.fold_in(key, 1), count))
    orders = orders.at[0].set(jnp.arange(problem.dimension))
    members = eqx.filter_vmap(network)(jax.random.split(key, count), orders)

    def finished(modules: Modules) -> Density:
        mixture = Ensemble(modules["members"], count)
        return symmetrized(mixture, problem, options.symmetrize)

    player = Player("members", ("members",), moves)
    return Assembly({"members": members}, MemberLikelihood(), (player,), finished)


def _orders(options: MadeOptions, problem: Problem) -> int:
    """How many column orders to mix: few rows are quick to learn several times over."""
    if options.orders:
        return options.orders
    return SMALL_ORDERS if problem.rows < SMALL_ROWS and problem.dimension > 1 else 1


def symmetrized(model: Density, problem: Problem, choice: Symmetrize) -> Density:
    """Mix a density in the user's units over the declared symmetries, as ``choice`` says."""
    names = problem.symmetries
    if choice == "auto":
        # The translations are as many as the sites: batches teach them, scores need not pay.
        names = tuple(name for name in names if name != "translations")
    if choice in ("augment", "none") or not names:
        return model
    group = symmetry_group(names, problem.layout, problem.support)
    return Symmetrized(model, group)
