"""What a recipe builds: modules, an objective, its players, and the user's model."""

from collections.abc import Callable
from typing import Any, NamedTuple

from jaxtyping import Array

from energeia.contracts import Energy, Modules, Objective
from energeia.training.player import Player


class ReferenceRows(NamedTuple):
    """Training rows in the user's units, for scales and initial values; a target's initial rows.

    A builder must treat these as traced arrays: loading a run builds the same skeleton with
    abstract values, then fills in the arrays of its checkpoint.
    """

    x: Array
    condition: Array | None
    target: Energy | None = None
    """The energy to train on, of rows and standardized conditions; None where there are rows."""
    weight: Array | None = None
    """How much each row counts, where the training rows have weights."""
    noise: Array | None = None
    """Standard error of each number of ``x``, where the training rows have errors."""


class Assembly(NamedTuple):
    """A recipe assembled for one problem."""

    modules: Modules
    objective: Objective
    players: tuple[Player, ...]
    model: Callable[[Modules], Any]
    """From trained modules to the model in the user's units, a member of ``contracts``."""
