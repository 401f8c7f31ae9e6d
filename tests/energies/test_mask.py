"""Energies with known coordinates: what is known has no force and stays, what is unknown moves."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError, NoSuchCapability
from energeia.energies.algebra import Tempered
from energeia.energies.analytic import Normal
from energeia.energies.cells import WithinCells
from energeia.energies.mask import Masked, MaskedBlocks, masked
from energeia.energies.rbm import Rbm
from energeia.mcmc.chain import run_chains
from energeia.mcmc.gibbs import Gibbs
from energeia.mcmc.hmc import Hmc
from energeia.mcmc.jumping import JumpingMala
from energeia.mcmc.langevin import Langevin
from energeia.mcmc.mala import Mala
from energeia.physics.lattice.ising import Ising

COVARIANCE = jnp.array([[2.0, 0.8, 0.3], [0.8, 1.0, -0.2], [0.3, -0.2, 0.5]])
NORMAL = Normal(jnp.zeros(3), COVARIANCE)
X = jnp.array([1.5, jnp.nan, -1.0])
KNOWN = jnp.array([True, False, True])


def conditional(x, known):
    """Mean and variance of the one unknown coordinate."""
    cov, given = np.asarray(COVARIANCE, float), np.flatnonzero(known)
    own = np.flatnonzero(~known)
    gain = cov[np.ix_(own, given)] @ np.linalg.inv(cov[np.ix_(given, given)])
    mean = gain @ np.asarray(x)[given]
    return mean[0], (cov[np.ix_(own, own)] - gain @ cov[np.ix_(given, own)])[0, 0]


@pytest.mark.parametrize("kernel", [Mala(0.6), Hmc(0.4, leapfrog_steps=3)], ids=["mala", "hmc"])
def test_chains_follow_the_conditional_of_a_normal_and_leave_what_is_known(kernel):
    """One program for both masks; without a mask the chains follow another distribution."""
    traced = []

    @jax.jit
    def run(key, x, known):
        traced.append(None)
        target = masked(NORMAL, x, known)
        return run_chains(key, kernel, target, jnp.zeros((64, 3)), 300, 2, 100).positions

    for known in (np.array([True, False, True]), np.array([False, True, True])):
        x = jnp.where(known, jnp.array([1.5, 0.7, -1.0]), jnp.nan)
        drawn = np.asarray(run(jax.random.key(3), x, jnp.asarray(known)))
        held = drawn[..., known]
        assert np.array_equal(held, np.broadcast_to(np.asarray(x)[known], held.shape))
        own = drawn[..., ~known][..., 0]
        mean, variance = conditional(x, known)
        assert_moments(own, mean, variance)
        with pytest.raises(AssertionError):  # The control: the marginal distribution.
            assert_moments(own, 0.0, float(np.diag(COVARIANCE)[~known][0]))
    assert len(traced) == 1


def assert_moments(chains, mean, variance):
    """Within 4 errors, those between independent chains."""
    for found, truth in ((chains, mean), ((chains - mean) ** 2, variance)):
        each = found.mean(axis=1)
        error = each.std(ddof=1) / np.sqrt(len(each))
        assert abs(each.mean() - truth) < 4 * error
        assert error < 0.05


def test_unadjusted_chains_leave_what_is_known():
    target = masked(NORMAL, X, KNOWN)
    drawn = run_chains(jax.random.key(0), Langevin(0.1), target, jnp.zeros((4, 3)), 20).positions
    assert np.all(np.asarray(drawn)[..., [0, 2]] == [1.5, -1.0])
    assert np.ptp(np.asarray(drawn)[..., 1]) > 0.1


def test_a_tempered_energy_keeps_what_its_inner_one_knows():
    target = Tempered(masked(NORMAL, X, KNOWN), jnp.asarray(0.5))
    drawn = run_chains(jax.random.key(0), Mala(0.5), target, jnp.zeros((4, 3)), 20).positions
    assert np.all(np.asarray(drawn)[..., [0, 2]] == [1.5, -1.0])


def test_jumps_of_whole_configurations_are_refused():
    kernel = JumpingMala(Mala(0.5), NORMAL)
    target = masked(NORMAL, X, KNOWN)
    with pytest.raises(NoSuchCapability, match="asked to keep known values"):
        kernel.step(jax.random.key(0), target, kernel.init(target, jnp.zeros(3)))


@pytest.mark.parametrize("kind", ["machine", "ising"])
def test_gibbs_sweeps_of_an_energy_with_blocks_follow_the_conditional(kind):
    """Enumerated; sweeps that put known units back only after a whole sweep would be wrong."""
    energy, values = {
        "machine": (Rbm(jax.random.key(1), (2,) * 4, 3, jnp.full(4, 0.5), 0, 2.0), (0.0, 1.0)),
        "ising": (Ising(2, 0.25, 1.0, 0.3), (-1.0, 1.0)),
    }[kind]
    rows = np.array(list(itertools.product(values, repeat=4)), np.float32)
    every = jax.jit(jax.vmap(energy.energy))(rows.reshape(-1, *energy.shape))
    p = np.exp(-np.asarray(every, float))
    traced = []

    @jax.jit
    def run(key, x, known):
        traced.append(None)
        target = masked(energy, x, known)
        assert isinstance(target, MaskedBlocks)
        begin = jnp.full((400, *energy.shape), values[1])
        return run_chains(key, Gibbs(), target, begin, 50, 4, 40).positions

    for known in (np.array([1, 0, 0, 1], bool), np.array([0, 1, 0, 0], bool)):
        x = np.where(known, rows[5], np.nan).reshape(energy.shape)
        drawn = np.asarray(run(jax.random.key(2), jnp.asarray(x), known.reshape(energy.shape)))
        drawn = drawn.reshape(400, 50, 4)
        fits = np.all(rows[:, known] == rows[5][known], axis=1)
        truth = p * fits / p[fits].sum()
        hit = np.all(drawn[:, :, None] == rows, axis=-1).mean(axis=1)
        error = np.hypot(hit.std(0, ddof=1) / 20, 1e-4)
        assert np.all(np.abs(hit.mean(0) - truth) < 4 * error)
        assert error.max() < 0.02
        assert np.abs((hit.mean(0) - p / p.sum()) / error).max() > 10  # The control.
    assert len(traced) == 1


def test_an_energy_without_blocks_stays_one_without():
    assert isinstance(masked(NORMAL, X, KNOWN), Masked)


def test_values_and_masks_of_another_shape_are_refused():
    with pytest.raises(InputError, match=r"shape \(2,\) with a mask of shape \(3,\)"):
        masked(NORMAL, jnp.zeros(2), KNOWN)


def test_confined_coordinates_follow_the_density_inside_their_cell():
    """A correlated normal with one coordinate between -1.5 and 2.5, against quadrature."""
    energy = WithinCells(
        NORMAL, jnp.array([False, True, False]), jnp.full(3, -1.5), jnp.full(3, 4.0)
    )
    u = run_chains(jax.random.key(1), Mala(0.6), energy, jnp.zeros((64, 3)), 200, 4, 100)
    v = np.asarray(jax.jit(lambda u: jax.vmap(jax.vmap(energy.inside))(u))(u.positions), float)
    assert np.all((v[..., 1] > -1.5) & (v[..., 1] < 2.5))
    grid = np.linspace(-1.5, 2.5, 2001)
    p = np.exp(-(grid**2) / 2)
    mean = (p * grid).sum() / p.sum()
    variance = (p * (grid - mean) ** 2).sum() / p.sum()
    assert_moments(v[..., 1], mean, variance)
    # What the cell says of the others: E x_0 = 0.8 E x_1.
    each = v[..., 0].mean(axis=1)
    assert abs(each.mean() - 0.8 * mean) < 4 * each.std(ddof=1) / 8
    with pytest.raises(AssertionError):  # The control: a flat density inside the cell.
        assert_moments(v[..., 1], 0.5, 4.0**2 / 12)
