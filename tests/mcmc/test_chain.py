"""Chains of many steps: thinning, errors against truth, and agreement that deceives."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import ChainsStuck, InputError
from energeia.energies.analytic import Normal, NormalMixture
from energeia.energies.critic import Critic
from energeia.mcmc.chain import diagnose, require_moving, run_chains
from energeia.mcmc.hmc import Hmc
from energeia.mcmc.langevin import Langevin
from energeia.mcmc.mala import Mala
from energeia.stats.autocorrelation import mean_error

TARGET = Normal(jnp.array([1.0, -2.0]), jnp.array([[1.0, 0.5], [0.5, 2.0]]))


def test_means_are_right_within_their_measured_error():
    found = run_chains(jax.random.key(0), Mala(1.2), TARGET, jnp.zeros((8, 2)), 2000, 2, 200)
    error = mean_error(np.asarray(found.positions))
    mean = np.asarray(found.positions, dtype=float).mean((0, 1))
    assert np.all(np.abs(mean - np.array([1.0, -2.0])) < 4 * error)
    diagnosis = diagnose(found)
    assert diagnosis.r_hat < 1.01
    assert 500 < diagnosis.ess < 16_000
    assert diagnosis.time > 0.5


def test_chains_that_agree_and_are_wrong():
    """Plain HMC from one mode: a fine R-hat, a fine ESS, and 0.3 of the mass never seen."""
    target = NormalMixture(jnp.array([[-4.0], [4.0]]), 0.5, jnp.array([0.7, 0.3]))
    starts = -4 + 0.5 * jax.random.normal(jax.random.key(1), (8, 1))
    found = run_chains(jax.random.key(0), Hmc(0.2, leapfrog_steps=4), target, starts, 2000)
    diagnosis = diagnose(found)
    assert diagnosis.r_hat < 1.01
    assert diagnosis.ess > 1000
    mean = float(found.positions.mean())
    assert abs(mean + 4) < 0.1
    truth = 0.3 * 4 - 0.7 * 4
    assert abs(mean - truth) > 2
    # The control: chains started in both modes do disagree.
    both = jnp.array([[-4.0], [-4.0], [4.0], [4.0]])
    torn = run_chains(jax.random.key(0), Hmc(0.2, leapfrog_steps=4), target, both, 2000)
    assert diagnose(torn).r_hat > 1.5


@pytest.mark.parametrize("step", [0.3, 0.6])
def test_hmc_near_its_resonance_has_one_small_effective_size(step):
    """Ten leapfrog steps of 0.3 turn a unit oscillator by about pi, of 0.6 by about 2 pi."""
    normal = Normal(jnp.zeros(2), jnp.eye(2))
    starts = jax.random.normal(jax.random.key(1), (64, 2))
    found = diagnose(
        run_chains(jax.random.key(0), Hmc(step, leapfrog_steps=10), normal, starts, 500)
    )
    assert found.ess < 0.03 * 64 * 500
    assert found.time == pytest.approx(64 * 500 / (2 * found.ess))
    # The control, a quarter of a turn, draws almost independently.
    apart = diagnose(
        run_chains(jax.random.key(0), Hmc(0.15, leapfrog_steps=10), normal, starts, 500)
    )
    assert apart.ess > 0.7 * 64 * 500
    assert apart.time < 0.75


def test_chains_that_never_move_do_not_hide_behind_the_mean_acceptance():
    """A quartic: where its force is huge every proposal is refused, elsewhere chains are fine."""
    quartic = Critic(lambda x: jnp.sum(x**4), shape=(2,))
    starts = jnp.concatenate([jnp.full((14, 2), 0.3), jnp.full((2, 2), 40.0)])
    found = diagnose(run_chains(jax.random.key(0), Mala(0.1), quartic, starts, 200))
    assert found.acceptance > 0.8
    assert found.least_acceptance < 0.01
    assert found.still_chains == 2
    # The control: the same chains without the two.
    fine = diagnose(run_chains(jax.random.key(0), Mala(0.1), quartic, starts[:14], 200))
    assert fine.least_acceptance > 0.8
    assert fine.still_chains == 0


def test_chains_that_never_accept_say_so_with_the_norm_of_the_gradient():
    starts = 3 * jnp.ones((16, 2))
    stuck = run_chains(jax.random.key(0), Mala(1e6), TARGET, starts, 20)
    with pytest.raises(ChainsStuck, match=r"none of 16 chains ever.*norm \d.*smaller step size"):
        require_moving(stuck, TARGET, starts)
    # The control: a step that fits moves them.
    require_moving(run_chains(jax.random.key(0), Mala(1.0), TARGET, starts, 20), TARGET, starts)


def test_an_energy_that_is_not_a_number_looks_the_same_and_is_told_apart():
    hole = Critic(lambda x: jnp.sum(jnp.sqrt(x - 5)), shape=(2,))
    starts = jnp.ones((16, 2))
    stuck = run_chains(jax.random.key(0), Mala(0.1), hole, starts, 20)
    with pytest.raises(ChainsStuck, match="not finite where 16 of them start: check the energy"):
        require_moving(stuck, hole, starts)


def test_chains_that_fly_off_are_counted():
    steep = Critic(lambda x: jnp.sum(x**4), shape=(2,))
    starts = 3 * jnp.ones((16, 2))
    flown = run_chains(jax.random.key(0), Langevin(1.0), steep, starts, 40)
    with pytest.raises(ChainsStuck, match="16 of 16 chains diverged to values that are not finite"):
        require_moving(flown, steep, starts)


@pytest.mark.parametrize("kernel", [Mala, Hmc, Langevin])
@pytest.mark.parametrize("step", [0.0, -0.5, np.nan])
def test_a_step_size_is_positive(kernel, step):
    with pytest.raises(InputError, match="give a positive number"):
        kernel(step)
