"""Options of the recipes with hidden variables. Needs no JAX."""

from typing import Literal

import msgspec

from energeia._core.ranges import Count, CountOrZero, NonNegative
from energeia.recipes.options.base import Recipe
from energeia.support import CONTINUOUS, DISCRETE
from energeia.training.settings import Optimization, Training

Penalties = Literal["none", "mmd", "total-correlation", "dhsic", "density-ratio", "adversarial"]

Space = Literal["normal", "sphere", "torus", "rotations"]
Posterior = Literal["normal", "iaf", "spline"]
Prior = Literal["normal", "vamp", "flow"]


class LatentOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Latent vectors, encoder, decoder and training that all autoencoders share."""

    networks: Literal["dense", "convolution"] = "dense"
    """Networks of rows that are fields: convolution for images and lattices."""
    channels: Count = 32
    """Channels of the first convolution."""
    latent: Count = 24
    """Latent dimensions; with convolutions of a periodic lattice one at every site."""
    space: Space = "normal"
    """Where latent vectors live: real numbers with a normal prior, or directions, angles or
    rotations with a uniform one (rotations take 3 latent dimensions each)."""
    posterior: Posterior = "normal"
    """q(z|x): diagonal normal distributions, or inverse autoregressive flows or splines of them."""
    prior: Prior = "normal"
    """p(z): that of the space, a mixture of the posteriors of pseudo-inputs (vamp), or a flow."""
    pseudo_inputs: Count = 100
    """Pseudo-inputs of prior=vamp."""
    flow_layers: Count = 4
    """Layers of a flow of latent vectors."""
    flow_width: Count = 64
    """Hidden units of each of their networks."""
    context: Count = 32
    """Numbers of the encoder that a flow of posteriors depends on."""
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


class VaeOptions(LatentOptions, frozen=True, kw_only=True):
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
    (mmd; by a discriminator: adversarial), its total correlation (by weights of the batch:
    total-correlation; by a discriminator: density-ratio), or the dependence of its dimensions
    (dhsic)."""
    strength: NonNegative = 0.0
    """Weight of the penalty, in nats per row."""
    discriminator: Optimization = Optimization(learning_rate=1e-4, beta1=0.5, beta2=0.9)
    """The optimizer of a discriminator, where the penalty has one."""


class IwaeOptions(LatentOptions, frozen=True, kw_only=True):
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


class FactorVaeOptions(VaeOptions, frozen=True, kw_only=True):
    """A variational autoencoder whose latent dimensions are pushed to be independent, by a
    discriminator of permuted ones."""

    penalty: Penalties = "density-ratio"
    """Penalty on the aggregated posterior."""
    strength: NonNegative = 5.0
    """Weight of the penalty, gamma in the paper."""


class WaeGanOptions(VaeOptions, frozen=True, kw_only=True):
    """A Wasserstein autoencoder whose latent vectors a discriminator compares with the prior."""

    beta: NonNegative = 0.0
    """Weight of the KL divergence in the training loss."""
    penalty: Penalties = "adversarial"
    """Penalty on the aggregated posterior."""
    strength: NonNegative = 10.0
    """Weight of the penalty, in nats per row."""


class IafVaeOptions(VaeOptions, frozen=True, kw_only=True):
    """A variational autoencoder with inverse autoregressive flows for posteriors."""

    posterior: Posterior = "iaf"
    """q(z|x)."""


class SplineVaeOptions(VaeOptions, frozen=True, kw_only=True):
    """A variational autoencoder with posteriors of spline couplings."""

    posterior: Posterior = "spline"
    """q(z|x)."""


class VampVaeOptions(VaeOptions, frozen=True, kw_only=True):
    """A variational autoencoder whose prior is a mixture of its posteriors of pseudo-inputs."""

    prior: Prior = "vamp"
    """p(z)."""


class SphereVaeOptions(VaeOptions, frozen=True, kw_only=True):
    """A variational autoencoder whose latent vectors are directions."""

    space: Space = "sphere"
    """Where latent vectors live."""
    latent: Count = 10
    """Dimensions of the sphere, one less than its unit vectors have numbers."""


class DhsicVaeOptions(VaeOptions, frozen=True, kw_only=True):
    """A variational autoencoder whose latent dimensions are pushed to be independent by a kernel
    measure of dependence."""

    latent: Count = 6
    """Latent dimensions; kernels of many have products near zero, which see nothing."""
    penalty: Penalties = "dhsic"
    """Penalty on the aggregated posterior."""
    strength: NonNegative = 1000.0
    """Weight of the penalty, in nats per row."""


def _recipe(
    name: str, summary: str, citation: str, options: type[LatentOptions], *honors: str
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
        "factor-vae",
        "variational autoencoder with independent latent dimensions by a discriminator",
        "Kim and Mnih 2018, arXiv:1802.05983",
        FactorVaeOptions,
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
        "wae-gan",
        "Wasserstein autoencoder whose latent vectors play against a discriminator",
        "Tolstikhin et al. 2018, arXiv:1711.01558",
        WaeGanOptions,
    ),
    _recipe(
        "vae-iaf",
        "variational autoencoder with inverse autoregressive flows for posteriors",
        "Kingma et al. 2016, arXiv:1606.04934",
        IafVaeOptions,
    ),
    _recipe(
        "vae-spline",
        "variational autoencoder with spline couplings for posteriors",
        "Rezende and Mohamed 2015, arXiv:1505.05770; Durkan et al. 2019, arXiv:1906.04032",
        SplineVaeOptions,
    ),
    _recipe(
        "vae-vamp",
        "variational autoencoder with a mixture of posteriors for its prior",
        "Tomczak and Welling 2018, arXiv:1705.07120",
        VampVaeOptions,
    ),
    _recipe(
        "vae-sphere",
        "variational autoencoder whose latent vectors are directions",
        "Davidson et al. 2018, arXiv:1804.00891; De Cao and Aziz 2020, arXiv:2006.04437",
        SphereVaeOptions,
    ),
    _recipe(
        "autoencoder",
        "reconstruction alone: latent vectors follow no prior, so samples are no rows",
        "Hinton and Salakhutdinov 2006, Science 313, 504",
        AutoencoderOptions,
    ),
)
