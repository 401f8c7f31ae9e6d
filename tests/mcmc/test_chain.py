"""Chains of many steps: thinning, errors against truth, and agreement that deceives."""

import jax
import jax.numpy as jnp
import numpy as np

from energeia.energies.analytic import Normal, NormalMixture
from energeia.mcmc.chain import diagnose, run_chains
from energeia.mcmc.hmc import Hmc
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
    found = run_chains(jax.random.key(0), Hmc(0.2, leaps=4), target, starts, 2000)
    diagnosis = diagnose(found)
    assert diagnosis.r_hat < 1.01
    assert diagnosis.ess > 1000
    mean = float(found.positions.mean())
    assert abs(mean + 4) < 0.1
    truth = 0.3 * 4 - 0.7 * 4
    assert abs(mean - truth) > 2
    # The control: chains started in both modes do disagree.
    both = jnp.array([[-4.0], [-4.0], [4.0], [4.0]])
    torn = run_chains(jax.random.key(0), Hmc(0.2, leaps=4), target, both, 2000)
    assert diagnose(torn).r_hat > 1.5
