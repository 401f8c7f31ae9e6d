"""Recipes of fields in raster order: ``pixelcnn`` (convolutions), ``pixelrnn`` (recurrent)."""

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.distributions.columns import columns_of
from energeia.models.in_units import DensityInUnits
from energeia.models.raster import MakeNetwork, RasterDensity
from energeia.nn.causal_field import CausalField
from energeia.nn.recurrent_field import RecurrentField
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.autoregressive import (
    PixelCnnOptions,
    PixelRnnOptions,
    RasterOptions,
    frequencies,
)
from energeia.recipes.options.problem import Problem

LARGEST_ALPHABET = 64
"""Values of an integer above which it has discretized logistics: the cosines of an ordinal head
resolve an eighth of an alphabet, and a pixel is known from its neighbors to a few gray levels."""


def build_pixelcnn(
    options: PixelCnnOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Gated masked convolutions; see ``recipes.assembly``."""
    height, length, _ = site_layout(problem)

    def make(key: PRNGKey, inputs: int, context: int) -> CausalField:
        return CausalField(
            key, inputs=inputs, width=options.width, depth=options.depth, kernel=options.kernel,
            height=height, context=context, periodic=problem.periodic_layout,
            dilations=row_dilations(length, options) if height == 1 else (),
        )  # fmt: skip

    return _build(make, options, problem, reference, key)


def build_pixelrnn(
    options: PixelRnnOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Recurrent layers over the diagonals of a field; see ``recipes.assembly``."""

    def make(key: PRNGKey, inputs: int, context: int) -> RecurrentField:
        return RecurrentField(
            key, inputs=inputs, width=options.width, depth=options.depth,
            height=site_layout(problem)[0], context=context,
        )  # fmt: skip

    return _build(make, options, problem, reference, key)


def _build(
    make: MakeNetwork, options: RasterOptions, problem: Problem, reference: ReferenceRows,
    key: PRNGKey,
) -> Assembly:  # fmt: skip
    units = Units.fit(problem.support, reference.x)
    inner = RasterDensity(
        key,
        columns_of(
            problem.support,
            components=options.components,
            octaves=frequencies(options, problem),
            largest_alphabet=LARGEST_ALPHABET,
        ),
        site_layout(problem),
        make,
        condition_shape=problem.condition_shape,
        reference=parts.encoded_rows(units, reference),
    )
    return parts.one_player(
        DensityInUnits(inner, units, parts.condition_scaling(reference)),
        parts.density_objective(reference, reparameterized=False, anneal=options.anneal),
        options.optimization,
        options.training.rounds,
        finish=lambda model: parts.symmetrized(model, problem, options.symmetrize),
    )


def site_layout(problem: Problem) -> tuple[int, int, int]:
    """Height, width and channels of a configuration.

    Columns without a layout are one row of sites, since a chain cannot be told from a table and
    layers whose sites reach the whole row are exact for either.

    Raises:
        InputError: for a layout of more than three axes.

    >>> from energeia.support import Binary, Support
    >>> support = Support(((Binary(), 12),))
    >>> site_layout(Problem(support=support, layout=(12,), rows=9))
    (1, 12, 1)
    >>> site_layout(Problem(support=support, layout=(2, 2, 3), rows=9))
    (2, 2, 3)
    """
    layout = problem.layout
    if len(layout) > 3:
        raise InputError(
            f"a layout of {layout} was given, but sites are drawn in raster order from (sites), "
            "(height, width) or (height, width, channels): merge the axes that go together"
        )
    if len(layout) == 1:
        return 1, layout[0], 1
    height, width, channels = (*layout, 1)[:3]
    return (1, height, channels) if width == 1 else (height, width, channels)


def row_dilations(length: int, options: PixelCnnOptions) -> tuple[int, ...]:
    """Dilations b^0, b^1, ... of the layers over a row, b at most the kernel.

    b is the least with which the last site sees the first; up to b = kernel, a site sees every
    site within its reach.

    >>> row_dilations(12, PixelCnnOptions(kernel=3, depth=3)), row_dilations(10, PixelCnnOptions())
    ((1, 2, 4), (1, 1, 1, 1))
    """
    for base in range(1, options.kernel + 1):
        dilations = tuple(base**layer for layer in range(options.depth))
        if 1 + (options.kernel - 1) * sum(dilations) >= length - 1:
            break
    return dilations
