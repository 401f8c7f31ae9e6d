"""The Metropolis ratio of MALA, and famous ways to get it wrong: variances and third moments."""

from functools import cache

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.energies.analytic import Banana, Normal
from energeia.mcmc.mala import Mala

EPS = 0.25
ROUND, SKEWED = Normal(jnp.zeros(2), jnp.eye(2)), Banana(0.3, 1.0)
TARGETS = {
    "normal": (ROUND, (1.0, 1.0), (0.0, 0.0)),
    "skewed": (SKEWED, (1.0, 2 * 0.3**2 + 1.0), (0.0, 8 * 0.3**3)),
}
"""Each target with its exact variances and third moments."""

CHAINS, FEW, STEPS, BURN = 8000, 1000, 400, 60
"""A percent of a variance takes many chains; wrong ratios are off by more than few can miss."""


def right(there, here, gradient):
    return -jnp.sum((there - here + 0.5 * EPS * gradient) ** 2) / (2 * EPS)


def misprinted(there, here, gradient):
    """A prefactor of eps for 1 / eps, and no half on the drift."""
    return -0.5 * EPS * jnp.sum((there - here + EPS * gradient) ** 2)


def drift_without_half(there, here, gradient):
    """The right prefactor; c = 2 of the note below, so it diverges for small steps."""
    return -jnp.sum((there - here + EPS * gradient) ** 2) / (2 * EPS)


def norm_not_squared(there, here, gradient):
    return -jnp.linalg.norm(there - here + 0.5 * EPS * gradient) / (2 * EPS)


def no_ratio(there, here, gradient):
    return 0.0


def hand_written(log_q, target, key, x):
    """One Metropolis step with a given log q(there|here); None for the kernel itself."""
    if log_q is None:
        kernel = Mala(EPS)
        return kernel.step(key, target, kernel.init(target, x))[0].position
    noise, accept = jax.random.split(key)
    slope = jax.grad(target.energy)
    there = x - 0.5 * EPS * slope(x) + jnp.sqrt(EPS) * jax.random.normal(noise, (2,))
    log_ratio = target.energy(x) - target.energy(there)
    log_ratio += log_q(x, there, slope(there)) - log_q(there, x, slope(x))
    return jnp.where(jnp.log(jax.random.uniform(accept)) < log_ratio, there, x)


@cache
def moments(log_q, name):
    """Second and third moments of both columns with their errors, over chains from exact draws."""
    target, count = TARGETS[name][0], CHAINS if log_q is None else FEW

    def chain(key):
        start, walk = jax.random.split(key)

        def one(carry, key):
            x, total, step = carry
            x = hand_written(log_q, target, key, x)
            powers = jnp.concatenate([x**2, x**3])
            return (x, total + jnp.where(step >= BURN, powers, 0.0), step + 1), None

        first = (target.sample(start), jnp.zeros(4), 0)
        (_, total, _), _ = jax.lax.scan(one, first, jax.random.split(walk, STEPS))
        return total / (STEPS - BURN)

    every = jax.jit(lambda key: jax.vmap(chain)(jax.random.split(key, count)))
    each = np.asarray(every(jax.random.key(0)), float)
    return each.mean(0), each.std(0) / np.sqrt(count)


def passes(log_q, name):
    """Variances within 1%, third moments within 4 measured errors."""
    _, variances, third = TARGETS[name]
    value, error = moments(log_q, name)
    close = np.all(np.abs(value[:2] / np.array(variances) - 1) < 0.01)
    return bool(close and np.all(np.abs(value[2:] - np.array(third)) < 4 * error[2:]))


@pytest.mark.parametrize("target", TARGETS)
def test_the_kernel_leaves_its_target_invariant(target):
    assert passes(None, target)


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("wrong", [misprinted, norm_not_squared, no_ratio])
def test_wrong_ratios_fail_the_same_test(wrong, target):
    assert not passes(wrong, target)


@pytest.mark.parametrize(
    ("ratio", "becomes"),
    [
        (right, 1.0),
        (misprinted, 1 / (2 - 2 * EPS**2)),
        (norm_not_squared, 0.77),
        (no_ratio, 0.50),
    ],
)
def test_what_each_ratio_samples(ratio, becomes):
    """If log q enters as c times the change of the energy, exp(-(2 - c) E) is sampled: c = 0
    without it, 2 eps^2 with that prefactor. The norm not squared was measured."""
    value, error = moments(ratio, "normal")
    assert abs(value[:2].mean() - becomes) < 4 * error[0] + 0.1 * becomes * (ratio is not right)


def test_a_drift_without_its_half_widens_without_end():
    value, error = moments(drift_without_half, "normal")
    assert value[0] - 2 > 10 * error[0]


def test_the_kernel_uses_the_textbook_ratio():
    """Reconstruct the noise of a step from where it went, and compare the acceptance."""
    target, kernel = SKEWED, Mala(EPS)
    slope = jax.grad(target.energy)

    def one(key):
        start, own = jax.random.split(key)
        x = target.sample(start)
        state, info = kernel.step(own, target, kernel.init(target, x))
        there = state.position
        log_ratio = target.energy(x) - target.energy(there)
        log_ratio += right(x, there, slope(there)) - right(there, x, slope(x))
        return info.accepted, info.acceptance, jnp.exp(jnp.minimum(log_ratio, 0.0))

    accepted, ours, textbook = jax.jit(jax.vmap(one))(jax.random.split(jax.random.key(1), 500))
    moved = np.asarray(accepted)
    assert moved.sum() > 300
    np.testing.assert_allclose(np.asarray(ours)[moved], np.asarray(textbook)[moved], rtol=2e-3)
