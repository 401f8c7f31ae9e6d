"""Options of the recipes with hidden variables. Needs no JAX."""

from typing import Literal

import msgspec

from energeia._core.ranges import Count, CountOrZero, NonNegative
from energeia.recipes.options.base import Recipe
from energeia.support import CONTINUOUS, DISCRETE
from energeia.training.settings import Optimization, Training


class VaeOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A variational autoencoder with a likelihood for each kind of column."""

    networks: Literal["dense", "convolution"] = "dense"
    """Networks of rows that are fields: convolution for images and lattices."""
    channels: Count = 32
    """Channels of the first convolution."""
    latent: Count = 24
    """Latent dimensions; with convolutions of a periodic lattice one at every site."""
    width: Count = 256
    """Hidden units of encoder and decoder."""
    depth: CountOrZero = 2
    """Residual blocks of each."""
    components: Count = 1
    """Mixture components of the likelihood of integer, real and circular columns."""
    particles: Count = 1
    """Importance weights in the training bound: 1 is the ELBO, more is IWAE."""
    beta: NonNegative = 1.0
    """Weight of the KL divergence in the training loss (particles = 1 only)."""
    free_bits: NonNegative = 0.0
    """Free bits: nats per latent dimension not penalized in training (particles = 1 only)."""
    warmup: CountOrZero = 500
    """Updates over which beta rises from zero (particles = 1 only)."""
    optimization: Optimization = Optimization(learning_rate=1e-3, clip=100.0)
    """The optimizer."""
    training: Training = Training(
        rounds=3000, batch=128, check_every=125, patience=6, average=0.998
    )
    """Length and monitoring of the training."""


RECIPES = (
    Recipe(
        name="vae",
        family="latent",
        summary="variational autoencoder, a likelihood for each kind of column",
        citation="Kingma and Welling 2014, arXiv:1312.6114; Salimans et al. 2017, arXiv:1701.05517",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=VaeOptions,
        honors=frozenset({"weight", "noise"}),
        builder="energeia.recipes.vae:build",
    ),
)
