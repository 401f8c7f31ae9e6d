"""The coupling layers of flows: dense ones of tables, convolutional ones of lattices and images."""

from collections.abc import Callable

import jax

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.bijections.conditioners import (
    Conditioner,
    ConvolutionalConditioner,
    DenseConditioner,
)
from energeia.bijections.coupling import masked_stack
from energeia.bijections.masks import coupling_masks
from energeia.bijections.reshape import ReshapedBijection
from energeia.bijections.scalar import ScalarBijection
from energeia.bijections.split import coupling_stack
from energeia.contracts import Bijection
from energeia.recipes import parts
from energeia.recipes.options.flow import RealNVPOptions, SplineFlowOptions
from energeia.recipes.options.problem import Problem

Options = RealNVPOptions | SplineFlowOptions


def coupling_flow(
    transformer: ScalarBijection,
    options: Options,
    problem: Problem,
    key: PRNGKey,
    *,
    unroll: int = 1,
) -> Bijection:
    """Coupling layers of flat rows, as the resolved ``options`` say.

    ``unroll`` is that of the dense layers of a table; convolutions are expensive to compile.

    Raises:
        InputError: for convolutions of rows that are no field or under a permutation.
    """
    if options.mask == "permutation":
        if options.conditioner == "convolution":
            raise InputError(
                "a convolution was asked for with mask=permutation, which takes a field apart: "
                "use mask=checkerboard"
            )
        return coupling_stack(
            transformer,
            options.layers,
            periodic=parts.periodic_columns(problem),
            condition_shape=problem.condition_shape,
            octaves=options.octaves,
            width=options.width,
            depth=options.depth,
            key=key,
            unroll=unroll,
        )
    mask_key, layer_key = jax.random.split(key)
    stack = masked_stack(
        transformer,
        coupling_masks(options.mask, problem.layout, options.layers, key=mask_key),
        _conditioner(transformer, options, problem),
        periodic=parts.periodic_columns(problem),
        key=layer_key,
    )
    return ReshapedBijection(stack, (problem.dimension,))


def _conditioner(
    transformer: ScalarBijection, options: Options, problem: Problem
) -> Callable[[PRNGKey], Conditioner]:
    """The maker of one layer's conditioner."""
    periodic = parts.periodic_columns(problem)
    parameters = transformer.parameters(any(periodic))
    if options.conditioner == "dense":
        return lambda key: DenseConditioner(
            problem.layout,
            parameters,
            width=options.width,
            depth=options.depth,
            condition_shape=problem.condition_shape,
            periodic=periodic,
            octaves=options.octaves,
            key=key,
        )
    return lambda key: ConvolutionalConditioner(
        problem.layout,
        parameters,
        channels=options.channels,
        depth=options.depth,
        periodic_layout=problem.periodic_layout,
        condition_shape=problem.condition_shape,
        periodic=periodic,
        octaves=options.octaves,
        key=key,
    )
