"""Options of the autoregressive recipes. Needs no JAX."""

from typing import Literal

import msgspec

from energeia._core.ranges import Count, CountOrZero, Octaves
from energeia.recipes.options.base import Recipe
from energeia.support import CONTINUOUS, DISCRETE
from energeia.training.settings import Optimization, Training

Symmetrize = Literal["auto", "augment", "mixture", "none"]


class AutoregressiveOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options shared by autoregressive networks over columns of any kind."""

    components: Count = 32
    """Mixture components of each continuous column."""
    octaves: Octaves = 6
    """Number of frequencies 1, 2, 4, ... in the Fourier features of a continuous column."""
    symmetrize: Symmetrize = "auto"
    """Declared symmetries: transform batches at random only (augment), average the model over the
    whole group too (mixture), over the part that fixes a site (auto), or ignore them (none)."""


class MadeOptions(AutoregressiveOptions, frozen=True, kw_only=True):
    """A masked autoregressive network: exact likelihood, exact samples, every kind of column."""

    width: Count = 512
    """Hidden units in a layer, rounded to an equal number for each column."""
    depth: Count = 2
    """Hidden layers."""
    orders: CountOrZero = 0
    """Networks with different column orders in the mixture; 0 for 4 below 5000 rows, else 1."""
    training: Training = Training(
        rounds=3000, batch=256, check_every=100, patience=5, average=0.995
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


RECIPES = (
    Recipe(
        name="made",
        family="autoregressive",
        summary="masked network, density in one pass; exact likelihood on any mixture of columns",
        citation="Germain, Gregor, Murray, Larochelle (2015), arXiv:1502.03509",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=MadeOptions,
        honors=frozenset({"weight"}),
        builder="energeia.recipes.made:build",
        accepts=frozenset({"rows", "target"}),
    ),
    Recipe(
        name="gru",
        family="autoregressive",
        summary="recurrent network, one set of weights for all columns; exact likelihood",
        citation="Cho et al. (2014), arXiv:1406.1078; Carrasquilla et al. (2019), arXiv:1810.10584",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=GruOptions,
        honors=frozenset({"weight"}),
        builder="energeia.recipes.causal:build_gru",
        accepts=frozenset({"rows", "target"}),
    ),
)
