"""The Metropolis ratio of MALA, and four famous ways to get it wrong."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.energies.analytic import Banana, Normal
from energeia.mcmc.mala import Mala

EPS = 0.25
TARGET = Normal(jnp.zeros(2), jnp.eye(2))


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


def variance(log_q):
    """Variance per coordinate, and its error, of chains with a given log q(there|here)."""

    def step(x, key):
        noise, accept = jax.random.split(key)
        slope = jax.grad(TARGET.energy)
        there = x - 0.5 * EPS * slope(x) + jnp.sqrt(EPS) * jax.random.normal(noise, (2,))
        log_ratio = TARGET.energy(x) - TARGET.energy(there)
        log_ratio += log_q(x, there, slope(there)) - log_q(there, x, slope(x))
        return jnp.where(jnp.log(jax.random.uniform(accept)) < log_ratio, there, x), None

    def chain(key):
        start, walk = jax.random.split(key)
        return jax.lax.scan(step, jax.random.normal(start, (2,)), jax.random.split(walk, 200))[0]

    x = np.asarray(jax.jit(jax.vmap(chain))(jax.random.split(jax.random.key(0), 4000)))
    squares = np.mean(x.astype(float) ** 2, axis=1)
    return squares.mean(), squares.std() / np.sqrt(len(squares))


def test_the_textbook_ratio_is_right():
    value, error = variance(right)
    assert abs(value - 1) < 4 * error


@pytest.mark.parametrize(
    ("wrong", "becomes"),
    [
        (misprinted, 1 / (2 - 2 * EPS**2)),
        (norm_not_squared, 0.70),
        (no_ratio, 0.50),
    ],
)
def test_wrong_ratios_sample_something_else(wrong, becomes):
    value, error = variance(wrong)
    assert abs(value - 1) > 10 * error
    # If log q enters as c times the change of the energy, exp(-(2 - c) E) is sampled: c = 0
    # without it, 2 eps^2 with that prefactor. The others were measured.
    assert abs(value - becomes) < 4 * error + 0.1 * becomes


def test_a_drift_without_its_half_widens_without_end():
    value, error = variance(drift_without_half)
    assert value - 2 > 10 * error


def test_the_kernel_uses_the_textbook_ratio():
    """Reconstruct the noise of a step from where it went, and compare the acceptance."""
    target, kernel = Banana(), Mala(EPS)
    slope = jax.grad(target.energy)

    def one(key):
        start, own = jax.random.split(key)
        x = target.sample(start)
        state, info = kernel.step(own, target, kernel.init(target, x))
        there = state.position
        log_ratio = target.energy(x) - target.energy(there)
        log_ratio += right(x, there, slope(there)) - right(there, x, slope(x))
        return info.accepted, info.acceptance, jnp.exp(jnp.minimum(log_ratio, 0.0))

    accepted, ours, textbook = jax.vmap(one)(jax.random.split(jax.random.key(1), 500))
    moved = np.asarray(accepted)
    assert moved.sum() > 300
    np.testing.assert_allclose(np.asarray(ours)[moved], np.asarray(textbook)[moved], rtol=2e-3)
