"""Options of the energy family: a restricted Boltzmann machine, a neural energy."""

import msgspec

from energeia.recipes.options.base import Recipe
from energeia.support import DISCRETE
from energeia.training.settings import Optimization, Training


class RbmOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A restricted Boltzmann machine trained by persistent contrastive divergence."""

    hidden: int = 192
    """Hidden units."""
    chains: int = 512
    """Persistent chains."""
    sweeps: int = 2
    """Gibbs sweeps of every chain in a move."""
    anneal: int = 100
    """Sweeps of a sample while it cools from independent columns."""
    steps: int = 400
    """Sweeps of a sample after that."""
    initial_weight: float = 0.2
    """Standard deviation of the first weights."""
    optimization: Optimization = Optimization(learning_rate=1e-2, beta1=0.0)
    """How the machine moves. Momentum and persistent chains swing each other: keep beta1 small."""
    training: Training = Training(rounds=6000, batch=256, average=0.99)
    """How long to train."""


RECIPES = (
    Recipe(
        name="rbm",
        family="energy",
        summary="restricted Boltzmann machine, persistent chains, centered gradient",
        citation="Tieleman 2008; Melchior, Fischer and Wiskott 2016",
        supports=frozenset(DISCRETE),
        options=RbmOptions,
        builder="energeia.recipes.rbm:build",
    ),
)
