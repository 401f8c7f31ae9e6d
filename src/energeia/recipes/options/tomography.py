"""Options of the recipes for outcomes of measurements. Needs no JAX."""

from typing import Literal

import msgspec

from energeia._core.ranges import Count, CountOrZero, NonNegative, Octaves
from energeia.recipes.options.autoregressive import (
    LONG,
    AutoregressiveOptions,
    TransformerOptions,
)
from energeia.recipes.options.base import Recipe
from energeia.support import CONTINUOUS, DISCRETE
from energeia.training.settings import Optimization, Training

_ONCE = Training(rounds=1, batch=1, check_every=1)


class RecurrentOptions(
    AutoregressiveOptions, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """A recurrent network over the sites: exact likelihood, one set of weights for all of them."""

    width: Count = 100
    """Hidden units in a layer."""
    depth: Count = 3
    """Layers."""
    training: Training = LONG
    """Length and monitoring of the training."""
    optimization: Optimization = Optimization(learning_rate=2e-3)
    """The optimizer."""


class CompactOptions(RecurrentOptions, frozen=True, kw_only=True):
    """One small recurrent layer: fewer parameters need fewer shots and less time."""

    width: Count = 48
    """Hidden units in a layer."""
    depth: Count = 1
    """Layers."""
    training: Training = Training(rounds=800, batch=500, check_every=50, patience=10, average=0.99)
    """Length and monitoring of the training."""
    optimization: Optimization = Optimization(learning_rate=1e-2)
    """The optimizer."""


class KGramOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Tables of conditional probabilities of each site, estimated by counting."""

    order: CountOrZero = 4
    """Largest order; the one with the best held-out likelihood is used."""
    training: Training = _ONCE
    """Nothing is trained: one round runs, in which the counted model is evaluated."""


class LinearOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A softmax at each site, linear in all earlier sites; its log-likelihood is concave."""

    components: Count = 32
    """Mixture components of each continuous column."""
    octaves: Octaves = 6
    """Number of frequencies 1, 2, 4, ... in the Fourier features of a continuous column."""
    training: Training = Training(
        rounds=2000, batch=500, check_every=100, patience=5, average=0.995
    )
    """Length and monitoring of the training."""
    optimization: Optimization = Optimization(learning_rate=3e-3)
    """The optimizer."""


class BornOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A matrix-product state, trained by the exact likelihood of raw bases and signs."""

    povm: str = "pauli-6"
    """The measurement that produced the rows."""
    bond: Count = 8
    """Bond dimension."""
    purification: Count = 1
    """Dimension summed over at each site: 1 for a pure state, more for a mixed one."""
    amplitudes: Literal["auto", "real", "complex"] = "auto"
    """Real suits ground states without a field along Y; auto: real unless the shots show phases."""
    noise: NonNegative = 0.1
    """Size of the random numbers added to the product state at the start, equal at all sites."""
    signs: Literal["alike", "free"] = "alike"
    """Signs of that noise: alike avoids domain walls between signs; free is for long GHZ states."""
    training: Training = Training(
        rounds=6000, batch=100, check_every=300, patience=10, average=0.99
    )
    """Length and monitoring of the training: many updates on small batches, whose noise helps to
    leave poor local optima."""
    optimization: Optimization = Optimization(learning_rate=3e-2)
    """The optimizer."""


RECIPES = (
    Recipe(
        name="povm-compact",
        family="autoregressive",
        summary="one small recurrent layer, the default network for shots; exact likelihood",
        citation="Cho et al. (2014), arXiv:1406.1078; Carrasquilla et al. (2019), arXiv:1810.10584",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=CompactOptions,
        honors=frozenset({"weight"}),
        builder="energeia.recipes.causal:build_gru",
    ),
    Recipe(
        name="povm-gru",
        family="autoregressive",
        summary="the recurrent network of the tomography paper, 3 layers of 100",
        citation="Carrasquilla, Torlai, Melko, Aolita (2019), arXiv:1810.10584",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=RecurrentOptions,
        honors=frozenset({"weight"}),
        builder="energeia.recipes.causal:build_gru",
    ),
    Recipe(
        name="povm-lstm",
        family="autoregressive",
        summary="long short-term memory over the sites; exact likelihood",
        citation="Hochreiter, Schmidhuber (1997); Carrasquilla et al. (2019), arXiv:1810.10584",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=RecurrentOptions,
        honors=frozenset({"weight"}),
        builder="energeia.recipes.causal:build_lstm",
    ),
    Recipe(
        name="povm-transformer",
        family="autoregressive",
        summary="causal transformer over the sites; exact likelihood, cached sampling",
        citation="Vaswani et al. (2017), arXiv:1706.03762; Cha et al. (2021), arXiv:2006.12469",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=TransformerOptions,
        honors=frozenset({"weight"}),
        builder="energeia.recipes.causal:build_transformer",
    ),
    Recipe(
        name="linear-autoregressive",
        family="autoregressive",
        summary="a softmax at each site, linear in the sites before; exact likelihood",
        citation="Neal (1992), Artificial Intelligence 56, 71",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=LinearOptions,
        honors=frozenset({"weight"}),
        builder="energeia.recipes.baselines:build_linear",
        conditional=False,
    ),
    Recipe(
        name="k-gram",
        family="autoregressive",
        summary="tables over the last sites, order and smoothing validated; counted, not trained",
        citation="MacKay, Peto (1995), Natural Language Engineering 1, 289",
        supports=frozenset(DISCRETE),
        options=KGramOptions,
        builder="energeia.recipes.baselines:build_k_gram",
        conditional=False,
        reference_rows=0,
    ),
    Recipe(
        name="born-machine",
        family="autoregressive",
        summary="matrix-product state trained on raw bases and signs; exact under any measurement",
        citation="Han et al. (2018), arXiv:1709.01662; Glasser et al. (2019), arXiv:1907.03741",
        supports=frozenset({"categorical"}),
        options=BornOptions,
        honors=frozenset({"weight"}),
        builder="energeia.recipes.born_machine:build",
        conditional=False,
        reference_rows=65536,
    ),
)
