"""The machine of real and discrete columns against sums over hidden states and integrals."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.trees import Frozen
from energeia._core.unoptimized import run_unoptimized
from energeia.energies import GaussianRbm, GaussianRbmPath
from energeia.mcmc import Gibbs, log_partition, run_chains

CONDITION = np.array([0.3, -1.0], np.float32)
SIZES = {"mixed": (3, 0, 2), "real": (0, 0)}
GRID = np.linspace(-9.0, 9.0, 241)


def machine(kind, conditional=0, hidden=3):
    sizes = SIZES[kind]
    rng = np.random.default_rng(0)
    y = np.stack([rng.integers(0, s, 60) if s else rng.normal(size=60) for s in sizes], axis=1)
    rows = jnp.asarray(y, float)
    rbm = run_unoptimized(
        lambda key: GaussianRbm(key, sizes, hidden, rows, conditional, 0.5), jax.random.key(0)
    )
    arrays, rest = eqx.partition(rbm, eqx.is_inexact_array)
    noisy = jax.tree.map(lambda a: a + 0.4 * rng.normal(size=a.shape).astype(np.float32), arrays)
    return eqx.combine(noisy, rest)


def points(kind):
    """All codes with a grid of reals, and the weight of each point."""
    axes = [np.arange(s) if s else GRID for s in SIZES[kind]]
    rows = np.array(list(itertools.product(*axes)), np.float32)
    return rows, (GRID[1] - GRID[0]) ** sum(s == 0 for s in SIZES[kind])


@pytest.mark.parametrize("kind", SIZES)
def test_free_energy_is_the_sum_over_hidden_states(kind):
    hidden = np.array(list(itertools.product([0.0, 1.0], repeat=3)), np.float32)
    y = points(kind)[0][::97]

    def ours_and_sums(rbm):
        real = np.array([s == 0 for s in SIZES[kind]])
        a = rbm.visible_bias + rbm.condition_to_visible @ CONDITION
        b = rbm.hidden_bias + rbm.condition_to_hidden @ CONDITION
        q = jnp.exp(rbm.log_precision)

        def joint(y, h):
            shift = a + rbm.weights @ (h - 0.5)
            n = len(shift) - real.sum()
            away = y[np.flatnonzero(real)] - rbm.visible_offset.value[n:]
            total = 0.5 * jnp.sum(q * (away - shift[n:]) ** 2 - q * shift[n:] ** 2)
            if n:
                units = rbm.visible.units(y[np.flatnonzero(~real)]) - rbm.visible_offset.value[:n]
                total -= shift[:n] @ units
            return total - b @ (h - 0.5)

        energies = jax.vmap(lambda y: jax.vmap(lambda h: joint(y, h))(hidden))(y)
        ours = jax.vmap(rbm.energy, in_axes=(0, None))(y, CONDITION)
        return ours, -jax.nn.logsumexp(-energies, axis=1)

    ours, free = run_unoptimized(ours_and_sums, machine(kind, conditional=2))
    np.testing.assert_allclose(ours, free, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("kind", SIZES)
def test_log_z_is_the_integral_and_the_path_starts_from_independent_columns(kind):
    rows, cell = points(kind)

    def found(rbm):
        base = GaussianRbmPath(rbm, Frozen(0.3 * rbm.visible_bias), Frozen(rbm.log_precision - 0.2))
        minus = -jax.vmap(rbm.energy, (0, None))(rows, CONDITION)
        start = -jax.vmap(base.at(0.0).energy)(rows)
        end = -jax.vmap(base.at(1.0).energy, (0, None))(rows[:5], CONDITION)
        return (
            (rbm.log_partition(CONDITION), jax.nn.logsumexp(minus) + np.log(cell)),
            (base.log_partition(), jax.nn.logsumexp(start) + np.log(cell)),
            (end, minus[:5]),
        )

    for ours, truth in run_unoptimized(found, machine(kind, conditional=2)):
        np.testing.assert_allclose(ours, truth, rtol=1e-4, atol=1e-4)


def test_gibbs_sweeps_and_annealing_have_the_law_of_the_machine():
    rbm = machine("mixed")
    rows, _ = points("mixed")
    minus = np.asarray(run_unoptimized(lambda r: -jax.vmap(r.energy)(rows), rbm), np.float64)
    p = np.exp(minus - np.logaddexp.reduce(minus))
    seen = np.column_stack([rows, rows**2, rows[:, 1] * rows[:, 2], rows[:, 1] ** 3])
    truth = p @ seen
    starts = jnp.tile(jnp.array([[0.0, 4.0, 1.0]]), (4000, 1))
    x = run_chains(jax.random.key(1), Gibbs(), rbm, starts, draws=1, burn=60).positions[:, 0]
    x = np.asarray(x, np.float64)
    drawn = np.column_stack([x, x**2, x[:, 1] * x[:, 2], x[:, 1] ** 3])
    errors = drawn.std(axis=0) / len(x) ** 0.5
    assert np.all(np.abs(drawn.mean(axis=0) - truth) < 4.5 * errors)
    # The control: the machine without its weights has other means.
    free = eqx.tree_at(lambda r: r.weights, rbm, 0 * rbm.weights)
    other = np.asarray(run_unoptimized(lambda r: -jax.vmap(r.energy)(rows), free), np.float64)
    other = np.exp(other - np.logaddexp.reduce(other)) @ seen
    assert np.max(np.abs(drawn.mean(axis=0) - other) / errors) > 10
    path = GaussianRbmPath(rbm, Frozen(0.3 * rbm.visible_bias), Frozen(rbm.log_precision))
    bracket = log_partition(jax.random.key(2), path, Gibbs(), chains=64, temperatures=40)
    exact = float(rbm.log_partition())
    assert bracket.lower.value - 4 * bracket.lower.stderr < exact
    assert exact < bracket.upper.value + 4 * bracket.upper.stderr
