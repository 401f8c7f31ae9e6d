"""The compiled functions: one move, one round, one chunk of rounds."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import optax

from energeia._core.types import PRNGKey
from energeia.contracts import Batch, Metrics, Modules
from energeia.training.batches import ChunkInputs, Source
from energeia.training.player import Player
from energeia.training.state import Game, State, trained_mask

Augment = Callable[[PRNGKey, jax.Array], jax.Array]
Round = Callable[[State, ChunkInputs, PRNGKey], tuple[State, Metrics]]


def make_round(
    game: Game, modules: Modules, source: Source, decay: float, augment: Augment | None
) -> Round:
    """Build the function of one round: a static cycle of every player's moves.

    Keys are folded from the round's number, so a resumed run continues with the same random
    numbers.
    """
    static = eqx.filter(modules, eqx.is_array, inverse=True)
    masks = [trained_mask(player, modules) for player in game.players]

    def draw(key: PRNGKey, inputs: ChunkInputs, move: int) -> Batch:
        key, flip = jax.random.split(key)
        batch = source.draw(key, inputs, move)
        if augment is None:
            return batch
        keys = jax.random.split(flip, batch.x.shape[0])
        return batch._replace(x=jax.vmap(augment)(keys, batch.x))

    def run_round(state: State, inputs: ChunkInputs, key: PRNGKey) -> tuple[State, Metrics]:
        key = jax.random.fold_in(key, state.round)
        metrics: Metrics = {}
        move = 0
        for index, player in enumerate(game.players):
            for _ in range(player.repeats):
                data_key, loss_key = jax.random.split(jax.random.fold_in(key, move))
                batch = draw(data_key, inputs, move)
                state, moved = _move(
                    game, static, masks[index], index, player, loss_key, state, batch
                )
                metrics |= moved
                move += 1
        average = _averaged(state, decay)
        return state._replace(average=average, round=state.round + 1), metrics

    return run_round


def _move(
    game: Game, static: Any, mask: Any, index: int, player: Player, key: PRNGKey,
    state: State, batch: Batch,
) -> tuple[State, Metrics]:  # fmt: skip
    """One gradient step of one player on one batch."""
    moved, rest = eqx.partition(state.arrays, mask)

    def loss(moved: Any) -> tuple[jax.Array, tuple[Any, Metrics]]:
        modules = eqx.combine(moved, rest, static)
        return game.objective.loss(player.name, key, modules, batch, state.memory)

    (value, (memory, metrics)), gradient = jax.value_and_grad(loss, has_aux=True)(moved)
    update, optimizer = player.optimizer.update(gradient, state.optimizers[index], moved)
    arrays = eqx.combine(optax.apply_updates(moved, update), rest)
    metrics = {
        f"{player.name}/loss": value,
        f"{player.name}/gradient_norm": optax.tree.norm(gradient),
        **{f"{player.name}/{name}": number for name, number in metrics.items()},
    }
    optimizers = (*state.optimizers[:index], optimizer, *state.optimizers[index + 1 :])
    return state._replace(arrays=arrays, optimizers=optimizers, memory=memory), metrics


def _averaged(state: State, decay: float) -> Any:
    """Update the moving average; its time scale grows from ten rounds, so early rounds do not
    count."""
    if state.average is None:
        return None
    seen = state.round.astype(jnp.result_type(float)) + 1
    rate = jnp.minimum(decay, seen / (seen + 9))
    return jax.tree.map(
        lambda old, new: None if old is None else rate * old + (1 - rate) * new,
        state.average,
        state.arrays,
        is_leaf=lambda leaf: leaf is None,
    )


def scanned(run_round: Round, rounds: int) -> Any:
    """Jit many rounds as one scan, metrics stacked."""

    def chunk(state: State, inputs: ChunkInputs, key: PRNGKey) -> tuple[State, Metrics]:
        def body(carry: State, streamed: Any) -> tuple[State, Metrics]:
            return run_round(carry, ChunkInputs(inputs.data, streamed), key)

        return jax.lax.scan(body, state, inputs.streamed, length=rounds)

    return jax.jit(chunk, donate_argnums=0)


def stepped(run_round: Round) -> Any:
    """Jit one round; its calls are asynchronous, so the host does not wait between them."""

    def one(state: State, inputs: ChunkInputs, key: PRNGKey) -> tuple[State, Metrics]:
        streamed = jax.tree.map(lambda rows: rows[0], inputs.streamed)
        return run_round(state, ChunkInputs(inputs.data, streamed), key)

    return jax.jit(one, donate_argnums=0)
