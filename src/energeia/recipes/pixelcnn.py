"""The recipe ``pixelcnn``: gated masked convolutions of images, lattices and rows."""

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.distributions.columns import columns_of
from energeia.models.in_units import DensityInUnits
from energeia.models.pixelcnn import PixelCNN
from energeia.recipes import parts
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.options.autoregressive import PixelCnnOptions, frequencies
from energeia.recipes.options.problem import Problem

LARGEST_ALPHABET = 64
"""Values of an integer above which it has discretized logistics: the cosines of an ordinal head
resolve an eighth of an alphabet, and a pixel is known from its neighbors to a few gray levels."""


def build(
    options: PixelCnnOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """Put the parts together; see ``recipes.assembly``."""
    units = Units.fit(problem.support, reference.x)
    layout = site_layout(problem)
    inner = PixelCNN(
        key,
        columns_of(
            problem.support,
            components=options.components,
            octaves=frequencies(options, problem),
            largest_alphabet=LARGEST_ALPHABET,
        ),
        layout,
        width=options.width,
        depth=options.depth,
        kernel=options.kernel,
        dilations=row_dilations(layout[1], options) if layout[0] == 1 else (),
        periodic=problem.periodic_layout,
        condition_shape=problem.condition_shape,
        reference=parts.encoded_rows(units, reference),
    )
    return parts.one_player(
        DensityInUnits(inner, units, parts.condition_scaling(reference)),
        parts.density_objective(reference, reparameterized=False),
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
            f"a layout of {layout} was given to pixelcnn, which is for (sites), (height, width) or "
            "(height, width, channels): merge the axes that go together"
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
