"""Options of the recipes with hidden variables. Needs no JAX."""

from typing import Literal

import msgspec

from energeia._core.ranges import Count, CountOrZero, NonNegative
from energeia.recipes.options.base import Recipe
from energeia.support import CONTINUOUS, DISCRETE
from energeia.training.settings import Optimization, Training

Penalties = Literal["none", "mmd", "total-correlation", "dhsic"]


class NetworkOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Encoder, decoder and training that all autoencoders share."""

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
    optimization: Optimization = Optimization(learning_rate=1e-3, clip=100.0)
    """The optimizer."""
    training: Training = Training(
        rounds=3000, batch=128, check_every=125, patience=6, average=0.998
    )
    """Length and monitoring of the training."""


class VaeOptions(NetworkOptions, frozen=True, kw_only=True):
    """A variational autoencoder with a likelihood for each kind of column."""

    particles: Count = 1
    """Importance weights in the training bound: 1 is the ELBO, more is IWAE with the doubly
    reparameterized gradient."""
    beta: NonNegative = 1.0
    """Weight of the KL divergence in the training loss (particles = 1 only)."""
    free_bits: NonNegative = 0.0
    """Free bits: nats per latent dimension not penalized in training (particles = 1 only)."""
    warmup: CountOrZero = 500
    """Updates over which beta rises from zero (particles = 1 only)."""
    penalty: Penalties = "none"
    """Penalty on the aggregated posterior (particles = 1 only): its discrepancy from the prior
    (mmd), its total correlation, or the dependence of its dimensions (dhsic)."""
    strength: NonNegative = 0.0
    """Weight of the penalty, in nats per row."""


class IwaeOptions(NetworkOptions, frozen=True, kw_only=True):
    """An importance-weighted autoencoder, its encoder by the doubly reparameterized gradient."""

    particles: Count = 50
    """Importance weights in the training bound."""


class AutoencoderOptions(VaeOptions, frozen=True, kw_only=True):
    """An autoencoder that reconstructs and whose latent vectors follow no prior."""

    beta: NonNegative = 0.0
    """Weight of the KL divergence in the training loss."""


class WaeOptions(VaeOptions, frozen=True, kw_only=True):
    """A Wasserstein autoencoder: reconstruction, and all latent vectors together near the prior."""

    beta: NonNegative = 0.0
    """Weight of the KL divergence in the training loss."""
    penalty: Penalties = "mmd"
    """Penalty on the aggregated posterior."""
    strength: NonNegative = 10.0
    """Weight of the penalty, in nats per row."""


class InfoVaeOptions(VaeOptions, frozen=True, kw_only=True):
    """A variational autoencoder with less weight on each row's divergence and more on that of all
    rows together, so that latent vectors keep information about rows."""

    beta: NonNegative = 0.5
    """Weight of the KL divergence in the training loss, 1 - alpha in the paper."""
    penalty: Penalties = "mmd"
    """Penalty on the aggregated posterior."""
    strength: NonNegative = 10.0
    """Weight of the penalty, in nats per row, alpha + lambda - 1 in the paper."""


class BetaTcVaeOptions(VaeOptions, frozen=True, kw_only=True):
    """A variational autoencoder whose latent dimensions are pushed to be independent by their total
    correlation."""

    penalty: Penalties = "total-correlation"
    """Penalty on the aggregated posterior."""
    strength: NonNegative = 5.0
    """Weight of the penalty, beta - 1 in the paper."""


class DhsicVaeOptions(VaeOptions, frozen=True, kw_only=True):
    """A variational autoencoder whose latent dimensions are pushed to be independent by a kernel
    measure of dependence."""

    penalty: Penalties = "dhsic"
    """Penalty on the aggregated posterior."""
    strength: NonNegative = 1000.0
    """Weight of the penalty, in nats per row."""


def _recipe(
    name: str, summary: str, citation: str, options: type[NetworkOptions], *honors: str
) -> Recipe:
    """An autoencoder: all share one builder and differ in options only."""
    return Recipe(
        name=name,
        family="latent",
        summary=summary,
        citation=citation,
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=options,
        honors=frozenset({"weight", *honors}),
        builder="energeia.recipes.vae:build",
    )


RECIPES = (
    _recipe(
        "vae",
        "variational autoencoder, a likelihood for each kind of column",
        "Kingma and Welling 2014, arXiv:1312.6114; Salimans et al. 2017, arXiv:1701.05517",
        VaeOptions,
        "noise",
    ),
    _recipe(
        "iwae",
        "autoencoder by an importance-weighted bound, doubly reparameterized gradient",
        "Burda et al. 2016, arXiv:1509.00519; Tucker et al. 2019, arXiv:1810.04152",
        IwaeOptions,
    ),
    _recipe(
        "beta-tcvae",
        "variational autoencoder with a penalty on the total correlation of its latent vector",
        "Chen et al. 2018, arXiv:1802.04942",
        BetaTcVaeOptions,
    ),
    _recipe(
        "dhsic-vae",
        "variational autoencoder with a kernel penalty on dependent latent dimensions",
        "Lopez et al. 2018, arXiv:1805.08672",
        DhsicVaeOptions,
    ),
    _recipe(
        "info-vae",
        "variational autoencoder with its aggregated posterior near the prior",
        "Zhao et al. 2019, arXiv:1706.02262",
        InfoVaeOptions,
    ),
    _recipe(
        "wae-mmd",
        "Wasserstein autoencoder: reconstruction, aggregated posterior near the prior",
        "Tolstikhin et al. 2018, arXiv:1711.01558",
        WaeOptions,
    ),
    _recipe(
        "autoencoder",
        "reconstruction alone: latent vectors follow no prior, so samples are no rows",
        "Hinton and Salakhutdinov 2006, Science 313, 504",
        AutoencoderOptions,
    ),
)
