"""Glasses: their solution against enumeration, and their couplings found back from draws."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp

from energeia.energies import fit_spins
from energeia.errors import InputError
from energeia.physics import GlassLattice, edwards_anderson

RNG = np.random.default_rng(3)
LATTICES = {
    "two": GlassLattice(RNG.normal(size=(2, 2)), RNG.normal(size=(2, 2)), beta=0.7),
    "three": edwards_anderson(3, 0.6, seed=1),
    "fields": GlassLattice(*RNG.normal(size=(3, 3, 3)), beta=0.4),
    "four": edwards_anderson(4, 0.5, "binary", seed=2),
}


def enumerated(lattice):
    """All states with their energies, in float64 from the definition."""
    side = lattice.side
    s = np.array(list(itertools.product([-1.0, 1.0], repeat=side**2))).reshape(-1, side, side)
    bonds = lattice.right * s * np.roll(s, -1, axis=2) + lattice.down * s * np.roll(s, -1, axis=1)
    energies = -lattice.beta * np.sum(bonds + lattice.fields * s, axis=(1, 2))
    return s.reshape(len(s), -1), energies


@pytest.mark.parametrize("name", LATTICES)
def test_log_z_is_the_sum_over_states(name):
    lattice = LATTICES[name]
    states, energies = enumerated(lattice)
    assert abs(lattice.log_partition - logsumexp(-energies)) < 1e-10
    found = jax.vmap(lattice.energy.energy)(jnp.asarray(states))
    assert np.allclose(found, energies, atol=1e-5)


@pytest.mark.parametrize("name", LATTICES)
def test_draws_have_the_law(name):
    """Means of all spins and products of two, within 4.5 errors; a wrong beta is told apart."""
    lattice = LATTICES[name]
    states, energies = enumerated(lattice)
    x = lattice.draw(seed=7, count=40_000).astype(float)

    def products(s):
        first, second = np.triu_indices(s.shape[1], 1)
        return np.concatenate([s, s[:, first] * s[:, second]], axis=1)

    def far(scale):
        law = np.exp(-scale * energies - logsumexp(-scale * energies))
        truth = law @ products(states)
        error = np.sqrt(np.maximum(1 - truth**2, 1e-9) / len(x))
        return np.max(np.abs(products(x).mean(axis=0) - truth) / error)

    assert far(1.0) < 4.5
    assert far(1.2) > 6


@pytest.mark.parametrize("name", ["three", "fields", "four"])
def test_couplings_are_found_with_honest_errors(name):
    lattice = LATTICES[name]
    scaled = []
    for seed in range(8):
        found = fit_spins(lattice.draw(seed, 4_000))
        spins, pairs = found.spins, np.triu_indices(lattice.side**2, 1)
        truth = lattice.beta * np.asarray(lattice.energy.couplings)
        scaled.append(((spins.couplings - truth) / found.coupling_errors)[pairs])
        fields = (spins.fields - lattice.beta * lattice.fields.ravel()) / found.field_errors
        scaled.append(np.asarray(fields))
    scaled = np.concatenate(scaled)
    assert np.max(np.abs(scaled)) < 5
    assert 0.85 < np.std(scaled) < 1.15


def test_the_graph_is_found_where_it_was_not_given():
    lattice = edwards_anderson(4, 0.5, "binary", seed=2)
    found = fit_spins(lattice.draw(0, 20_000))
    there = np.asarray(lattice.energy.couplings) != 0
    assert np.all((found.significance > 4) == there)


def test_a_ridge_shrinks_and_lets_few_rows_pass():
    lattice = LATTICES["four"]
    few = lattice.draw(0, 12)
    with pytest.raises(InputError, match=r"12 rows of 16 spins|never change"):
        fit_spins(few)
    strong, weak = (fit_spins(few, ridge=r).spins.couplings for r in (10.0, 0.1))
    assert np.abs(strong).max() < 0.2 < np.abs(weak).max()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.zeros((10, 3)), "other values than -1 and"),
        (np.column_stack([np.ones(9), np.tile([1.0, -1.0, 1.0], 3)]), "1 spins never change"),
    ],
)
def test_rows_that_determine_nothing_are_refused(rows, message):
    with pytest.raises(InputError, match=message):
        fit_spins(rows)


def test_arrays_that_are_no_lattice_are_refused():
    with pytest.raises(InputError, match="squares of one side from 2 to 10"):
        GlassLattice(np.ones((3, 4)), np.ones((3, 4)))
