"""A player: the modules it trains and the optimizer of its loss."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from energeia._core.ranges import require_ranges
from energeia.training.settings import Optimization


class Player(NamedTuple):
    """One player of a game.

    ``name`` is a player of the objective, ``trains`` the names of the modules that its gradient
    updates, ``repeats`` the number of its moves in a round, each on a new batch.
    """

    name: str
    trains: tuple[str, ...]
    optimizer: optax.GradientTransformation
    repeats: int = 1


def optimizer(
    settings: Optimization, moves: int, bound: float = 0.0
) -> optax.GradientTransformation:
    """Adam with decoupled weight decay, a clipped gradient, warm-up and cosine decay.

    ``moves`` is the total number of moves, for the schedule. With a ``bound`` above zero every
    parameter is clipped to [-bound, bound] after each move.

    Raises:
        InputError: for a setting outside its range.
    """
    require_ranges(settings)
    peak, warmup = settings.learning_rate, min(settings.warmup, max(moves // 10, 1))
    match settings.schedule:
        case "cosine":
            rate = optax.warmup_cosine_decay_schedule(
                0.0, peak, warmup, max(moves, warmup + 1), settings.final_fraction * peak
            )
        case "linear":
            rate = optax.schedules.warmup_constant_schedule(0.0, peak, warmup)
            down = optax.linear_schedule(
                peak, settings.final_fraction * peak, max(moves - warmup, 1)
            )
            rate = optax.join_schedules([rate, down], [warmup])
        case _:
            rate = optax.schedules.warmup_constant_schedule(0.0, peak, warmup)
    steps = [optax.clip_by_global_norm(settings.clip)] if settings.clip else []
    adam = optax.adamw(
        rate, b1=settings.beta1, b2=settings.beta2, weight_decay=settings.weight_decay
    )
    return optax.chain(*steps, adam, *([projected(bound)] if bound else []))


def projected(bound: float) -> optax.GradientTransformation:
    """Clip the update so that parameters stay within [-bound, bound]."""

    def update(updates: Any, state: Any, params: Any = None) -> tuple[Any, Any]:
        moved = optax.apply_updates(params, updates)
        back = jax.tree.map(lambda new, old: jnp.clip(new, -bound, bound) - old, moved, params)
        return back, state

    return optax.GradientTransformation(lambda params: optax.EmptyState(), update)
