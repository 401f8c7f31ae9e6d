"""Options of the recipes that play a game against a critic. Needs no JAX."""

import msgspec

from energeia.recipes.options.base import Recipe
from energeia.support import CONTINUOUS, DISCRETE
from energeia.training.settings import Optimization, Training


class GanOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A relativistic game with penalties on the critic's slope at real and generated rows."""

    latent: int = 32
    """Latent dimensions."""
    width: int = 192
    """Hidden units of both networks."""
    depth: int = 1
    """Residual blocks of both networks."""
    octaves: int = 4
    """Frequencies 1, 2, 4, ... at which the critic also sees sines and cosines of each column."""
    octaves_up_to: int = 16
    """Columns above which it does not."""
    gamma: float = 0.15
    """Weight of the penalties at first, per column and squared standardized unit."""
    gamma_final: float = 0.015
    """The same from half of the training on."""
    fill: float = 0.5
    """Share of its cell over which a discrete value is spread for the critic, at most 1."""
    critic: Optimization = Optimization(learning_rate=1e-3, beta1=0.0, beta2=0.99, clip=0.0)
    """How the critic moves."""
    generator: Optimization = Optimization(learning_rate=1e-3, beta1=0.0, beta2=0.99, clip=0.0)
    """How the generator moves."""
    training: Training = Training(rounds=8000, batch=64, check_every=500, average=0.999)
    """How long to train."""


RECIPES = (
    Recipe(
        name="gan",
        family="adversarial",
        summary="relativistic game with R1 and R2 penalties (R3GAN), averaged generator",
        citation="Huang et al. 2024, arXiv:2501.05441; Mescheder et al. 2018, arXiv:1801.04406",
        supports=frozenset(DISCRETE + CONTINUOUS),
        options=GanOptions,
        builder="energeia.recipes.gan:build",
        latent_space=True,
    ),
)
