"""Options of the adversarial recipes. Needs no JAX."""

from typing import Literal

import msgspec

from energeia._core.ranges import Count, CountOrZero, NonNegative, Octaves, PositiveShare
from energeia.recipes.options.base import Recipe
from energeia.support import CONTINUOUS, DISCRETE
from energeia.training.settings import Optimization, Training

Payoffs = Literal["relativistic", "non-saturating", "minimax", "mean-difference"]
Penalties = Literal["r1", "r2", "unit-slope", "noise"]


class GanOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A relativistic game with penalties on the critic's gradient at real and generated rows."""

    payoff: Payoffs = "relativistic"
    """The losses of critic and generator."""
    penalties: tuple[Penalties, ...] = ("r1", "r2")
    """Penalties on the gradient of the critic with respect to its input."""
    bound: NonNegative = 0.0
    """Clip the parameters of the critic to [-bound, bound] after each update; 0 for no bound."""
    critic_moves: Count = 1
    """Updates of the critic for each update of the generator."""
    networks: Literal["dense", "convolution"] = "dense"
    """Networks of rows that are fields: convolution for images and lattices."""
    channels: Count = 32
    """Channels of the first convolution."""
    latent: Count = 32
    """Latent dimensions; with convolutions of a periodic lattice one at every site."""
    width: Count = 192
    """Hidden units of both networks."""
    depth: CountOrZero = 1
    """Residual blocks of both networks."""
    octaves: Octaves = 4
    """Number of frequencies 1, 2, 4, ... of sines and cosines that are inputs of the critic."""
    octaves_up_to: CountOrZero = 16
    """Largest number of columns with which these inputs are used."""
    per_column: bool = True
    """Whether gamma is multiplied by the number of columns."""
    gamma: NonNegative = 0.15
    """Initial weight gamma of gamma / 2 times the penalties, per squared standardized unit."""
    gamma_final: NonNegative = 0.015
    """Weight gamma in the second half of the training, reached along half a cosine."""
    fill: PositiveShare = 0.5
    """Width of the dequantization noise of discrete values, as a fraction of their spacing."""
    critic: Optimization = Optimization(learning_rate=1e-3, beta1=0.0, beta2=0.99, clip=0.0)
    """The optimizer of the critic."""
    generator: Optimization = Optimization(learning_rate=1e-3, beta1=0.0, beta2=0.99, clip=0.0)
    """The optimizer of the generator."""
    training: Training = Training(rounds=8000, batch=64, check_every=500, average=0.999)
    """Length and monitoring of the training."""


_DCGAN = Optimization(learning_rate=2e-4, beta1=0.5, schedule="constant", warmup=1, clip=0.0)
"""Radford et al. 2016, arXiv:1511.06434, the starting point of most later papers."""


def _rmsprop(rate: float) -> Optimization:
    """RMSProp of decay 0.99, with the bias correction that Adam has."""
    return Optimization(
        learning_rate=rate, beta1=0.0, beta2=0.99, schedule="constant", warmup=1, clip=0.0
    )


_PLAIN = Training(rounds=8000, batch=64, check_every=500)


class NonSaturatingOptions(GanOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The original game with the non-saturating loss of the generator."""

    payoff: Payoffs = "non-saturating"
    """The losses of critic and generator."""
    penalties: tuple[Penalties, ...] = ()
    """Penalties on the gradient of the critic with respect to its input."""
    critic: Optimization = _DCGAN
    """The optimizer of the critic."""
    generator: Optimization = _DCGAN
    """The optimizer of the generator."""
    training: Training = _PLAIN
    """Length and monitoring of the training."""


class MinimaxOptions(NonSaturatingOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The zero-sum game, whose gradient vanishes where the critic is confident."""

    payoff: Payoffs = "minimax"
    """The losses of critic and generator."""


class RelativisticOptions(
    NonSaturatingOptions, frozen=True, kw_only=True, forbid_unknown_fields=True
):
    """The relativistic game without penalties."""

    payoff: Payoffs = "relativistic"
    """The losses of critic and generator."""


class R1Options(NonSaturatingOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The non-saturating game with a penalty on the critic's gradient at data."""

    penalties: tuple[Penalties, ...] = ("r1",)
    """Penalties on the gradient of the critic with respect to its input."""
    per_column: bool = False
    """Whether gamma is multiplied by the number of columns."""
    gamma: NonNegative = 10.0
    """Initial weight gamma of gamma / 2 times the penalties."""
    gamma_final: NonNegative = 10.0
    """Weight gamma in the second half of the training, reached along half a cosine."""
    critic: Optimization = _rmsprop(1e-4)
    """The optimizer of the critic."""
    generator: Optimization = _rmsprop(1e-4)
    """The optimizer of the generator."""
    training: Training = Training(rounds=8000, batch=64, check_every=500, average=0.999)
    """Length and monitoring of the training."""


class NoiseOptions(NonSaturatingOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The non-saturating game with the penalty equivalent to noise on all rows."""

    penalties: tuple[Penalties, ...] = ("noise",)
    """Penalties on the gradient of the critic with respect to its input."""
    per_column: bool = False
    """Whether gamma is multiplied by the number of columns."""
    gamma: NonNegative = 0.1
    """Initial weight gamma of gamma / 2 times the penalties."""
    gamma_final: NonNegative = 0.001
    """Weight gamma in the second half of the training, reached along half a cosine."""
    critic: Optimization = Optimization(learning_rate=1e-3, schedule="constant", warmup=1, clip=0.0)
    """The optimizer of the critic."""
    generator: Optimization = Optimization(
        learning_rate=1e-3, schedule="constant", warmup=1, clip=0.0
    )
    """The optimizer of the generator."""


class WganOptions(NonSaturatingOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Wasserstein game with clipped critic parameters."""

    payoff: Payoffs = "mean-difference"
    """The losses of critic and generator."""
    bound: NonNegative = 0.01
    """Clip the parameters of the critic to [-bound, bound] after each update; 0 for no bound."""
    critic_moves: Count = 5
    """Updates of the critic for each update of the generator."""
    critic: Optimization = _rmsprop(5e-5)
    """The optimizer of the critic."""
    generator: Optimization = _rmsprop(5e-5)
    """The optimizer of the generator."""


class WganGpOptions(NonSaturatingOptions, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Wasserstein game with a penalty on critic gradients whose norm is not one."""

    payoff: Payoffs = "mean-difference"
    """The losses of critic and generator."""
    penalties: tuple[Penalties, ...] = ("unit-slope",)
    """Penalties on the gradient of the critic with respect to its input."""
    per_column: bool = False
    """Whether gamma is multiplied by the number of columns."""
    gamma: NonNegative = 20.0
    """Initial weight gamma of gamma / 2 times the penalties: twice the paper's lambda."""
    gamma_final: NonNegative = 20.0
    """Weight gamma in the second half of the training, reached along half a cosine."""
    critic_moves: Count = 5
    """Updates of the critic for each update of the generator."""
    critic: Optimization = Optimization(
        learning_rate=1e-4, beta1=0.0, beta2=0.9, schedule="constant", warmup=1, clip=0.0
    )
    """The optimizer of the critic."""
    generator: Optimization = Optimization(
        learning_rate=1e-4, beta1=0.0, beta2=0.9, schedule="constant", warmup=1, clip=0.0
    )
    """The optimizer of the generator."""


def _recipe(name: str, summary: str, citation: str, options: type[GanOptions]) -> Recipe:
    """An adversarial recipe: all share one builder and differ in options only."""
    return Recipe(
        name=name,
        family="adversarial",
        summary=summary,
        citation=citation,
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=options,
        builder="energeia.recipes.gan:build",
        honors=frozenset({"weight"}),
        latent_space=True,
    )


RECIPES = (
    _recipe(
        "gan",
        "relativistic game with R1 and R2 penalties (R3GAN), averaged generator",
        "Huang et al. 2024, arXiv:2501.05441; Mescheder et al. 2018, arXiv:1801.04406",
        GanOptions,
    ),
    _recipe(
        "gan-minimax",
        "the zero-sum game of 2014",
        "Goodfellow et al. 2014, arXiv:1406.2661",
        MinimaxOptions,
    ),
    _recipe(
        "gan-non-saturating",
        "the game of 2014 with the non-saturating loss of the generator",
        "Goodfellow et al. 2014, arXiv:1406.2661, section 3; Radford et al. 2016, arXiv:1511.06434",
        NonSaturatingOptions,
    ),
    _recipe(
        "gan-relativistic",
        "relativistic game without penalties (RSGAN)",
        "Jolicoeur-Martineau 2019, arXiv:1807.00734",
        RelativisticOptions,
    ),
    _recipe(
        "gan-r1",
        "non-saturating game with the R1 penalty, averaged generator",
        "Mescheder et al. 2018, arXiv:1801.04406",
        R1Options,
    ),
    _recipe(
        "gan-r1-r2",
        "non-saturating game with weighted R1 and R2 penalties, equivalent to noise",
        "Roth et al. 2017, arXiv:1705.09367",
        NoiseOptions,
    ),
    _recipe(
        "wgan",
        "Wasserstein game, parameters of the critic clipped",
        "Arjovsky et al. 2017, arXiv:1701.07875",
        WganOptions,
    ),
    _recipe(
        "wgan-gp",
        "Wasserstein game with a unit-slope penalty on the critic",
        "Gulrajani et al. 2017, arXiv:1704.00028",
        WganGpOptions,
    ),
)
