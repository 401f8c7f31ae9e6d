"""What a recipe builds: a cast, a game over it, its players, and the model that comes of it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax.numpy as jnp
from jaxtyping import Array

from energeia._core.trees import Frozen
from energeia.contracts import Modules, Objective
from energeia.models.in_units import ConditionScaling
from energeia.training.player import Player


class ReferenceRows(NamedTuple):
    """A few thousand training rows in the user's units, for scales and first guesses.

    A builder must treat these as traced arrays: loading a run builds the same skeleton with
    abstract values, then fills in the arrays of its checkpoint.
    """

    x: Array
    condition: Array | None


class Assembly(NamedTuple):
    """The parts of a recipe, put together for one problem."""

    modules: Modules
    objective: Objective
    players: tuple[Player, ...]
    model: Callable[[Modules], Any]
    """From a trained cast to the model in the user's units, a member of ``contracts``."""


def condition_scaling(reference: ReferenceRows) -> ConditionScaling | None:
    """Standardize conditions by the reference rows."""
    if reference.condition is None:
        return None
    spread = jnp.std(reference.condition, axis=0)
    return ConditionScaling(
        Frozen(jnp.mean(reference.condition, axis=0)), Frozen(jnp.where(spread > 0, spread, 1.0))
    )
