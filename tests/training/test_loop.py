"""The loop: right answers, early stopping, streaming, failure, and the same bits after a stop."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from tests.training.games import (
    Bilinear,
    Broken,
    Gauss,
    Number,
    gauss_game,
    gauss_rows,
    settings,
)

from energeia._core.errors import TrainingFailed
from energeia._core.trees import Frozen
from energeia.contracts import Batch, Objective
from energeia.training import engine
from energeia.training.batches import Streamed, batches
from energeia.training.loop import train, trained_modules, training_chunks
from energeia.training.player import Player
from energeia.training.state import Game

KEY = jax.random.key(3)


def same(first, second):
    pairs = zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True)
    return all(np.array_equal(plain(a), plain(b)) for a, b in pairs)


def plain(leaf):
    is_key = isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)
    return jax.random.key_data(leaf) if is_key else leaf


def test_maximum_likelihood_is_found():
    game, modules = gauss_game()
    rows = gauss_rows()
    found = train(game, modules, rows, None, settings(rounds=600, average=0.99), KEY).modules[
        "model"
    ]
    # Averaged stochastic gradients scatter around the optimum by far less than the sample's error.
    error = np.std(rows.x, axis=0) / np.sqrt(len(rows.x))
    assert np.all(np.abs(found.mean - rows.x.mean(axis=0)) < 4 * error)


def test_two_players_reach_the_equilibrium_with_unequal_moves():
    players = (
        Player("a", ("a",), optax.sgd(0.1), repeats=3),
        Player("b", ("b",), optax.sgd(0.1)),
    )
    modules = {"a": Number(jnp.asarray(1.0)), "b": Number(jnp.asarray(-1.0))}
    rows = Batch(np.zeros((10, 1)), None)
    found = train(Game(Bilinear(), players), modules, rows, None, settings(batch=2), KEY).modules
    assert abs(found["a"].value) < 1e-6
    assert abs(found["b"].value) < 1e-6


def test_metrics_name_every_player():
    players = (Player("a", ("a",), optax.sgd(0.1)), Player("b", ("b",), optax.sgd(0.1)))
    modules = {"a": Number(jnp.asarray(1.0)), "b": Number(jnp.asarray(-1.0))}
    rows = Batch(np.zeros((10, 1)), None)
    found = train(Game(Bilinear(), players), modules, rows, None, settings(batch=2), KEY)
    named = {name.partition("/")[0] for name in found.history[0].metrics}
    assert named == {"a", "b"}


def test_a_player_moves_only_its_own_parts():
    players = (Player("a", ("a",), optax.sgd(0.1)),)
    modules = {"a": Number(jnp.asarray(2.0)), "b": Number(jnp.asarray(-1.0))}
    rows = Batch(np.zeros((10, 1)), None)
    found = train(Game(Bilinear(), players), modules, rows, None, settings(batch=2), KEY).modules
    assert found["b"].value == -1.0
    assert found["a"].value != 2.0


def test_frozen_arrays_stay():
    game, _ = gauss_game()
    modules = {"model": Gauss(Frozen(jnp.ones(2)).value, jnp.zeros(2)), "kept": Frozen(jnp.ones(3))}
    player = Player("model", ("model", "kept"), optax.adamw(0.1, weight_decay=0.5))
    found = train(
        Game(game.objective, (player,)), modules, gauss_rows(), None, settings(), KEY
    ).modules
    assert np.array_equal(found["kept"].array, np.ones(3))


@pytest.mark.parametrize("mode", ["scan", "step"])
@pytest.mark.parametrize("resident_mb", [1024, 0])
@pytest.mark.parametrize("average", [0.0, 0.9])
def test_resumed_training_ends_in_the_same_bits(mode, resident_mb, average):
    game, modules = gauss_game()
    rows = gauss_rows()
    held = Batch(gauss_rows(137, 1).x, None)
    chosen = settings(mode=mode, resident_mb=resident_mb, average=average)
    straight = train(game, modules, rows, held, chosen, KEY).history[-1]
    progress = next(iter(training_chunks(game, modules, rows, held, chosen, KEY)))
    start = jax.tree.map(jnp.copy, progress.state), progress.best_so_far
    for again in training_chunks(game, modules, rows, held, chosen, KEY, start=start):
        resumed = again
    assert resumed.round == straight.round
    assert same(resumed.state, straight.state)
    assert same(resumed.best_so_far, straight.best_so_far)


def test_other_seed_ends_in_other_bits():
    game, modules = gauss_game()
    one = train(game, modules, gauss_rows(), None, settings(), KEY).history[-1]
    two = train(game, modules, gauss_rows(), None, settings(), jax.random.key(4)).history[-1]
    assert not same(one.state.arrays, two.state.arrays)


def test_best_state_is_kept_and_training_stops_early():
    game, modules = gauss_game(rate=0.5)
    rows, held = gauss_rows(), Batch(gauss_rows(50, 1).x, None)
    found = train(game, modules, rows, held, settings(rounds=5000, patience=4), KEY)
    scores = [progress.held_out for progress in found.history]
    assert found.history[-1].round < 5000
    assert found.history[-1].best_so_far.loss == min(scores)
    best = -float(
        jnp.mean(jax.jit(jax.vmap(found.modules["model"].log_prob))(jnp.asarray(held.x, float)))
    )
    assert best == pytest.approx(min(scores), rel=1e-5)
    last = trained_modules(
        modules, found.history[-1].state, found.history[-1].best_so_far._replace(arrays=None)
    )
    assert not same(last["model"].mean, found.modules["model"].mean)


def test_held_out_loss_covers_every_row_once():
    game, modules = gauss_game(rate=0.0)
    held = Batch(gauss_rows(1300, 2).x, None)
    progress = train(game, modules, gauss_rows(), held, settings(rounds=50), KEY).history[-1]
    exact = -float(
        jnp.mean(jax.jit(jax.vmap(modules["model"].log_prob))(jnp.asarray(held.x, float)))
    )
    assert progress.held_out == pytest.approx(exact, rel=1e-5)


def test_streamed_rows_are_fed_by_round_however_the_rounds_are_grouped():
    rows = Batch(np.arange(70.0).reshape(35, 2), None)
    source = batches(rows, 5, 2, 0, seed=1)
    assert isinstance(source, Streamed)
    single = [np.asarray(source.inputs(first, 1).streamed.x)[0] for first in range(7)]
    np.testing.assert_array_equal(np.asarray(source.inputs(0, 7).streamed.x), np.stack(single))
    # Two passes of 35 rows: each row comes twice, whole, and in another order.
    fed = np.concatenate(single).reshape(-1, 2)
    np.testing.assert_array_equal(fed[:, 1], fed[:, 0] + 1)
    for part in (fed[:35], fed[35:]):
        np.testing.assert_array_equal(np.sort(part[:, 0]), rows.x[:, 0])
    assert not np.array_equal(fed[:35], fed[35:])


class FirstBatch(Objective):
    """Keeps the rows that its memory starts from."""

    players = ("model",)

    def init_memory(self, key, modules, batch):
        return batch.x

    def loss(self, player, key, modules, batch, memory):
        return modules["model"].value ** 2, (memory, {})


def test_memory_starts_from_rows_of_the_whole_file():
    rows = Batch(np.arange(1000.0)[:, None], None)
    game = Game(FirstBatch(), (Player("model", ("model",), optax.sgd(0.1)),))
    chosen = settings(rounds=1, check_every=1, batch=100)
    modules = {"model": Number(jnp.asarray(1.0))}
    first, again, other = (
        np.asarray(train(game, modules, rows, None, chosen, key).history[-1].state.memory)[:, 0]
        for key in (KEY, KEY, jax.random.key(4))
    )
    assert len(np.unique(first)) == 100
    # The mean of 100 of 1,000 numbers, drawn without replacement; the first hundred are 14 off.
    error = np.std(np.arange(1000.0)) / 10 * np.sqrt(0.9)
    assert abs(first.mean() - 499.5) < 4 * error
    assert abs(np.arange(100).mean() - 499.5) > 14 * error
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_a_value_that_is_not_finite_names_round_and_player():
    game = Game(Broken(), (Player("model", ("model",), optax.sgd(0.1)),))
    rows = Batch(np.zeros((10, 1)), None)
    with pytest.raises(TrainingFailed, match=r"player 'model'.*round 5"):
        train(game, {"model": Number(jnp.asarray(1.0))}, rows, None, settings(batch=2), KEY)


def test_fewer_rows_than_a_batch_are_all_in_the_batch():
    game, modules = gauss_game()
    few = train(game, modules, gauss_rows(30), None, settings(), KEY).history[-1]
    asked = train(game, modules, gauss_rows(30), None, settings(batch=30), KEY).history[-1]
    assert same(few.state, asked.state)


@pytest.mark.parametrize(("passes", "rounds"), [(0, 300), (5, 100), (1000, 300)])
def test_passes_over_the_rows_bound_the_rounds(passes, rounds):
    game, modules = gauss_game()
    bound = settings(rounds=300, batch=100, passes=passes)
    found = train(game, modules, gauss_rows(2000), None, bound, jax.random.key(0))
    assert found.history[-1].round == rounds


@pytest.mark.parametrize("faster", ["scan", "step"])
def test_auto_mode_names_the_faster_one(faster, monkeypatch):
    # No clock decides here: the seconds are given.
    monkeypatch.setattr(engine, "_seconds", lambda timed, state: float(timed.mode != faster))
    game, modules = gauss_game()
    progress = train(game, modules, gauss_rows(), None, settings(mode="auto"), KEY).history[-1]
    assert progress.mode == faster


def test_rows_are_augmented():
    game, modules = gauss_game()
    flip = lambda key, x: jnp.where(jax.random.bernoulli(key), x, -x)  # noqa: E731
    found = train(game, modules, gauss_rows(), None, settings(rounds=600), KEY, flip).modules[
        "model"
    ]
    assert np.all(np.abs(found.mean) < 0.5)
    assert np.all(np.abs(gauss_rows().x.mean(axis=0)) > 0.9)


def test_a_chunk_is_traced_once():
    traces = []
    game, _ = gauss_game()

    class Counting(Gauss):
        def log_prob(self, x, condition=None):
            traces.append(1)
            return Gauss.log_prob(self, x)

    counted = {"model": Counting(jnp.zeros(2), jnp.zeros(2))}
    train(game, counted, gauss_rows(), None, settings(rounds=50), KEY)
    run_unoptimized = len(traces)
    traces.clear()
    train(game, counted, gauss_rows(), None, settings(rounds=500), KEY)
    assert len(traces) == run_unoptimized
