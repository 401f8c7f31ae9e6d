"""Payoffs on finite alphabets, where the best critic and its value are known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.bijections.units import Units
from energeia.contracts import Batch
from energeia.energies.critic import Critic, critic_inputs
from energeia.models.generator import ImplicitGenerator
from energeia.objectives.adversarial import (
    Adversarial,
    MeanDifference,
    Minimax,
    NonSaturating,
    Relativistic,
)
from energeia.objectives.penalties import SlopePenalty
from energeia.support import Binary, Circle, Real, Support

P = np.array([0.5, 0.3, 0.15, 0.05])
Q = np.array([0.1, 0.2, 0.3, 0.4])


def rows(weights, energy, count=100):
    """Energies of rows in the proportions of ``weights``."""
    return jnp.repeat(energy, np.round(weights * count).astype(int), total_repeat_length=count)


def test_the_minimax_value_is_the_jensen_shannon_divergence_at_the_best_critic():
    best = jnp.asarray(-np.log(P / Q))
    middle = (P + Q) / 2
    divergence = 0.5 * np.sum(P * np.log(P / middle)) + 0.5 * np.sum(Q * np.log(Q / middle))

    def loss(e):
        return Minimax().critic(rows(P, e), rows(Q, e))

    assert -float(loss(best)) == pytest.approx(2 * divergence - 2 * np.log(2), abs=1e-5)
    assert jnp.max(jnp.abs(jax.grad(loss)(best))) < 1e-6
    # The control: another critic has a slope and a lower value.
    assert jnp.max(jnp.abs(jax.grad(loss)(best + jnp.array([0.5, 0, 0, 0])))) > 1e-2
    assert loss(0.5 * best) > loss(best)


def test_the_relativistic_payoff_has_the_gradients_of_its_pairs():
    real, generated = jnp.array([0.3, -1.0]), jnp.array([1.1, -2.0])
    push = jax.nn.sigmoid(real - generated) / 2
    slopes = jax.grad(Relativistic().critic, argnums=(0, 1))(real, generated)
    assert jnp.allclose(slopes[0], push)
    assert jnp.allclose(slopes[1], -push)
    pull = jax.grad(Relativistic().generator, argnums=1)(real, generated)
    assert jnp.allclose(pull, jax.nn.sigmoid(generated - real) / 2)


@pytest.mark.parametrize("payoff", [Relativistic(), NonSaturating(), Minimax(), MeanDifference()])
def test_each_payoff_sets_the_players_against_each_other(payoff):
    real, generated = jnp.array([0.3, -1.0]), jnp.array([1.1, -2.0])
    critic = jax.grad(payoff.critic, argnums=1)(real, generated)
    generator = jax.grad(payoff.generator, argnums=1)(real, generated)
    assert jnp.all(critic < 0)  # a critic raises the energy of generated rows
    assert jnp.all(generator > 0)  # a generator lowers it


def test_only_relative_payoffs_ignore_a_constant():
    real, generated = jnp.array([0.3, -1.0]), jnp.array([1.1, -2.0])
    for payoff, ignores in ((Relativistic(), True), (MeanDifference(), True), (Minimax(), False)):
        same = jnp.allclose(payoff.critic(real, generated), payoff.critic(real + 3, generated + 3))
        assert bool(same) == ignores


def test_an_angle_and_its_turn_are_one_point_to_the_critic():
    weights = jax.random.normal(jax.random.key(0), (critic_inputs(3, 1, 2),))
    critic = Critic(lambda x: x @ weights, shape=(3,), circles=(1,), octaves=2)
    x = jnp.array([0.2, 1.0, -0.4])
    turned = critic.energy(x.at[1].add(2 * jnp.pi))
    assert jnp.allclose(critic.energy(x), turned, atol=1e-5)
    assert not jnp.allclose(critic.energy(x), critic.energy(x.at[0].add(2 * jnp.pi)), atol=1e-2)


def game():
    support = Support.of([Binary(), Real(), Circle(0.0, 360.0)])
    x = jnp.array([[0.0, 1.0, 10.0], [1.0, 3.0, 350.0], [1.0, -2.0, 90.0], [0.0, 0.0, 180.0]])
    weights = jax.random.normal(jax.random.key(0), (4,))
    matrix = jax.random.normal(jax.random.key(1), (3, 2))
    cast = {
        "critic": Critic(lambda v: jnp.sin(v) @ weights, shape=(3,), circles=(2,)),
        "generator": ImplicitGenerator(lambda z: 9 * matrix @ z, 2, (3,), None, (2,)),
        "units": Units.fit(support, x),
        "scaling": None,
    }
    both = (SlopePenalty("real"), SlopePenalty("generated"))
    return Adversarial(Relativistic(), both, gamma=4.0, gamma_final=1.0, anneal=10), cast, x


def test_the_critic_alone_pays_and_its_moves_are_counted():
    objective, cast, x = game()
    batch, key = Batch(x, None), jax.random.key(2)
    memory = objective.init_memory(key, cast, batch)
    loss, (after, said) = objective.loss("critic", key, cast, batch, memory)
    late, _ = objective.loss("critic", key, cast, batch, memory + 10)
    assert int(after) == 1
    assert float(loss - late) == pytest.approx(0.5 * 3.0 * float(said["penalty"]), rel=1e-4)
    free, (same, _) = objective.loss("generator", key, cast, batch, memory)
    assert int(same) == 0
    assert float(free) < float(loss) + 10
    assert float(objective.weight(jnp.asarray(5))) == pytest.approx(2.5)


def test_generated_angles_stay_on_the_circle():
    _, cast, _ = game()
    keys = jax.random.split(jax.random.key(0), 100)
    angles = jax.vmap(cast["generator"].sample)(keys)[:, 2]
    assert jnp.all(jnp.abs(angles) <= jnp.pi)
