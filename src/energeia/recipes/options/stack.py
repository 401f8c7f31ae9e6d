"""Options of the mixture of trained models that ``compare`` makes. Needs no JAX."""

from typing import Any

import msgspec

from energeia._core.ranges import Seed
from energeia.recipes.options.base import Recipe
from energeia.support import CONTINUOUS, DISCRETE
from energeia.training.settings import Training

STACK = "stack"
"""The name of the recipe and of its family."""


class StackMember(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A run whose trained model is part of the mixture."""

    recipe: str
    options: dict[str, Any] = {}
    """Those that it was trained with."""
    seed: Seed = 0


class StackOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Trained models of the same rows, mixed."""

    members: tuple[StackMember, ...] = ()
    """Where their arrays came from; the run holds a copy of them."""
    training: Training = Training(rounds=1, batch=1, check_every=1)
    """Nothing is left to train."""


RECIPES = (
    Recipe(
        name=STACK,
        family=STACK,
        summary="the trained exact models of a comparison, mixed as validation rows ask",
        citation="Smyth and Wolpert 1999, Linearly combining density estimators via stacking",
        supports=frozenset(DISCRETE + CONTINUOUS + ("sphere", "rotation", "simplex")),
        options=StackOptions,
        builder="energeia.recipes.stack:build",
        accepts=frozenset({"the runs of a comparison"}),
        honors=frozenset({"weight"}),
        reference_rows=0,
    ),
)
