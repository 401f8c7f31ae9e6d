"""What the recipes ``vae`` and ``gan`` learn of small problems whose truth is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.contracts import Batch
from energeia.recipes import gan, vae
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.options.adversarial import GanOptions
from energeia.recipes.options.latent import VaeOptions
from energeia.recipes.options.problem import Problem
from energeia.support import Binary, Real, Support
from energeia.training.loop import train
from energeia.training.settings import Optimization, Training
from energeia.training.state import Game

KEY = jax.random.key(0)


def trained(build, options, support, x, condition=None):
    problem = Problem(
        support=support, layout=(x.shape[1],), rows=len(x),
        condition_dimension=0 if condition is None else condition.shape[1],
    )  # fmt: skip
    parts = build(options, problem, ReferenceRows(x, condition), KEY)
    game = Game(parts.objective, parts.players)
    done = train(game, parts.modules, Batch(x, condition), None, options.training, KEY)
    return parts.model(done.modules)


def draws(model, count, condition=None):
    keys = jax.random.split(jax.random.key(7), count)
    axis = None if condition is None else 0
    return np.asarray(jax.jit(jax.vmap(model.sample, (0, axis)))(keys, condition))


@pytest.fixture(scope="module")
def rows():
    """A spin that is the sign of a real column, whose mean is the condition."""
    one, two = jax.random.split(jax.random.key(3))
    condition = jax.random.uniform(one, (4000, 1), minval=-2.0, maxval=2.0)
    real = condition[:, 0] + 0.5 * jax.random.normal(two, (4000,))
    return jnp.stack([(real > 0).astype(float), 10 + 3 * real], axis=1), condition


SUPPORT = Support.of([Binary(), Real()])


def check(model):
    """The mean follows the condition, the spin follows the sign."""
    for level in (-1.5, 1.5):
        drawn = draws(model, 1000, jnp.full((1000, 1), level))
        assert abs(drawn[:, 1].mean() - (10 + 3 * level)) < 0.5
        assert np.mean(drawn[:, 0] == (level > 0)) > 0.95
    drawn = draws(model, 1000, jnp.zeros((1000, 1)))
    clear = np.abs(drawn[:, 1] - 10) > 1
    assert np.mean((drawn[:, 0] > 0.5) == (drawn[:, 1] > 10), where=clear) > 0.9


def test_vae_learns_mixed_columns_under_a_condition(rows):
    options = VaeOptions(
        latent=2, width=32, depth=1, warmup=100, optimization=Optimization(learning_rate=5e-3),
        training=Training(rounds=600, check_every=300, batch=128),
    )  # fmt: skip
    model = trained(vae.build, options, SUPPORT, *rows)
    check(model)
    weights = jax.jit(jax.vmap(model.log_weight))(jax.random.split(KEY, 4000), *rows)
    # The density of the real column alone is an upper bound in the mean, noise apart.
    entropy = 0.5 * np.log(2 * np.pi * np.e * 1.5**2)
    assert -entropy - 0.5 < float(jnp.mean(weights)) < -entropy + 4 * float(jnp.std(weights)) / 63


def test_gan_learns_mixed_columns_under_a_condition(rows):
    move = Optimization(learning_rate=3e-3, beta1=0.0, beta2=0.99, clip=0.0)
    options = GanOptions(
        latent=3, width=32, depth=1, critic=move, generator=move,
        training=Training(rounds=800, check_every=400, batch=128, average=0.99),
    )  # fmt: skip
    check(trained(gan.build, options, SUPPORT, *rows))
