"""The slope penalty of critics whose slope is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.contracts import Batch
from energeia.energies.critic import Critic
from energeia.objectives.penalties import SlopePenalty

KEY = jax.random.key(0)
REAL = Batch(jax.random.normal(jax.random.key(1), (50, 3)), None)
GENERATED = Batch(2 + jax.random.normal(jax.random.key(2), (50, 3)), None)
WEIGHTS = jnp.array([1.0, -2.0, 3.0])


@pytest.mark.parametrize("on", ["real", "generated"])
def test_a_linear_critic_pays_the_square_of_its_weights(on):
    critic = Critic(lambda x: x @ WEIGHTS, shape=(3,))
    paid = float(SlopePenalty(on).value(KEY, critic, REAL, GENERATED))
    assert paid == pytest.approx(14.0, rel=1e-6)
    # The control: a mean over axes would be three times too small.
    slopes = jax.vmap(jax.grad(critic.energy))(REAL.x)
    assert float(jnp.mean(slopes**2)) == pytest.approx(14.0 / 3, rel=1e-6)


def test_a_quadratic_critic_pays_where_the_rows_are():
    critic = Critic(lambda x: 0.5 * jnp.sum(WEIGHTS * x**2), shape=(3,))
    for on, rows in (("real", REAL), ("generated", GENERATED)):
        truth = np.mean(np.sum((np.asarray(WEIGHTS) * np.asarray(rows.x)) ** 2, axis=1))
        paid = float(SlopePenalty(on).value(KEY, critic, REAL, GENERATED))
        assert paid == pytest.approx(truth, rel=1e-5)


def test_the_penalty_can_be_lowered():
    def paid(weights):
        critic = Critic(lambda x: jnp.sum(weights * x**2), shape=(3,))
        return SlopePenalty("real").value(KEY, critic, REAL, GENERATED)

    truth = 8 * WEIGHTS * jnp.mean(REAL.x**2, axis=0)
    assert jnp.allclose(jax.grad(paid)(WEIGHTS), truth, rtol=1e-4)
