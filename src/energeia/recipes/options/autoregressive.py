"""Options of the autoregressive recipes. Needs no JAX."""

from typing import Any, Literal

import msgspec

from energeia._core.ranges import Count, CountOrZero, NonNegative, OctavesOrAuto
from energeia.recipes.options.base import Recipe
from energeia.recipes.options.problem import Problem
from energeia.support import CONTINUOUS, DISCRETE
from energeia.training.settings import Optimization, Training

LONG = Training(rounds=3000, batch=500, check_every=100, patience=10, average=0.99)
Symmetrize = Literal["auto", "augment", "mixture", "none"]


class AutoregressiveOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options shared by autoregressive networks over columns of any kind."""

    components: Count = 32
    """Mixture components of each continuous column."""
    octaves: OctavesOrAuto = -1
    """Number of frequencies 1, 2, 4, ... in the Fourier features of a continuous column; -1 for 6
    up to 2 columns, in a layout or on an energy, and 1 in other tables."""
    anneal: CountOrZero = 0
    """On an energy, rounds over which it is switched on, so that states that are apart are found
    while they are joined; the energy as it is from the start with 0."""
    order: str = "columns"
    """Order in which columns are drawn: as they stand (columns, raster), checkerboard, hilbert, or
    a permutation such as 2,0,1 that gives the column of each rank."""
    symmetrize: Symmetrize = "auto"
    """Declared symmetries: transform batches at random only (augment), average the model over the
    whole group too (mixture), over the part that fixes a site (auto), or ignore them (none)."""


class MadeOptions(AutoregressiveOptions, frozen=True, kw_only=True):
    """A masked autoregressive network: exact likelihood, exact samples, every kind of column."""

    width: CountOrZero = 0
    """Hidden units in a layer, rounded to an equal number for each column; 0 for 512, and 128 in
    small tables with continuous columns."""
    depth: Count = 2
    """Hidden layers."""
    shrinkage: NonNegative = 1000.0
    """Weight decay times training rows, in tables with continuous columns: a prior for a linear
    regression, whose weight falls with the number of rows."""
    orders: CountOrZero = 0
    """Networks with different column orders in the mixture; 0 for 4 below 5000 rows and in small
    tables with continuous columns, else 1."""
    training: Training = Training(
        rounds=3000, batch=256, check_every=100, patience=5, average=0.995
    )
    """Length and monitoring of the training."""
    optimization: Optimization = Optimization(learning_rate=2e-3)
    """The optimizer."""


class AnyOrderOptions(AutoregressiveOptions, frozen=True, kw_only=True):
    """One network for the conditionals of every column given any others: exact likelihood, and
    draws of any unknown columns given the known ones."""

    width: Count = 256
    """Hidden units in a layer."""
    depth: Count = 2
    """Residual blocks."""
    shrinkage: NonNegative = 1000.0
    """Weight decay times training rows, in tables: a prior for the normal distribution that
    training starts from, whose weight falls with the number of rows."""
    orders: Count = 1
    """Orders in the mixture that is the density: the first is ``order``, others are random. Scoring
    takes a pass of the network for each column and order."""
    training: Training = Training(
        rounds=6000, batch=256, check_every=200, patience=5, average=0.995
    )
    """Length and monitoring of the training."""
    optimization: Optimization = Optimization(learning_rate=2e-3)
    """The optimizer."""


class GruOptions(AutoregressiveOptions, frozen=True, kw_only=True):
    """A recurrent autoregressive network: exact likelihood, one set of weights for all columns."""

    width: Count = 100
    """Hidden units in a layer."""
    depth: Count = 1
    """Layers."""
    training: Training = Training(
        rounds=3000, batch=256, check_every=100, patience=5, average=0.995
    )
    """Length and monitoring of the training."""
    optimization: Optimization = Optimization(learning_rate=4e-3)
    """The optimizer."""


class TransformerOptions(AutoregressiveOptions, frozen=True, kw_only=True):
    """A causal transformer over columns or sites: exact likelihood, sampling with cached keys and
    values."""

    width: Count = 48
    """Embedding size of one column."""
    depth: Count = 2
    """Attention blocks."""
    heads: Count = 4
    """Attention heads of each block, among which the width is divided."""
    training: Training = LONG
    """Length and monitoring of the training."""
    optimization: Optimization = Optimization(learning_rate=2e-3)
    """The optimizer."""


class RasterOptions(AutoregressiveOptions, frozen=True, kw_only=True):
    """Options shared by networks of fields in raster order."""

    components: Count = 10
    """Mixture components of each continuous column, and of integers of more than 64 values."""
    order: Literal["raster", "columns"] = "raster"
    """Sites are drawn row after row, the channels of a site in their order."""
    training: Training = Training(rounds=3000, batch=32, check_every=100, patience=5, average=0.995)
    """Length and monitoring of the training."""
    optimization: Optimization = Optimization(learning_rate=2e-3)
    """The optimizer."""


class PixelCnnOptions(RasterOptions, frozen=True, kw_only=True):
    """Gated masked convolutions over an image, a lattice or a row: exact likelihood, one set of
    weights for all sites."""

    width: Count = 24
    """Features of a site in each of the two stacks."""
    depth: Count = 4
    """Gated layers."""
    kernel: Count = 5
    """Columns that a layer sees of the rows above, and twice its rows less one; sites of a row."""


class PixelRnnOptions(RasterOptions, frozen=True, kw_only=True):
    """Recurrent layers over the diagonals of an image, a lattice or a row: exact likelihood, each
    site given all sites before it."""

    width: Count = 32
    """Features of a site, and hidden units of a layer in each of the two directions."""
    depth: Count = 2
    """Layers."""
    optimization: Optimization = Optimization(learning_rate=4e-3)
    """The optimizer."""


def frequencies(options: Any, problem: Problem) -> int:
    """The octaves of Fourier features, chosen."""
    if options.octaves >= 0:
        return options.octaves
    return 1 if problem.dimension > 2 and problem.table else 6


RECIPES = (
    Recipe(
        name="made",
        family="autoregressive",
        summary="masked network, density in one pass; exact likelihood on any mixture of columns",
        citation="Germain, Gregor, Murray, Larochelle (2015), arXiv:1502.03509",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=MadeOptions,
        honors=frozenset({"weight", "noise"}),
        builder="energeia.recipes.made:build",
        accepts=frozenset({"rows", "target"}),
    ),
    Recipe(
        name="any-order",
        family="autoregressive",
        summary="one network for all orders of the columns; exact likelihood, fills any part",
        citation="Uria, Murray, Larochelle (2014), arXiv:1310.1757",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=AnyOrderOptions,
        honors=frozenset({"weight"}),
        builder="energeia.recipes.any_order:build",
    ),
    Recipe(
        name="gru",
        family="autoregressive",
        summary="recurrent network, one set of weights for all columns; exact likelihood",
        citation="Cho et al. (2014), arXiv:1406.1078; Carrasquilla et al. (2019), arXiv:1810.10584",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=GruOptions,
        honors=frozenset({"weight", "noise"}),
        builder="energeia.recipes.causal:build_gru",
        accepts=frozenset({"rows", "target"}),
    ),
    Recipe(
        name="lstm",
        family="autoregressive",
        summary="long short-term memory over the columns; exact likelihood",
        citation="Hochreiter and Schmidhuber (1997), Neural Computation 9, 1735",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=GruOptions,
        honors=frozenset({"weight", "noise"}),
        builder="energeia.recipes.causal:build_lstm",
        accepts=frozenset({"rows", "target"}),
    ),
    Recipe(
        name="transformer",
        family="autoregressive",
        summary="causal transformer over the columns; exact likelihood, cached sampling",
        citation="Vaswani et al. (2017), arXiv:1706.03762",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=TransformerOptions,
        honors=frozenset({"weight", "noise"}),
        builder="energeia.recipes.causal:build_transformer",
        accepts=frozenset({"rows", "target"}),
    ),
    Recipe(
        name="pixelcnn",
        family="autoregressive",
        summary="gated masked convolutions of images, lattices and rows; exact likelihood",
        citation="van den Oord et al. (2016), arXiv:1601.06759, arXiv:1606.05328; "
        "Salimans et al. (2017), arXiv:1701.05517",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=PixelCnnOptions,
        honors=frozenset({"weight", "noise"}),
        builder="energeia.recipes.raster:build_pixelcnn",
        accepts=frozenset({"rows", "target"}),
    ),
    Recipe(
        name="pixelrnn",
        family="autoregressive",
        summary="recurrent layers over the diagonals of images and lattices; exact likelihood",
        citation="van den Oord, Kalchbrenner, Kavukcuoglu (2016), arXiv:1601.06759",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=PixelRnnOptions,
        honors=frozenset({"weight", "noise"}),
        builder="energeia.recipes.raster:build_pixelrnn",
        accepts=frozenset({"rows", "target"}),
    ),
)
