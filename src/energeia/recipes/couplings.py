"""The coupling layers of flows: dense ones of tables, convolutional ones of lattices and images."""

import math
from collections.abc import Callable

import jax
from jaxtyping import Array

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.bijections.compose import Chain
from energeia.bijections.conditioners import (
    Conditioner,
    ConvolutionalConditioner,
    DenseConditioner,
)
from energeia.bijections.coupling import masked_stack
from energeia.bijections.masks import coupling_masks
from energeia.bijections.multiscale import level_shapes, multi_scale
from energeia.bijections.reshape import ReshapedBijection, Squeezed, squeeze
from energeia.bijections.scalar import ScalarBijection
from energeia.bijections.split import coupling_stack
from energeia.contracts import Bijection
from energeia.recipes import parts
from energeia.recipes.options.flow import RealNVPOptions, SplineFlowOptions, levels_of
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
    if options.mask == "multiscale":
        whole = _multi_scale(transformer, options, problem, key)
        return ReshapedBijection(whole, (problem.dimension,))
    mask_key, layer_key = jax.random.split(key)
    stack = masked_stack(
        transformer,
        coupling_masks(options.mask, problem.layout, options.layers, key=mask_key),
        _conditioner(transformer, options, problem, problem.layout),
        periodic=parts.periodic_columns(problem),
        key=layer_key,
    )
    return ReshapedBijection(stack, (problem.dimension,))


def _multi_scale(
    transformer: ScalarBijection, options: Options, problem: Problem, key: PRNGKey
) -> Bijection:
    """Levels of couplings of checkerboards, then of channels of the squeezed field.

    Dinh et al. 2017, section 3.6. The channels are divided as stripes of the field: their halves
    (``squeeze``) are the colors of the checkerboard, which have seen each other by then.
    """
    layout = field_layout("mask=multiscale", problem)
    periodic = parts.periodic_columns(problem)
    if any(periodic) and not all(periodic):
        raise InputError(
            "mask=multiscale was asked for on a field of angles and other numbers: use "
            "mask=permutation"
        )
    shapes = level_shapes(layout, levels_of(layout, options.levels))
    layers = max(options.layers // (2 * len(shapes)), 1)

    def stack(masks: Array, key: PRNGKey) -> Bijection:
        shape = masks.shape[1:]
        return masked_stack(
            transformer,
            masks,
            _conditioner(transformer, options, problem, shape),
            periodic=(True,) * math.prod(shape) if any(periodic) else (),
            key=key,
        )

    levels = []
    for shape, keys in zip(shapes, jax.random.split(key, (len(shapes), 2)), strict=True):
        colors = stack(coupling_masks("checkerboard", shape, layers), keys[0])
        channels = stack(squeeze(coupling_masks("stripes", shape, layers)), keys[1])
        levels.append(Chain((colors, Squeezed(channels))))
    return multi_scale(levels)


def field_layout(what: str, problem: Problem) -> tuple[int, int, int]:
    """Height, width and channels of rows that are fields.

    Raises:
        InputError: for others; ``what`` needs them.
    """
    layout = problem.layout
    if len(layout) not in (2, 3):
        raise InputError(
            f"{what} was asked for on rows of layout {layout}: give arrays of shape (rows, height, "
            "width) or (rows, height, width, channels), or use spline-flow"
        )
    height, width, channels = (*layout, 1)[:3]
    return height, width, channels


def _conditioner(
    transformer: ScalarBijection, options: Options, problem: Problem, shape: tuple[int, ...]
) -> Callable[[PRNGKey], Conditioner]:
    """The maker of one layer's conditioner."""
    periodic = parts.periodic_columns(problem)
    if shape != problem.layout:
        periodic = (any(periodic),) * math.prod(shape)
    parameters = transformer.parameters(any(periodic))
    if options.conditioner == "dense":
        return lambda key: DenseConditioner(
            shape,
            parameters,
            width=options.width,
            depth=options.depth,
            condition_shape=problem.condition_shape,
            periodic=periodic,
            octaves=options.octaves,
            key=key,
        )
    return lambda key: ConvolutionalConditioner(
        shape,
        parameters,
        channels=options.channels,
        depth=options.depth,
        periodic_layout=problem.periodic_layout,
        condition_shape=problem.condition_shape,
        periodic=periodic,
        octaves=options.octaves,
        key=key,
    )
