"""Parallel tempering: modes that chains alone miss, the law of small lattices, what it says."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chi2, norm

import energeia
from energeia.energies import Normal, masked
from energeia.errors import InputError, NoSuchCapability
from energeia.mcmc import (
    HeatBath,
    Hmc,
    Mala,
    ParallelTempering,
    exchange,
    run_chains,
    sample,
)
from energeia.physics import Ising
from energeia.stats import mean_error

KEY = jax.random.key(3)
APART, MINOR = 3.0, 0.3
WIDE = Normal(jnp.zeros(4), 16.0 * jnp.eye(4))


def two_modes(x):
    """0.7 N(3, 1) + 0.3 N(-3, 1) in four dimensions, 12 standard deviations apart."""
    major = -0.5 * jnp.sum((x - APART) ** 2) + jnp.log(1 - MINOR)
    minor = -0.5 * jnp.sum((x + APART) ** 2) + jnp.log(MINOR)
    return -jnp.logaddexp(major, minor)


TARGET = energeia.energy(two_modes, 4)
STARTS = APART + jax.random.normal(KEY, (32, 4))
TRUTH = MINOR * norm.cdf(APART) + (1 - MINOR) * norm.cdf(-APART)
KERNELS = {
    "powers": ParallelTempering(Mala(0.1), levels=10, hottest=0.03),
    "from a base": ParallelTempering(Mala(0.1), levels=10, base=WIDE),
    "hmc": ParallelTempering(Hmc(0.1, leapfrog_steps=3), levels=8, hottest=0.03, moves=2),
}


@pytest.mark.parametrize("name", KERNELS)
def test_tempered_chains_find_the_minor_mode(name):
    found = sample(KEY, TARGET, KERNELS[name], STARTS, 1500)
    negative = np.asarray(found.positions[:, :, 0] < 0, float)
    error = mean_error(negative[..., None])[0]
    assert error < 0.03
    assert abs(negative.mean() - TRUTH) < 4 * error
    travel = exchange(found.kernel, found.states)
    assert travel.trips > 100
    assert np.ptp(travel.rejection) < 0.12


def test_chains_alone_miss_it_and_their_diagnosis_is_clean():
    found = sample(KEY, TARGET, Hmc(0.1), STARTS, 1500)
    assert found.diagnosis.r_hat < 1.01
    assert np.mean(np.asarray(found.rows[:, 0]) < 0) < 0.01 < TRUTH - 0.2


@pytest.mark.parametrize(("off", "agrees"), [(1.0, True), (1.06, False)])
def test_the_coldest_replica_has_the_law_of_the_lattice(off, agrees):
    """Spins of a 3 x 3 lattice, by classes of energy and magnetization; beta 6 % off must fail."""
    spins = np.array(list(itertools.product([-1.0, 1.0], repeat=9))).reshape(-1, 3, 3)
    ising = Ising(3, 0.4)
    weight = np.exp(-np.asarray(jax.vmap(Ising(3, 0.4 * off).energy)(jnp.asarray(spins)), float))
    kernel = ParallelTempering(HeatBath([-1.0, 1.0]), levels=4, hottest=0.2)
    chains = run_chains(KEY, kernel, ising, jnp.ones((4000, 3, 3)), draws=1, burn=60)

    def classes(x):
        x = np.asarray(x).reshape(-1, 3, 3)
        bonds = sum(np.sum(x * np.roll(x, 1, axis), axis=(1, 2)) for axis in (1, 2))
        return [(int(m), int(b)) for m, b in zip(np.sum(x, axis=(1, 2)), bonds, strict=True)]

    law: dict = {}
    for name, one in zip(classes(spins), weight / weight.sum(), strict=True):
        law[name] = law.get(name, 0.0) + one * 4000
    seen = dict.fromkeys(law, 0)
    for name in classes(chains.positions[:, 0]):
        seen[name] += 1
    common = [name for name in law if law[name] >= 5]
    statistic = sum((seen[n] - law[n]) ** 2 / law[n] for n in common)
    rest = 4000 - sum(law[n] for n in common)
    statistic += (4000 - sum(seen[n] for n in common) - rest) ** 2 / rest
    assert (chi2.sf(statistic, len(common)) > 1e-4) == agrees


def test_a_pilot_spaces_temperatures_by_rejection():
    kernel = ParallelTempering(Mala(0.1), levels=8, hottest=0.02)
    before = run_chains(KEY, kernel, TARGET, STARTS, draws=400)
    after, x = kernel.tuned(KEY, TARGET, STARTS, 400)
    tuned = run_chains(KEY, after, TARGET, x, draws=400)
    first, second = exchange(kernel, before.states), exchange(after, tuned.states)
    assert np.ptp(second.rejection) < 0.12 < np.ptp(first.rejection)
    assert second.betas[0] == first.betas[0]
    assert second.betas[-1] == 1.0


def test_temperatures_too_far_apart_carry_nothing_and_it_says_so():
    stiff = energeia.energy(lambda x: 1e4 * jnp.sum(x**2), 4)
    kernel = ParallelTempering(Mala(1e-4), levels=2, hottest=1e-6)
    chains = run_chains(KEY, kernel, stiff, 0.01 * STARTS, draws=100)
    found = exchange(kernel, chains.states)
    assert found.trips_per_step < 2e-3
    assert found.rejection[0] > 0.99


def test_known_values_stay():
    known = jnp.array([True, False, False, False])
    target = masked(TARGET, jnp.full(4, 0.5), known)
    for name in ("powers", "hmc"):
        kernel = KERNELS[name]
        found = run_chains(KEY, kernel, target, STARTS[:4], draws=20)
        assert np.all(np.asarray(found.positions[..., 0]) == 0.5)
        assert np.std(np.asarray(found.positions[..., 1])) > 0.1
    with pytest.raises(NoSuchCapability, match="known"):
        run_chains(KEY, KERNELS["from a base"], target, STARTS[:4], draws=20)


@pytest.mark.parametrize(("levels", "hottest"), [(1, 0.1), (4, 0.0), (4, 1.0)])
def test_a_ladder_that_cannot_be_is_refused(levels, hottest):
    with pytest.raises(InputError, match=f"{levels} levels from beta = {hottest}"):
        ParallelTempering(Mala(0.1), levels, hottest=hottest)
