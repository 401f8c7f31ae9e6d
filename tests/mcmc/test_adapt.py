"""Pilots find the acceptance that they are asked for, and are frozen after."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.energies.analytic import Normal
from energeia.mcmc.adapt import best_acceptance, tune, with_step
from energeia.mcmc.gibbs import Gibbs
from energeia.mcmc.hmc import Hmc
from energeia.mcmc.mala import Mala

TARGET = Normal(jnp.zeros(8), jnp.diag(jnp.linspace(0.3, 2.0, 8)))


def acceptance(kernel, x, key):
    def one(key, x):
        def step(state, key):
            state, info = kernel.step(key, TARGET, state)
            return state, info.acceptance

        return jnp.mean(jax.lax.scan(step, kernel.init(TARGET, x), jax.random.split(key, 50))[1])

    rates = np.asarray(jax.jit(jax.vmap(one))(jax.random.split(key, len(x)), x))
    return rates.mean(), rates.std() / np.sqrt(len(rates))


@pytest.mark.parametrize("kernel", [Mala(30.0), Mala(1e-3), Hmc(2.0, leapfrog_steps=5)])
def test_acceptance_is_tuned(kernel):
    x = jax.jit(jax.vmap(TARGET.sample))(jax.random.split(jax.random.key(0), 256))
    before, _ = acceptance(kernel, x, jax.random.key(2))
    tuned, x = tune(jax.random.key(1), kernel, TARGET, x, steps=200)
    after, error = acceptance(tuned, x, jax.random.key(2))
    # The pilot's own noise in log eps, about 0.02, adds to that of the measurement.
    assert abs(after - best_acceptance(kernel)) < 4 * np.hypot(error, 0.005)
    assert abs(before - best_acceptance(kernel)) > 0.2


def test_a_kernel_without_a_step_is_left_alone():
    assert with_step(Gibbs(), jnp.asarray(3.0)) == Gibbs()
    assert best_acceptance(Gibbs()) == 1.0
