"""Every game of the adversarial shelf: its defaults are its paper's, and it can be played."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from energeia.contracts import Batch
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.options.adversarial import RECIPES
from energeia.recipes.options.problem import Problem
from energeia.support import Real, Support
from energeia.training.player import optimizer, projected
from energeia.training.settings import Optimization

NAMES = {recipe.name: recipe for recipe in RECIPES}
X = jax.random.normal(jax.random.key(0), (64, 2))
PROBLEM = Problem(support=Support.of([Real(), Real()]), layout=(2,), rows=64)


def assembled(name):
    recipe = NAMES[name]
    options = recipe.options(width=8, latent=2)
    return recipe.load()(options, PROBLEM, ReferenceRows(X, None), jax.random.key(1))


@pytest.mark.parametrize("name", NAMES)
def test_both_players_have_a_slope_in_what_they_move(name):
    parts = assembled(name)
    memory = parts.objective.init_memory(jax.random.key(2), parts.modules, Batch(X, None))
    for player in parts.players:

        def loss(part, player=player):
            modules = {**parts.modules, player.name: part}
            return parts.objective.loss(
                player.name, jax.random.key(3), modules, Batch(X, None), memory
            )[0]

        value, slope = eqx.filter_value_and_grad(loss)(parts.modules[player.name])
        norm = float(optax.tree.norm(eqx.filter(slope, eqx.is_inexact_array)))
        assert np.isfinite(float(value))
        assert 1e-4 < norm < np.inf


def test_the_critic_of_a_wasserstein_game_moves_five_times():
    repeats = {name: assembled(name).players[0].repeats for name in NAMES}
    assert {name for name, count in repeats.items() if count == 5} == {"wgan", "wgan-gp"}


def test_clipped_parameters_stay_in_their_box_and_others_leave_it():
    weights = jnp.linspace(-0.3, 0.3, 7)
    settings = Optimization(learning_rate=0.1, schedule="constant", warmup=1, clip=0.0)
    for bound in (0.01, 0.0):
        moves = optimizer(settings, 10, bound)
        state, now = moves.init(weights), weights
        for _ in range(3):
            update, state = moves.update(jnp.ones(7), state, now)
            now = optax.apply_updates(now, update)
        assert bool(jnp.max(jnp.abs(now)) <= 0.01) == (bound == 0.01)


def test_a_move_inside_the_box_is_left_alone():
    box = projected(1.0)
    update, _ = box.update(jnp.array([0.1]), box.init(None), jnp.array([0.2]))
    assert float(update[0]) == pytest.approx(0.1)
