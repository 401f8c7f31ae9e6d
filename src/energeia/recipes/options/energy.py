"""Options of the energy family: Boltzmann machines, a neural energy."""

from typing import Literal

import msgspec

from energeia._core.ranges import (
    Count,
    CountOrZero,
    NonNegative,
    OctavesOrAuto,
    Positive,
    Share,
)
from energeia.recipes.options.base import Recipe
from energeia.support import CONTINUOUS, DISCRETE
from energeia.training.settings import Optimization, Training


class RbmOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A restricted Boltzmann machine trained by contrastive divergence; units of real columns are
    normal given the hidden ones."""

    hidden: Count = 192
    """Hidden units."""
    chains: Count = 512
    """Persistent chains."""
    sweeps: Count = 1
    """Gibbs sweeps of every chain per update."""
    persistent: bool = True
    """Whether chains go on from update to update; otherwise they start from training rows at each,
    which is CD-k with k = ``sweeps``: biased, and blind to modes of the machine far from rows."""
    anneal: CountOrZero = 100
    """Gibbs sweeps per sample while it is annealed from independent columns."""
    steps: CountOrZero = 1000
    """Gibbs sweeps per sample after annealing."""
    initial_weight: NonNegative = 0.2
    """Standard deviation of the initial weights of a column; divided by K - 1 for K values."""
    shrinkage: NonNegative = 2.5
    """Weight decay times rows over (K - 1)^2: a prior whose weight falls with the number of
    rows."""
    optimization: Optimization = Optimization(learning_rate=1.5e-2, beta1=0.0)
    """The optimizer. Its learning rate is divided by (K - 1)^0.75 and its weight decay
    is added to the shrinkage. Momentum and persistent chains oscillate together: keep beta1
    small."""
    training: Training = Training(
        rounds=9000, batch=512, passes=350, check_every=250, average=0.9995
    )
    """Length and monitoring of the training: to the end of the schedule, since the held-out
    pseudo-likelihood, the only available criterion, is insensitive to the weights of modes; with
    few rows limited by ``passes``, to avoid overfitting."""


class BoltzmannOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fully visible Boltzmann machine trained by its pseudo-likelihood."""

    anneal: CountOrZero = 100
    """Gibbs sweeps per sample while it is annealed from independent columns."""
    steps: CountOrZero = 400
    """Gibbs sweeps per sample after annealing."""
    shrinkage: NonNegative = 0.1
    """Ridge on couplings and fields times rows: a normal prior of variance one over it. The loss is
    convex; only columns that determine each other need it."""
    optimization: Optimization = Optimization(learning_rate=1e-2)
    """The optimizer."""
    training: Training = Training(rounds=3000, batch=1024, check_every=250, average=0.99)
    """Length and monitoring of the training."""


class EbmOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A neural energy trained by contrastive divergence with a replay buffer, or without chains by
    score matching or by telling rows from noise."""

    objective: Literal["cd", "denoising", "sliced", "nce"] = "cd"
    """``cd``: contrastive divergence. ``denoising``: score matching of rows with noise of deviation
    ``sigma``, whose density the energy learns. ``sliced``: score matching of the rows themselves,
    continuous columns only. ``nce``: telling rows from draws of the base, which learns log Z, too.
    Score matching does not learn the weights of modes that are far apart."""
    sigma: Positive = 0.1
    """Deviation of the noise of ``denoising``, in deviations of the columns."""
    contrasts: Count = 4
    """Draws of the base for each row in ``nce``; directions for each row in ``sliced``."""
    width: Count = 64
    """Width of the network."""
    depth: CountOrZero = 2
    """Residual blocks of the network."""
    octaves: OctavesOrAuto = -1
    """Octaves of Fourier features; -1 for 3 in up to 8 dimensions and none in more."""
    negatives: Literal["mala", "langevin"] = "mala"
    """Kernel of the buffer: MALA, or unadjusted Langevin, with a bias that depends on its step
    size."""
    step_size: NonNegative = 0.0
    """Initial step size; 0 for that of a standard normal. MALA's is adapted to its acceptance."""
    chains: Count = 512
    """Chains in the buffer."""
    moves: Count = 5
    """Kernel steps of every chain per update."""
    restart: Share = 0.05
    """Probability that a chain restarts from a training row."""
    noise: Share = 0.0
    """Probability that a chain restarts from the base distribution."""
    penalty: NonNegative = 0.0001
    """Weight of the mean squared energy in the loss."""
    anneal: CountOrZero = 0
    """Steps per sample during annealing from the base; 0 for 60 up to 8 columns, else 300."""
    steps: CountOrZero = 0
    """Steps per sample after annealing; 0 for 60 up to 8 columns, else 300."""
    optimization: Optimization = Optimization(learning_rate=2e-3, beta1=0.5)
    """The optimizer."""
    training: Training = Training(rounds=3000, batch=512, passes=200, average=0.995)
    """Length and monitoring of the training; with few rows limited by ``passes``, beyond which the
    energy follows single rows."""


RECIPES = (
    Recipe(
        name="rbm",
        family="energy",
        summary="restricted Boltzmann machine, persistent chains, centered gradient; reals normal",
        citation="Tieleman 2008; Melchior, Fischer and Wiskott 2016; Melchior et al. 2017",
        supports=frozenset((*DISCRETE, "real", "positive", "above", "interval")),
        compared_on=frozenset(DISCRETE),
        options=RbmOptions,
        honors=frozenset({"weight"}),
        builder="energeia.recipes.rbm:build",
    ),
    Recipe(
        name="boltzmann",
        family="energy",
        summary="fully visible Boltzmann machine (Ising couplings and fields), pseudo-likelihood",
        citation="Ackley, Hinton and Sejnowski 1985; Besag 1975",
        supports=frozenset({"binary"}),
        options=BoltzmannOptions,
        honors=frozenset({"weight"}),
        builder="energeia.recipes.boltzmann:build",
    ),
    Recipe(
        name="ebm",
        family="energy",
        summary="neural energy, replay buffer, negatives by MALA",
        citation="Du and Mordatch 2019; Nijkamp et al. 2020; Vincent 2011; Song et al. 2019; "
        "Gutmann and Hyvarinen 2012",
        supports=frozenset(CONTINUOUS + DISCRETE),
        options=EbmOptions,
        honors=frozenset({"weight"}),
        builder="energeia.recipes.ebm:build",
    ),
)
