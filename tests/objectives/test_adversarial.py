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
    assert jnp.max(jnp.abs(jax.jit(jax.grad(loss))(best))) < 1e-6
    # The control: another critic has a slope and a lower value.
    assert jnp.max(jnp.abs(jax.jit(jax.grad(loss))(best + jnp.array([0.5, 0, 0, 0])))) > 1e-2
    assert loss(0.5 * best) > loss(best)


def test_the_relativistic_payoff_has_the_gradients_of_its_pairs():
    real, generated = jnp.array([0.3, -1.0]), jnp.array([1.1, -2.0])
    push = jax.nn.sigmoid(real - generated) / 2
    slopes = jax.jit(jax.grad(Relativistic().critic, argnums=(0, 1)))(real, generated)
    assert jnp.allclose(slopes[0], push)
    assert jnp.allclose(slopes[1], -push)
    pull = jax.jit(jax.grad(Relativistic().generator, argnums=1))(real, generated)
    assert jnp.allclose(pull, jax.nn.sigmoid(generated - real) / 2)


def all_pairs(first, second):
    """Every energy of the one beside every energy of the other."""
    left, right = jnp.meshgrid(first, second, indexing="ij")
    return left.ravel(), right.ravel()


def test_the_best_relativistic_critic_is_the_log_ratio_too():
    best = jnp.asarray(-np.log(P / Q))

    def loss(e):
        return Relativistic().critic(*all_pairs(rows(P, e), rows(Q, e)))

    assert jnp.max(jnp.abs(jax.jit(jax.grad(loss))(best))) < 1e-6
    assert jnp.max(jnp.abs(jax.jit(jax.grad(loss))(best + 3.0))) < 1e-6  # up to a constant
    assert jnp.max(jnp.abs(jax.jit(jax.grad(loss))(0.5 * best))) > 1e-2


def test_the_best_critic_of_two_gaussians():
    """D* = p / (p + q), the value 2 JSD - log 4, both by quadrature over samples of x."""
    x = np.linspace(-9, 11, 4001)
    p, q = (np.exp(-0.5 * (x - m) ** 2) / np.sqrt(2 * np.pi) for m in (0.0, 1.5))
    energy = np.log(q / p)
    np.testing.assert_allclose(1 / (1 + np.exp(energy)), p / (p + q), rtol=1e-10)
    value = np.trapezoid(p * np.log(p / (p + q)) + q * np.log(q / (p + q)), x)
    divergence = 0.5 * np.trapezoid(p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q)), x)
    assert value == pytest.approx(2 * divergence - np.log(4), abs=1e-10)
    rng = np.random.default_rng(0)
    real, made = rng.normal(size=100_000), 1.5 + rng.normal(size=100_000)
    energies = [np.interp(rows, x, energy) for rows in (real, made)]
    found = -float(Minimax().critic(*map(jnp.asarray, energies)))
    spread = [np.std(np.logaddexp(0, sign * e)) for sign, e in zip((1, -1), energies, strict=True)]
    assert abs(found - value) < 4 * np.hypot(*spread) / np.sqrt(100_000)


def test_at_the_best_critic_the_generators_follow_their_divergences():
    """Minimax: the slope of 2 JSD(p, q); non-saturating: that of KL(q || p) - 2 JSD(p, q).

    Arjovsky and Bottou 2017, arXiv:1701.04862, theorem 2.5; p = N(0, 1), q = N(1, 1).
    """
    x = np.linspace(-9, 11, 4001)

    def density(mean):
        return np.exp(-0.5 * (x - mean) ** 2) / np.sqrt(2 * np.pi)

    def twice_jsd(mean):
        p, q = density(0.0), density(mean)
        return np.trapezoid(p * np.log(2 * p / (p + q)) + q * np.log(2 * q / (p + q)), x)

    def kl(mean):
        return 0.5 * mean**2

    step = 1e-4
    slopes = [(f(1 + step) - f(1 - step)) / (2 * step) for f in (twice_jsd, kl)]
    noise = jax.random.normal(jax.random.key(0), (200_000,))

    def moved(payoff):
        def loss(mean, e):
            made = mean + e
            return payoff.generator(jnp.zeros(1), made - 0.5)  # log q / p with q held at mean 1

        each = jax.jit(jax.vmap(jax.grad(loss), (None, 0)))(1.0, noise[:, None])
        return float(each.mean()), float(each.std()) / np.sqrt(len(noise))

    value, error = moved(Minimax())
    assert abs(value - slopes[0]) < 4 * error
    value, error = moved(NonSaturating())
    assert abs(value - (slopes[1] - slopes[0])) < 4 * error
    assert abs(value - slopes[0]) > 10 * error  # the control: the two are not one game


def test_the_mean_difference_is_the_wasserstein_distance_at_a_slope_of_one():
    """Two Gaussians a shift apart: E(x) = x reaches |shift|, a steeper critic more."""
    real = jnp.linspace(-3, 3, 101)
    made = real + 0.7
    assert -float(MeanDifference().critic(real, made)) == pytest.approx(0.7, abs=1e-5)
    assert -float(MeanDifference().critic(2 * real, 2 * made)) > 1.3


@pytest.mark.parametrize("payoff", [Relativistic(), NonSaturating(), Minimax(), MeanDifference()])
def test_each_payoff_sets_the_players_against_each_other(payoff):
    real, generated = jnp.array([0.3, -1.0]), jnp.array([1.1, -2.0])
    critic = jax.jit(jax.grad(payoff.critic, argnums=1))(real, generated)
    generator = jax.jit(jax.grad(payoff.generator, argnums=1))(real, generated)
    assert jnp.all(critic < 0)  # a critic raises the energy of generated rows
    assert jnp.all(generator > 0)  # a generator lowers it


def test_only_relative_payoffs_ignore_a_constant():
    real, generated = jnp.array([0.3, -1.0]), jnp.array([1.1, -2.0])
    for payoff, ignores in ((Relativistic(), True), (MeanDifference(), True), (Minimax(), False)):
        same = jnp.allclose(payoff.critic(real, generated), payoff.critic(real + 3, generated + 3))
        assert bool(same) == ignores


def test_an_angle_and_its_turn_are_one_point_to_the_critic():
    weights = jax.random.normal(jax.random.key(0), (critic_inputs(3, 1, 2),))
    critic = Critic(lambda x: x @ weights, shape=(3,), periodic=(1,), octaves=2)
    x = jnp.array([0.2, 1.0, -0.4])
    turned = critic.energy(x.at[1].add(2 * jnp.pi))
    assert jnp.allclose(critic.energy(x), turned, atol=1e-5)
    assert not jnp.allclose(critic.energy(x), critic.energy(x.at[0].add(2 * jnp.pi)), atol=1e-2)


def game():
    support = Support.of([Binary(), Real(), Circle(0.0, 360.0)])
    x = jnp.array([[0.0, 1.0, 10.0], [1.0, 3.0, 350.0], [1.0, -2.0, 90.0], [0.0, 0.0, 180.0]])
    weights = jax.random.normal(jax.random.key(0), (4,))
    matrix = jax.random.normal(jax.random.key(1), (3, 2))
    modules = {
        "critic": Critic(lambda v: jnp.sin(v) @ weights, shape=(3,), periodic=(2,)),
        "generator": ImplicitGenerator(lambda z: 9 * matrix @ z, 2, (3,), None, (2,)),
        "units": Units.fit(support, x),
        "scaling": None,
    }
    both = (SlopePenalty("real"), SlopePenalty("generated"))
    return Adversarial(Relativistic(), both, gamma=4.0, gamma_final=1.0, anneal=10), modules, x


def test_the_critic_alone_pays_and_its_moves_are_counted():
    objective, modules, x = game()
    batch, key = Batch(x, None), jax.random.key(2)
    memory = objective.init_memory(key, modules, batch)
    loss, (after, said) = objective.loss("critic", key, modules, batch, memory)
    late, _ = objective.loss("critic", key, modules, batch, memory + 10)
    assert int(after) == 1
    assert float(loss - late) == pytest.approx(0.5 * 3.0 * float(said["penalty"]), rel=1e-4)
    free, (same, _) = objective.loss("generator", key, modules, batch, memory)
    assert int(same) == 0
    assert float(free) < float(loss) + 10
    assert float(objective.weight(jnp.asarray(5))) == pytest.approx(2.5)


def test_generated_angles_stay_on_the_circle():
    _, modules, _ = game()
    keys = jax.random.split(jax.random.key(0), 100)
    angles = jax.jit(jax.vmap(modules["generator"].sample))(keys)[:, 2]
    assert jnp.all(jnp.abs(angles) <= jnp.pi)
