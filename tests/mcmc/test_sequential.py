"""Sequential Monte Carlo: log Z and draws of solved targets, and what it says where it fails."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import logsumexp

import energeia
from energeia.distributions import uniform_product
from energeia.energies import DoubleWell, GeometricPath, Normal
from energeia.errors import InputError
from energeia.mcmc import HeatBath, Hmc, Mala, smc
from energeia.physics import Ising

KEY = jax.random.key(4)
WELLS = DoubleWell(4, height=6.0, tilt=0.5)
CENTERS = np.array([[-20.0, 5.0], [15.0, 15.0], [10.0, -25.0], [0.0, 0.0]])
SHARES = np.log([0.1, 0.2, 0.3, 0.4])


def one_well(x):
    return np.exp(-6.0 * (x**2 - 1) ** 2 - 0.5 * x)


def normals(x):
    """Four unit normals far from each other, with log Z = 1."""
    logs = -0.5 * jnp.sum((x - CENTERS) ** 2, axis=1) - jnp.log(2 * jnp.pi) + SHARES
    return -jax.nn.logsumexp(logs) - 1.0


def narrow(x):
    """A normal of very different widths, with log Z = 0."""
    widths = jnp.geomspace(0.01, 1.0, 6)
    return 0.5 * jnp.sum((x / widths) ** 2) + jnp.sum(jnp.log(widths)) + 3 * jnp.log(2 * jnp.pi)


def path(target, width):
    return GeometricPath(
        Normal(jnp.zeros(target.shape), width**2 * jnp.eye(target.shape[0])), target
    )


SOLVED = {
    "double wells": (path(WELLS, 1.5), Mala(0.1), 4 * np.log(quad(one_well, -4, 4)[0])),
    "four normals": (path(energeia.energy(normals, 2), 20.0), Mala(1.0), 1.0),
    "six widths": (path(energeia.energy(narrow, 6), 1.5), Hmc(0.1, leapfrog_steps=5), 0.0),
}


@pytest.mark.parametrize("name", SOLVED)
def test_log_z_is_that_of_solved_targets(name):
    made, kernel, truth = SOLVED[name]
    found = smc(KEY, made, kernel, 512)
    assert found.lower.kind == "lower bound"
    assert found.lower.stderr < 0.06
    assert abs(found.lower.value - truth) < 4 * found.lower.stderr
    assert found.certificate.value < truth
    assert found.warnings == ()
    # The control: a normalization 1.5 times as large is told apart.
    assert abs(found.lower.value - truth - np.log(1.5)) > 4 * found.lower.stderr


def test_particles_are_draws_of_the_target():
    made, kernel, _ = SOLVED["four normals"]
    x = np.asarray(smc(KEY, made, kernel, 512).runs.positions)
    nearest = np.argmin(np.sum((x[:, :, None] - CENTERS) ** 2, axis=3), axis=2)
    shares = np.stack([np.mean(nearest == k, axis=1) for k in range(4)], axis=1)
    error = shares.std(axis=0, ddof=1) / len(shares) ** 0.5
    assert np.all(error < 0.02)
    assert np.all(np.abs(shares.mean(axis=0) - np.exp(SHARES)) < 4 * error)


def test_spins_by_heat_bath():
    ising = Ising(3, 0.3)
    states = 1.0 - 2.0 * ((np.arange(512)[:, None] >> np.arange(9)) & 1)
    truth = logsumexp(-np.asarray(jax.vmap(ising.energy)(jnp.asarray(states.reshape(-1, 3, 3)))))
    base = uniform_product((3, 3), [-1.0, 1.0])
    found = smc(KEY, GeometricPath(base, ising), HeatBath([-1.0, 1.0]), 256, moves=1)
    assert found.lower.stderr < 0.04
    assert abs(found.lower.value - truth) < 4 * found.lower.stderr


def test_too_few_particles_say_so():
    made, kernel, truth = SOLVED["four normals"]
    found = smc(KEY, made, kernel, 8, moves=1, kept=0.2)
    assert found.lower.stderr is None
    assert "descend from" in found.warnings[0]
    assert found.certificate.value < truth


@pytest.mark.parametrize(("particles", "populations"), [(1, 8), (64, 1)])
def test_populations_that_cannot_be_are_refused(particles, populations):
    with pytest.raises(InputError, match=f"{populations} populations of {particles} particles"):
        smc(KEY, *SOLVED["double wells"][:2], particles, populations=populations)
