"""The recipe ``any-order``: one network for the conditionals of all columns in every order."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int

from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.contracts import Density
from energeia.distributions.columns import columns_of
from energeia.models.any_order import AnyOrder
from energeia.models.in_units import DensityInUnits, OrdersInUnits
from energeia.objectives.averaged import AveragedLikelihood
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.autoregressive import AnyOrderOptions, frequencies
from energeia.recipes.options.problem import Problem
from energeia.recipes.orders import column_order


def build(
    options: AnyOrderOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Put the parts together; see ``recipes.assembly``."""
    units, scaling = Units.fit(problem.support, reference.x), parts.condition_scaling(reference)
    columns = columns_of(
        problem.support, components=options.components, octaves=frequencies(options, problem)
    )
    inner = AnyOrder(
        key,
        columns,
        width=options.width,
        depth=options.depth,
        orders=_orders(options, problem, columns.dimension, jax.random.fold_in(key, 1)),
        condition_shape=problem.condition_shape,
        reference=parts.encoded_rows(units, reference),
    )

    def finish(model: OrdersInUnits) -> Density:
        assert isinstance(model.inner, AnyOrder)
        density = DensityInUnits(model.inner, model.units, model.scaling)
        return parts.symmetrized(density, problem, options.symmetrize)

    return parts.one_player(
        OrdersInUnits(inner, units, scaling),
        AveragedLikelihood(),
        parts.with_prior(options.optimization, options.shrinkage, problem)
        if problem.table
        else options.optimization,
        options.training.rounds,
        finish=finish,
    )


def _orders(
    options: AnyOrderOptions, problem: Problem, width: int, key: PRNGKey
) -> Int[Array, "orders d"]:
    """The given order, then random ones."""
    given = column_order(options.order, problem)
    first = jnp.arange(width) if given is None else jnp.asarray(np.array(given))
    keys = jax.random.split(key, options.orders)
    orders = jax.vmap(lambda k: jax.random.permutation(k, width))(keys)
    return orders.at[0].set(first)
