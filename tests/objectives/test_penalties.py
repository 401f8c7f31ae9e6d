"""The slope penalty of critics whose slope is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.contracts import Batch
from energeia.energies.critic import Critic
from energeia.objectives.penalties import NoisePenalty, SlopePenalty, UnitSlopePenalty, scored

KEY = jax.random.key(0)
REAL = Batch(jax.random.normal(jax.random.key(1), (50, 3)), None)
GENERATED = Batch(2 + jax.random.normal(jax.random.key(2), (50, 3)), None)
WEIGHTS = jnp.array([1.0, -2.0, 3.0])
SIDES = (SlopePenalty("real"), SlopePenalty("generated"))


def value(penalty, critic, real=REAL, generated=GENERATED):
    return penalty.value(KEY, critic, scored(critic, real), scored(critic, generated))


@pytest.mark.parametrize("on", ["real", "generated"])
def test_a_linear_critic_pays_the_square_of_its_weights(on):
    critic = Critic(lambda x: x @ WEIGHTS, shape=(3,))
    total_penalty = float(value(SlopePenalty(on), critic))
    assert total_penalty == pytest.approx(14.0, rel=1e-6)
    # The control: a mean over axes would be three times too small.
    slopes = jax.jit(jax.vmap(jax.grad(critic.energy)))(REAL.x)
    assert float(jnp.mean(slopes**2)) == pytest.approx(14.0 / 3, rel=1e-6)


def test_a_quadratic_critic_pays_where_the_rows_are():
    critic = Critic(lambda x: 0.5 * jnp.sum(WEIGHTS * x**2), shape=(3,))
    for penalty, rows in zip(SIDES, (REAL, GENERATED), strict=True):
        truth = np.mean(np.sum((np.asarray(WEIGHTS) * np.asarray(rows.x)) ** 2, axis=1))
        total_penalty = float(value(penalty, critic))
        assert total_penalty == pytest.approx(truth, rel=1e-5)


def test_the_penalty_can_be_lowered():
    def total_penalty(weights):
        critic = Critic(lambda x: jnp.sum(weights * x**2), shape=(3,))
        return value(SlopePenalty("real"), critic)

    truth = 8 * WEIGHTS * jnp.mean(REAL.x**2, axis=0)
    assert jnp.allclose(jax.jit(jax.grad(total_penalty))(WEIGHTS), truth, rtol=1e-4)


def test_a_slope_of_one_is_free_and_others_pay():
    unit = WEIGHTS / jnp.sqrt(14.0)
    for factor, wanted in ((1.0, 0.0), (3.0, 4.0), (0.0, 1.0)):
        critic = Critic(lambda x, w=factor * unit: x @ w, shape=(3,))
        total_penalty = float(value(UnitSlopePenalty(), critic))
        assert total_penalty == pytest.approx(wanted, abs=1e-5)


def test_a_flat_critic_has_a_finite_slope_of_its_penalty():
    def total_penalty(weights):
        critic = Critic(lambda x: x @ weights, shape=(3,))
        return value(UnitSlopePenalty(), critic)

    assert jnp.all(jnp.isfinite(jax.jit(jax.grad(total_penalty))(jnp.zeros(3))))


def test_the_noise_penalty_is_a_quarter_of_both_where_the_critic_does_not_know():
    """p = 1/2 everywhere weighs both squares by 1/4; a sure critic hardly pays."""
    tiny = Critic(lambda x: 1e-4 * (x @ WEIGHTS), shape=(3,))
    both = sum(float(value(penalty, tiny)) for penalty in SIDES)
    found = float(value(NoisePenalty(), tiny))
    assert found == pytest.approx(both / 4, rel=1e-3)
    sure = Critic(lambda x: 20 * jnp.sum(x - 1), shape=(3,))
    rows = Batch(-3 * jnp.ones((5, 3)), None), Batch(5 * jnp.ones((5, 3)), None)
    assert float(value(NoisePenalty(), sure, *rows)) < 1e-6
    # The control: exchanged, it is wrong everywhere and pays in full.
    assert float(value(NoisePenalty(), sure, *rows[::-1])) == pytest.approx(2400, rel=1e-3)
