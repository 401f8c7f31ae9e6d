"""Autoregressive recipes with a causal network: ``gru``, ``lstm``, ``transformer``, ``povm-``."""

import math
from collections.abc import Callable
from functools import partial

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.distributions.columns import columns_of
from energeia.models.causal import CausalNetwork
from energeia.models.in_units import DensityInUnits
from energeia.nn.attention import Transformer
from energeia.nn.causal import CausalStack
from energeia.nn.recurrent import Cell, Gru, Lstm, RecurrentStack
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.autoregressive import (
    GruOptions,
    TransformerOptions,
    frequencies,
)
from energeia.recipes.options.problem import Problem
from energeia.recipes.options.tomography import RecurrentOptions
from energeia.recipes.orders import column_order

Options = GruOptions | RecurrentOptions | TransformerOptions


def build_gru(
    options: GruOptions | RecurrentOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Layers of gated recurrent units; see ``recipes.assembly``."""
    return _build(partial(_layers, Gru(), options), options, problem, reference, key)


def build_lstm(
    options: GruOptions | RecurrentOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Layers of long short-term memory; see ``recipes.assembly``."""
    return _build(partial(_layers, Lstm(), options), options, problem, reference, key)


def build_transformer(
    options: TransformerOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """A causal transformer; see ``recipes.assembly``.

    Raises:
        InputError: if the width is no multiple of the heads.
    """
    if options.width % options.heads:
        fitting = options.heads * math.ceil(options.width / options.heads)
        raise InputError(
            f"a width of {options.width} is not divisible by the {options.heads} heads: "
            f"make it a multiple, such as {fitting}"
        )

    def make(key: PRNGKey, size: int) -> CausalStack:
        return Transformer(
            key, size, options.width, options.depth, options.heads, problem.dimension
        )

    return _build(make, options, problem, reference, key)


def _layers(
    cell: Cell, options: GruOptions | RecurrentOptions, key: PRNGKey, size: int
) -> CausalStack:
    return RecurrentStack(key, cell, size, options.width, options.depth)


def _build(
    make: Callable[[PRNGKey, int], CausalStack],
    options: Options, problem: Problem, reference: ReferenceRows, key: PRNGKey,
) -> Assembly:  # fmt: skip
    units = Units.fit(problem.support, reference.x)
    order = column_order(options.order, problem)
    inner = CausalNetwork(
        key,
        columns_of(
            problem.support if order is None else problem.support.select(list(order)),
            components=options.components,
            octaves=frequencies(options, problem),
        ),
        make,
        condition_shape=problem.condition_shape,
        order=order,
        reference=parts.encoded_rows(units, reference),
    )
    return parts.one_player(
        DensityInUnits(inner, units, parts.condition_scaling(reference)),
        parts.density_objective(reference, reparameterized=False, anneal=options.anneal),
        options.optimization,
        options.training.rounds,
        finish=lambda model: parts.symmetrized(model, problem, options.symmetrize),
    )
