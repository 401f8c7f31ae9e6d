"""Every kernel that claims to leave its target invariant does, on a skewed target too."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.energies.analytic import Banana, Normal
from energeia.energies.mask import masked
from energeia.mcmc.geodesic import GeodesicHmc
from energeia.mcmc.hmc import Hmc
from energeia.mcmc.jumping import JumpingMala
from energeia.mcmc.langevin import Langevin
from energeia.mcmc.mala import Mala
from energeia.support import Real, Support

CHAINS = 20_000
ROUND = Normal(jnp.zeros(2), jnp.eye(2))
WIDE = Normal(jnp.zeros(2), 4.0 * jnp.eye(2))
COVARIANCE = jnp.array([[2.0, 0.8], [0.8, 1.0]])
KERNELS = {
    "mala": Mala(0.8),
    "mala, large steps": Mala(2.5),
    "hmc": Hmc(0.6, leapfrog_steps=4),
    "geodesic hmc": GeodesicHmc(0.6, Support.of([Real(), Real()]), 4),
    "jumping mala": JumpingMala(Mala(0.8), WIDE),
}
TARGETS = {
    "normal": (Normal(jnp.zeros(2), COVARIANCE), (2.0, 0.0, 1.0, 0.0)),
    "banana": (Banana(0.7, 0.6), (1.0, 0.0, 2 * 0.7**2 + 0.6**2, 8 * 0.7**3)),
}


@eqx.filter_jit
def run(kernel, target, start, key, steps):
    """Many chains from exact samples; where they end."""

    def one(x, key):
        def step(state, key):
            return kernel.step(key, target, state)

        state, info = jax.lax.scan(step, kernel.init(target, x), jax.random.split(key, steps))
        return state.position, jnp.mean(info.acceptance)

    return jax.jit(jax.vmap(one))(start, jax.random.split(key, len(start)))


def deviations(x, truth):
    """(measured - truth) / measured error, for second and third moments of both columns."""
    x = np.asarray(x, dtype=np.float64)
    powers = np.stack([x[:, 0] ** 2, x[:, 0] ** 3, x[:, 1] ** 2, x[:, 1] ** 3], axis=1)
    return (powers.mean(0) - np.array(truth)) / (powers.std(0) / np.sqrt(len(x)))


def exact(target):
    return jax.jit(jax.vmap(target.sample))(jax.random.split(jax.random.key(11), CHAINS))


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("kernel", KERNELS)
def test_invariant(kernel, target):
    energy, truth = TARGETS[target]
    x, acceptance = run(KERNELS[kernel], energy, exact(energy), jax.random.key(5), 25)
    assert np.all(np.abs(deviations(x, truth)) < 4)
    assert 0.05 < float(acceptance.mean()) < 0.999
    assert float(np.mean(np.any(np.asarray(x) != np.asarray(exact(energy)), axis=1))) > 0.7


@pytest.mark.parametrize("kernel", ["mala", "mala, large steps", "hmc"])
def test_a_masked_target_is_left_invariant_too(kernel):
    """Of the second column of a normal given the first, whose mean depends on it."""
    known = jnp.array([True, False])
    target = masked(TARGETS["normal"][0], jnp.array([1.0, jnp.nan]), known)
    mean, variance = 0.8 / 2.0, 1.0 - 0.8**2 / 2.0
    noise = jax.random.normal(jax.random.key(2), (CHAINS,))
    start = jnp.stack([jnp.ones(CHAINS), mean + variance**0.5 * noise], axis=1)
    x, acceptance = run(KERNELS[kernel], target, start, jax.random.key(5), 25)
    assert np.all(np.asarray(x[:, 0]) == 1.0)
    centered = np.repeat(np.asarray(x)[:, 1:] - mean, 2, axis=1)
    assert np.all(np.abs(deviations(centered, (variance, 0.0, variance, 0.0))) < 4)
    assert 0.05 < float(acceptance.mean()) < 0.999
    assert float(np.mean(np.asarray(x[:, 1]) != np.asarray(start[:, 1]))) > 0.7
    # The control: the column's own variance.
    assert abs(deviations(centered, (1.0, 0.0, 1.0, 0.0))[0]) > 10


def test_unadjusted_langevin_is_biased_as_it_says():
    eps = 0.8
    x, _ = run(Langevin(eps), ROUND, exact(ROUND), jax.random.key(5), 40)
    biased = 1 / (1 - eps / 4)
    assert np.all(np.abs(deviations(x, (biased, 0.0, biased, 0.0))) < 4)
    assert deviations(x, (1.0, 0.0, 1.0, 0.0))[0] > 10
