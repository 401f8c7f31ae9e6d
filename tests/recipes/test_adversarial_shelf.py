"""Every game of the adversarial shelf: its defaults are its paper's, and it can be played."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from energeia._core.unoptimized import run_unoptimized
from energeia.contracts import Batch
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.options.adversarial import RECIPES
from energeia.recipes.options.problem import Problem
from energeia.support import Real, Support
from energeia.training.player import optimizer, projected
from energeia.training.settings import Optimization

NAMES = {recipe.name: recipe for recipe in RECIPES}
ROWS = np.random.default_rng(0).normal(size=(64, 2)).astype(np.float32)
PROBLEM = Problem(support=Support.of([Real(), Real()]), layout=(2,), rows=64)


def assembled(name, x):
    recipe = NAMES[name]
    options = recipe.options(width=8, depth=0, octaves=0, latent=2)
    return recipe.load()(options, PROBLEM, ReferenceRows(x, None), jax.random.key(1))


def slope(player, parts, x):
    """The loss of a player and the norm of its gradient by what the player moves."""
    memory = parts.objective.init_memory(jax.random.key(2), parts.modules, Batch(x, None))

    def loss(part):
        modules = {**parts.modules, player.name: part}
        return parts.objective.loss(
            player.name, jax.random.key(3), modules, Batch(x, None), memory
        )[0]

    value, gradient = eqx.filter_value_and_grad(loss)(parts.modules[player.name])
    return value, optax.tree.norm(eqx.filter(gradient, eqx.is_inexact_array))


def test_both_players_of_every_game_have_a_slope_in_what_they_move():
    games = {name: eqx.filter_eval_shape(assembled, name, ROWS) for name in NAMES}
    # All games start from the same networks, so those are initialized once.
    first, *others = (jax.tree.structure(parts.modules) for parts in games.values())
    assert all(other == first for other in others)
    modules = run_unoptimized(lambda x: assembled("gan", x).modules, jnp.asarray(ROWS))

    @eqx.filter_jit
    def slopes(modules, x):
        return {
            (name, player.name): slope(player, parts._replace(modules=modules), x)
            for name, parts in games.items()
            for player in parts.players
        }

    found = slopes(modules, ROWS)
    assert len(found) == 2 * len(NAMES)
    for game, (value, norm) in found.items():
        assert np.isfinite(value), game
        assert 1e-4 < norm < np.inf, game


def test_the_critic_of_a_wasserstein_game_moves_five_times():
    repeats = {}

    def build(x):
        for name in NAMES:
            repeats[name] = assembled(name, x).players[0].repeats

    jax.eval_shape(build, ROWS)
    assert {name for name, count in repeats.items() if count == 5} == {"wgan", "wgan-gp"}


@jax.jit
def after_three_moves(weights):
    """Weights that three moves of one player bound to 0.01 and of one without a bound reach."""
    settings = Optimization(learning_rate=0.1, schedule="constant", warmup=1, clip=0.0)

    def moved(bound):
        moves = optimizer(settings, 10, bound)
        state, now = moves.init(weights), weights
        for _ in range(3):
            update, state = moves.update(jnp.ones(7), state, now)
            now = optax.apply_updates(now, update)
        return now

    return moved(0.01), moved(0.0)


def test_clipped_parameters_stay_in_their_box_and_others_leave_it():
    bound, free = after_three_moves(np.linspace(-0.3, 0.3, 7, dtype=np.float32))
    assert np.max(np.abs(bound)) <= np.float32(0.01)
    assert np.max(np.abs(free)) > 0.01


def test_a_move_inside_the_box_is_left_alone():
    box = projected(1.0)
    update, _ = box.update(np.array([0.1]), box.init(None), np.array([0.2]))
    assert float(update[0]) == pytest.approx(0.1)
