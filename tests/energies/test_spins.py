"""Spins with any couplings: energies, colors, and the law of Gibbs sweeps against enumeration."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chi2

from energeia.energies import PairSpins, greedy_colors
from energeia.errors import InputError
from energeia.mcmc import Gibbs, run_chains
from energeia.physics import Ising

KEY = jax.random.key(2)


def lattice(side):
    """Bonds of a periodic square lattice."""
    joined = np.zeros((side, side, side, side))
    for i, j in itertools.product(range(side), repeat=2):
        for a, b in (((i + 1) % side, j), (i, (j + 1) % side)):
            joined[i, j, a, b] = joined[a, b, i, j] = 1.0
    return joined.reshape(side**2, side**2)


def glass(n):
    """Random couplings of all pairs."""
    upper = np.triu(np.random.default_rng(1).normal(size=(n, n)), 1) / n**0.5
    return upper + upper.T


CASES = {
    "odd lattice": PairSpins(lattice(3), beta=0.4),
    "fields": PairSpins(lattice(3), np.linspace(-0.5, 0.5, 9), beta=0.3),
    "glass": PairSpins(glass(10), beta=1.2),
}


def every_state(n):
    return jnp.asarray(list(itertools.product([-1.0, 1.0], repeat=n)))


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize(("off", "agrees"), [(1.0, True), (1.3, False)])
def test_gibbs_sweeps_have_the_law_of_the_energy(name, off, agrees):
    spins = CASES[name]
    states = every_state(spins.shape[0])
    energies = np.asarray(jax.vmap(spins.energy)(states), np.float64)
    law = np.exp(-off * energies)
    law /= law.sum()
    count = 6_000
    starts = jax.random.rademacher(KEY, (count, *spins.shape), float)
    x = np.asarray(run_chains(KEY, Gibbs(), spins, starts, draws=1, burn=60).positions[:, 0])
    which = ((x > 0) @ (1 << np.arange(x.shape[1])[::-1])).astype(int)
    # States of similar energy together: 24 classes of about equal probability.
    order = np.argsort(energies, kind="stable")
    label = np.empty(len(states), int)
    label[order] = np.minimum((np.cumsum(law[order]) * 24).astype(int), 23)
    expected = np.bincount(label, law, minlength=24) * count
    seen = np.bincount(label[which], minlength=24)
    used = expected > 5
    statistic = np.sum((seen - expected)[used] ** 2 / expected[used])
    assert (chi2.sf(statistic, used.sum() - 1) > 1e-4) == agrees


def test_the_energy_is_that_of_the_ising_model():
    ising = Ising(4, 0.4, h=0.3)
    spins = PairSpins(lattice(4), np.full(16, 0.3), beta=0.4)
    states = jax.random.rademacher(KEY, (50, 16), float)
    assert np.allclose(jax.vmap(spins.energy)(states), jax.vmap(ising.energy)(states), atol=1e-5)


@pytest.mark.parametrize(("side", "most"), [(4, 2), (6, 2), (3, 4), (5, 4)])
def test_no_neighbors_share_a_color(side, most):
    joined = lattice(side) != 0
    colors = np.array(greedy_colors(joined))
    assert not np.any(joined & (colors[:, None] == colors))
    assert colors.max() < most


def test_all_spins_that_are_coupled_to_all_are_blocks_of_their_own():
    assert PairSpins(glass(12)).blocks == 12
    assert PairSpins(np.zeros((5, 5))).blocks == 1


@pytest.mark.parametrize(
    ("couplings", "fields", "message"),
    [
        (np.ones((2, 3)), None, r"shape \(2, 3\)"),
        (np.eye(3), None, "diagonal of zeros"),
        (np.triu(np.ones((3, 3)), 1), None, "not symmetric"),
        (np.zeros((3, 3)), np.zeros(2), "2 fields were given for 3 spins"),
    ],
)
def test_couplings_that_are_none_are_refused(couplings, fields, message):
    with pytest.raises(InputError, match=message):
        PairSpins(couplings, fields)
