"""The state of training, and the best state so far."""

from typing import Any, NamedTuple

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Int

from energeia._core.trees import own_copy, trainable
from energeia._core.types import PRNGKey
from energeia.contracts import Batch, Modules, Objective
from energeia.training.player import Player


class Game(NamedTuple):
    """An objective and the players that minimize its losses."""

    objective: Objective
    players: tuple[Player, ...]


class State(NamedTuple):
    """The arrays that a chunk of rounds carries."""

    arrays: Any
    """Every array of the modules."""
    optimizers: tuple[Any, ...]
    """One optimizer state per player."""
    memory: Any
    """The state of the objective: chains, buffers."""
    average: Any
    """Moving average of the trainable arrays, or None."""
    round: Int[Array, ""]


class BestSoFar(NamedTuple):
    """The state of early stopping, kept on the host between chunks."""

    arrays: Any = None
    """The arrays with the lowest held-out loss, or None."""
    loss: float = float("inf")
    round: int = 0
    misses: int = 0
    """Number of checks since the best held-out loss."""


def trained_mask(player: Player, modules: Modules) -> Any:
    """A prefix of the tree of modules: True at the leaves that the player trains."""
    return {
        name: trainable(part) if name in player.trains else False for name, part in modules.items()
    }


def initial_state(
    key: PRNGKey, game: Game, modules: Modules, batch: Batch, *, average: bool
) -> State:
    """The state before the first round."""
    arrays = eqx.filter(modules, eqx.is_array)
    states = tuple(
        p.optimizer.init(eqx.filter(modules, trained_mask(p, modules))) for p in game.players
    )
    mean = (
        eqx.filter(modules, {n: trainable(part) for n, part in modules.items()})
        if average
        else None
    )
    memory = game.objective.init_memory(key, modules, batch)
    # Chunks donate their buffers, which must not be the caller's.
    return own_copy(State(arrays, states, memory, mean, jnp.zeros((), jnp.int32)))


def evaluated_arrays(state: State) -> Any:
    """The arrays used in evaluation: the moving average where there is one."""
    return state.arrays if state.average is None else eqx.combine(state.average, state.arrays)
