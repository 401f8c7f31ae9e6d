"""The fully visible machine against sums over every state."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from energeia._core.trees import Frozen
from energeia._core.unoptimized import run_unoptimized
from energeia.energies import BoltzmannMachine, MachinePath
from energeia.mcmc import Gibbs, run_chains

N = 5
EVERY = np.array(list(itertools.product([0.0, 1.0], repeat=N)), np.float32)
CONDITION = np.array([0.3, -1.0], np.float32)


def machine(conditional=0):
    rng = np.random.default_rng(0)
    blank = BoltzmannMachine(jnp.zeros(N), conditional)
    arrays, rest = eqx.partition(blank, eqx.is_inexact_array)
    noisy = jax.tree.map(lambda a: 0.5 * rng.normal(size=a.shape).astype(np.float32), arrays)
    return eqx.combine(noisy, rest)


def test_energy_is_that_of_its_spins_and_conditionals_are_those_of_its_energy():
    made = machine(2)

    def found(made):
        energies = jax.vmap(made.energy, (0, None))(EVERY, CONDITION)
        each = jax.vmap(lambda x: made.column_log_probs(jax.random.key(0), x, N, CONDITION))
        some = made.column_log_probs(jax.random.key(0), EVERY[11], 2, CONDITION)
        return energies, each(EVERY), some

    energies, log_probs, some = run_unoptimized(found, made)
    of_spins = run_unoptimized(jax.vmap(made.spins(CONDITION).energy), 2 * EVERY - 1)
    np.testing.assert_allclose(energies, of_spins, atol=1e-5)
    index = np.arange(len(EVERY)).reshape((2,) * N)
    for i in range(N):
        other = np.asarray(energies)[np.flip(index, axis=i).ravel()]
        truth = -np.log1p(np.exp(np.asarray(energies) - other))
        np.testing.assert_allclose(log_probs[:, i], truth, atol=2e-5)
    assert np.all(np.isin(np.asarray(some), np.asarray(log_probs)[11]))


def test_the_path_starts_from_independent_units_and_ends_at_the_machine():
    made = machine(2)
    base = np.random.default_rng(1).normal(size=N).astype(np.float32)

    def found(made):
        path = MachinePath(made, Frozen(jnp.asarray(base)))
        start = -jax.vmap(path.at(0.0).energy, (0, None))(EVERY, CONDITION)
        end = jax.vmap(path.at(1.0).energy, (0, None))(EVERY, CONDITION)
        x = jax.vmap(path.sample)(jax.random.split(jax.random.key(0), 4000))
        log_z = jax.nn.logsumexp(start)
        return path.log_partition(), log_z, jnp.exp(start - log_z) @ EVERY, x, end

    ours, log_z, mean, x, end = run_unoptimized(found, made)
    np.testing.assert_allclose(ours, log_z, rtol=1e-5)
    assert np.all(np.abs(np.mean(x, axis=0) - mean) < 4 * 0.5 / 4000**0.5)
    own = run_unoptimized(jax.vmap(made.energy, (0, None)), EVERY, CONDITION)
    np.testing.assert_allclose(end, own, rtol=1e-6)


def test_gibbs_sweeps_have_the_law_of_the_machine():
    made = machine()
    energies = np.asarray(run_unoptimized(jax.vmap(made.energy), EVERY), np.float64)
    p = np.exp(-energies) / np.exp(-energies).sum()
    starts = jnp.asarray(EVERY[np.random.default_rng(0).integers(len(EVERY), size=4000)])
    chains = run_chains(jax.random.key(1), Gibbs(), made, starts, draws=1, burn=30)
    which = np.asarray(chains.positions[:, 0]) @ (1 << np.arange(N)[::-1])
    counts = np.bincount(which.astype(int), minlength=len(p))

    def deviation(p):
        chi = np.sum((counts - 4000 * p) ** 2 / (4000 * p))
        return (chi - (len(p) - 1)) / np.sqrt(2 * (len(p) - 1))

    assert abs(deviation(p)) < 5
    # The control: the same fields and no couplings.
    free = eqx.tree_at(lambda m: m.weights, made, jnp.zeros((N, N)))
    other = np.exp(-np.asarray(run_unoptimized(jax.vmap(free.energy), EVERY), np.float64))
    assert deviation(other / other.sum()) > 50
