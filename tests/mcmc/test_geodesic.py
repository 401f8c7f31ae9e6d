"""Chains on directions, angles and numbers against exact moments."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import energeia
from energeia._core.errors import InputError
from energeia.contracts import Kernel, KernelInfo
from energeia.mcmc import GeodesicHmc
from energeia.support import Binary, Circle, Real, Rotation, SpecialUnitary, Sphere, Support

KAPPA, CHAINS = 3.0, 4000
MEAN = np.array([0.6, 0.0, 0.8])
DIRECTION = Support.of([Sphere(2)])


def fisher(x):
    """A von Mises-Fisher distribution of directions."""
    return -KAPPA * jnp.dot(x[:3], jnp.asarray(MEAN, x.dtype))


@eqx.filter_jit
def run(kernel, target, starts, key, steps):
    def one(x, key):
        def step(state, key):
            return kernel.step(key, target, state)

        state, info = jax.lax.scan(step, kernel.init(target, x), jax.random.split(key, steps))
        return state.position, jnp.mean(info.acceptance)

    return jax.vmap(one)(starts, jax.random.split(key, len(starts)))


def exact_directions(seed=0):
    """By Ulrich's inverse."""
    rng = np.random.default_rng(seed)
    height = 1 + np.log(rng.uniform(np.exp(-2 * KAPPA), 1, CHAINS)) / KAPPA
    v = rng.normal(size=(CHAINS, 3))
    v -= (v @ MEAN)[:, None] * MEAN
    v /= np.linalg.norm(v, axis=1, keepdims=True)
    return height[:, None] * MEAN + np.sqrt(1 - height**2)[:, None] * v


def deviations(values, truth):
    return (np.mean(values) - truth) / (np.std(values) / np.sqrt(len(values)))


HEIGHT = 1 / np.tanh(KAPPA) - 1 / KAPPA
SQUARE = 1 - 2 * HEIGHT / KAPPA


@pytest.mark.parametrize(("step", "leaps"), [(1.1, 1), (0.7, 3)])
def test_a_fisher_distribution_is_left_invariant(step, leaps):
    target = energeia.energy(fisher, 3, DIRECTION)
    starts = jnp.asarray(exact_directions())
    x, rate = run(GeodesicHmc(step, DIRECTION, leaps), target, starts, jax.random.key(1), 12)
    height = np.asarray(x, np.float64) @ MEAN
    assert 0.3 < float(rate.mean()) < 0.99
    assert np.max(np.abs(np.linalg.norm(x, axis=1) - 1)) < 1e-6
    assert abs(deviations(height, HEIGHT)) < 4
    assert abs(deviations(height**2, SQUARE)) < 4
    assert np.mean(np.any(np.abs(x - starts) > 1e-3, axis=1)) > 0.9


class Position(NamedTuple):
    position: jax.Array


class Projected(Kernel):
    """Control: a Langevin step in space that is put back onto the sphere and always accepted."""

    def init(self, target, x, condition=None):
        return Position(x)

    def step(self, key, target, state, condition=None):
        noise = 1.1 * jax.random.normal(key, state.position.shape)
        y = state.position + 0.5 * 1.1**2 * target.force(state.position) + noise
        return Position(y / jnp.linalg.norm(y)), KernelInfo(jnp.ones(()), jnp.asarray(True))


def test_the_control_without_acceptance_fails():
    target = energeia.energy(fisher, 3, DIRECTION)
    x, _ = run(Projected(), target, jnp.asarray(exact_directions()), jax.random.key(1), 12)
    assert abs(deviations(np.asarray(x, np.float64) @ MEAN, HEIGHT)) > 8


def test_a_direction_with_an_energy_and_an_angle():
    """x given a direction is normal, with the mean of its height; the angle is von Mises."""
    support = Support.of([Sphere(2), Real(), Circle(0.0, 2 * np.pi)])

    def energy(v):
        height = jnp.dot(v[:3], jnp.asarray(MEAN, v.dtype))
        return fisher(v) + 0.5 * (v[3] - height) ** 2 - 2.0 * jnp.cos(v[4] - 1.0)

    target = energeia.energy(energy, 5, support)
    rng = np.random.default_rng(3)
    x = exact_directions(4)
    starts = np.column_stack([
        x, x @ MEAN + rng.normal(size=CHAINS), (rng.vonmises(1.0, 2.0, CHAINS)) % (2 * np.pi)
    ])  # fmt: skip
    x, rate = run(GeodesicHmc(0.6, support, 3), target, jnp.asarray(starts), jax.random.key(2), 12)
    x = np.asarray(x, np.float64)
    support.check(x)
    assert 0.3 < float(rate.mean()) < 0.99
    assert abs(deviations(x[:, :3] @ MEAN, HEIGHT)) < 4
    assert abs(deviations(x[:, 3], HEIGHT)) < 4
    assert abs(deviations(np.cos(x[:, 4] - 1.0), 0.69777465)) < 4  # I_1(2) / I_0(2)


def test_the_uniform_distribution_of_rotations_from_one_start():
    support = Support.of([Rotation()])
    target = energeia.energy(lambda q: 0.0 * jnp.sum(q), 4, support)
    starts = jnp.tile(jnp.array([1.0, 0.0, 0.0, 0.0]), (CHAINS, 1))
    q, _ = run(GeodesicHmc(1.0, support, 1), target, starts, jax.random.key(0), 20)
    trace = 4 * np.asarray(q, np.float64)[:, 0] ** 2 - 1
    assert abs(deviations(trace, 0.0)) < 4
    assert abs(deviations(trace**2, 1.0)) < 4


def test_chains_from_everywhere_find_a_fisher_distribution():
    found = energeia.mcmc.sample(
        jax.random.key(0), energeia.energy(fisher, 3, DIRECTION), GeodesicHmc(0.3, DIRECTION),
        exact_directions()[:32], 200,
    )  # fmt: skip
    assert found.diagnosis.r_hat < 1.1
    height = np.asarray(found.rows, np.float64) @ MEAN
    assert abs(height.mean() - HEIGHT) < 6 * height.std() / np.sqrt(len(height) / 4)


def test_discrete_columns_have_no_geodesics():
    with pytest.raises(InputError, match="discrete columns have none"):
        GeodesicHmc(0.1, Support.of([Binary()]))


def plaquette_su3(beta):
    """The mean of Re tr U / 3 with weight exp(beta/3 Re tr U), by the density of eigenphases."""
    phase = 2 * np.pi * np.arange(96) / 96
    a, b = np.meshgrid(phase, phase)
    z = np.exp(1j * np.stack([a, b, -a - b]))
    measure = np.prod([np.abs(z[i] - z[j]) ** 2 for i, j in ((0, 1), (0, 2), (1, 2))], axis=0)
    mean = z.real.sum(axis=0) / 3
    weight = measure * np.exp(beta * mean)
    return np.sum(weight * mean) / np.sum(weight)


def test_links_of_su3_with_the_action_of_a_plaquette():
    """Four links around a plaquette: their product has the distribution of one link."""
    link, beta = SpecialUnitary(3), 4.0
    support = Support.of([link] * 4)

    def mean_trace(x):
        u = link.matrix(x.reshape(4, 18))
        return jnp.trace(u[0] @ u[1] @ jnp.conj(u[2].T) @ jnp.conj(u[3].T)).real / 3

    target = energeia.energy(lambda x: -beta * mean_trace(x), 72, support)
    starts = link.unlink(np.random.default_rng(0).normal(size=(500, 4, 18))).reshape(500, 72)
    kernel = GeodesicHmc(0.55, support, 3)
    x, rate = run(kernel, target, jnp.asarray(starts, jnp.float32), jax.random.key(3), 25)
    support.check(np.asarray(x))
    assert 0.3 < float(rate.mean()) < 0.99
    found = np.asarray(jax.jit(jax.vmap(mean_trace))(x), np.float64)
    error = found.std() / np.sqrt(len(found))
    assert error < 0.015
    assert abs(found.mean() - plaquette_su3(beta)) < 4 * error
    # The control: the mean at another coupling.
    assert abs(found.mean() - plaquette_su3(0.8 * beta)) > 6 * error
