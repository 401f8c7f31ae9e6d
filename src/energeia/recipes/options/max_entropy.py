"""Options of the maximum-entropy game. Needs no JAX."""

from typing import Literal

import msgspec

from energeia._core.ranges import (
    Count,
    CountOrZero,
    NonNegative,
    OctavesOrAuto,
    Positive,
    PositiveShare,
    Share,
)
from energeia.recipes.options.base import Recipe
from energeia.support import CONTINUOUS, DISCRETE
from energeia.training.settings import Optimization, Training


class MaxEntropyOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An energy trained against a generator whose entropy is maximized."""

    generator: Literal["auto", "flow", "network"] = "auto"
    """A flow has a density, so entropy and weights are exact; a network scales to more columns. The
    default is a flow for up to 8 columns without conditions."""
    width: Count = 64
    """Hidden units of the energy, and of each conditioner of a flow."""
    depth: CountOrZero = 2
    """Residual blocks of the energy."""
    octaves: OctavesOrAuto = -1
    """Octaves of Fourier features in the inputs of the energy; -1 for 5 up to 8 columns, 0
    beyond."""
    layers: Count = 3
    """Coupling layers of a flow."""
    bins: Count = 32
    """Bins of each spline of a flow."""
    half_width: Positive = 3.0
    """Half-width of the interval on which splines act, in standard deviations."""
    smallest_bin: PositiveShare = 1e-4
    """Smallest bin height as a fraction of that interval: a lower bound on the mass between
    modes."""
    data_weight: Share = 0.5
    """Smallest weight of the data, relative to the energy, in a flow's loss."""
    consistency_weight: NonNegative = 0.6
    """Weight of the Huber loss between the energy and a flow's -log density."""
    huber_width: Positive = 1.0
    """Difference in nats beyond which the Huber loss is linear."""
    defensive_fraction: Share = 0.1
    """Fraction of rows drawn from a flow's base in the importance sampling of the energy's log
    Z."""
    images: bool = True
    """Use convolutional networks for images of at least 16 pixels a side, in multiples of 4."""
    channels: Count = 32
    """Channels of the first convolution; the second has twice as many."""
    latent: Count = 32
    """Latent dimensions of a network; for the exact entropy at most the number of columns."""
    hidden: Count = 192
    """Hidden units of a network."""
    entropy: Literal["volume", "information", "score"] = "volume"
    """Entropy of a network: 1/2 log det J^T J; an encoder's bound; an importance-sampled score."""
    sigma: Positive = 0.1
    """Noise added to a network's rows, in standard deviations, in the entropy term."""
    penalize: Literal["real", "generated", "both"] = "both"
    """Rows at which the squared gradient of the energy is penalized, for a network generator."""
    gamma: NonNegative = 1.0
    """Initial weight of that penalty, divided by the number of columns."""
    gamma_final: NonNegative = 0.1
    """Its weight in the second half of the training, reached along half a cosine."""
    energy_moves: Count = 1
    """Updates of the energy for each update of the generator."""
    energy: Optimization = Optimization(beta1=0.5, beta2=0.99)
    """The optimizer of the energy."""
    player: Optimization = Optimization(learning_rate=2e-3, clip=1.0)
    """The optimizer of the generator."""
    training: Training = Training(rounds=4500, batch=256, check_every=500, average=0.998)
    """Length and monitoring of the training."""


RECIPES = (
    Recipe(
        name="max-entropy",
        family="energy",
        summary="an energy against a generator whose entropy is maximized",
        citation="Kumar et al. 2019, arXiv:1901.08508",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=MaxEntropyOptions,
        builder="energeia.recipes.max_entropy:build",
        honors=frozenset({"weight"}),
        latent_space=True,
    ),
)
