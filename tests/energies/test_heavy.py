"""The base with power-law tails: normalized, drawn as it says, and heavier than the data."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from energeia.energies.analytic import Normal
from energeia.energies.heavy import HeavyNormal
from energeia.energies.neural import NeuralEnergy, saturated
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.ebm import build
from energeia.recipes.options.energy import EbmOptions
from energeia.recipes.options.problem import Problem
from energeia.support import Real, Support


@eqx.filter_jit
def heavy(alpha, covariance):
    return HeavyNormal(Normal(jnp.array([1.0, -2.0]), covariance), alpha)


@eqx.filter_jit
def log_probs(density, rows):
    return jax.vmap(density.log_prob)(rows)


@eqx.filter_jit
def draws(density, key):
    return jax.vmap(density.sample)(jax.random.split(key, 20_000))


COVARIANCE = np.array([[2.0, 0.6], [0.6, 1.0]], np.float32)


@pytest.mark.parametrize("alpha", [(2.0, np.inf), (2.0, 3.0)])
def test_the_density_is_that_of_its_draws(alpha):
    density = heavy(np.float32(alpha), COVARIANCE)
    x = np.asarray(draws(density, jax.random.key(0)))
    cells = np.linspace(-12, 12, 801, dtype=np.float32)
    grid = np.stack(np.meshgrid(cells, cells, indexing="ij"), -1).reshape(-1, 2)
    mass = np.exp(np.asarray(log_probs(density, grid), float)) * (cells[1] - cells[0]) ** 2
    inside = np.mean(np.all(np.abs(x) < 12, axis=1))
    assert abs(mass.sum() - inside) < 4 * np.sqrt(inside * (1 - inside) / len(x)) + 1e-3
    right = mass[(grid[:, 0] > 3) & (grid[:, 1] < -2)].sum()
    seen = np.mean((x[:, 0] > 3) & (x[:, 1] < -2) & np.all(np.abs(x) < 12, axis=1))
    assert abs(right - seen) < 4 * np.sqrt(right / len(x)) + 2e-3
    # The control: the normal alone has less there.
    normal = np.exp(np.asarray(log_probs(density.normal, grid), float)).sum()
    assert normal * (cells[1] - cells[0]) ** 2 > inside + 0.003


def test_without_heavy_columns_it_is_the_normal():
    density = heavy(np.float32([np.inf, np.inf]), COVARIANCE)
    rows = np.random.default_rng(0).normal(size=(50, 2)).astype(np.float32) * 3
    np.testing.assert_allclose(log_probs(density, rows), log_probs(density.normal, rows), rtol=1e-5)
    x = np.asarray(draws(density, jax.random.key(1)))
    assert stats.kstest((x[:, 1] + 2.0), "norm").pvalue > 1e-4


def test_a_network_that_saturates_opens_no_hole():
    @eqx.filter_jit
    def ratio(bounds):
        base = Normal(jnp.zeros(1), jnp.eye(1))
        energy = NeuralEnergy(jax.random.key(0), base, 8, 1, 1, bounds=bounds)
        last = 100.0 * jax.random.normal(jax.random.key(2), energy.network.last.weight.shape)
        energy = eqx.tree_at(lambda e: e.network.last.weight, energy, last)
        rows = jnp.array([[1.0], [50.0], [5000.0]])
        return jax.vmap(lambda v: energy.energy(v) + base.log_prob(v))(rows)

    found = np.asarray(ratio(jnp.array([[-3.0], [3.0]])))
    free = np.asarray(ratio(None))
    assert abs(found[2] - found[1]) < 1e-2 * np.abs(found[1])
    assert found[0] == free[0]
    # The control: without bounds the network goes on.
    assert abs(free[2] - free[1]) > 100


def test_saturated_coordinates_are_their_own_within_the_bounds():
    low, high = jnp.full(3, -1.0), jnp.full(3, 3.0)
    found = saturated(jnp.array([-1.0, 0.5, 3.0]), low, high)
    assert found.tolist() == [-1.0, 0.5, 3.0]


@pytest.mark.parametrize("seed", [0, 1])
def test_ebm_takes_a_heavy_base_where_the_rows_are_heavy(seed):
    rng = np.random.default_rng(seed)
    rows = np.stack([rng.standard_t(2.5, 4000), rng.normal(size=4000)], axis=1)
    rows = (rows / rows.std(axis=0)).astype(np.float32)
    support = Support.of([Real(), Real()])

    @eqx.filter_jit
    def built(x):
        problem = Problem(support=support, layout=(2,), rows=4000, condition_dimension=0)
        made = build(
            EbmOptions(width=4, depth=1), problem, ReferenceRows(x, None), jax.random.key(0)
        )
        return made.model(made.modules).path.base

    base = built(rows)
    assert np.asarray(base.heavy.array).tolist() == [True, False]
    far = np.float32([[60.0, 0.0]])
    assert log_probs(base, far)[0] > stats.t.logpdf(60.0 * 2.2, 2.5) - 4.0
