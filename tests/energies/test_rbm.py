"""The machine against sums over every hidden and visible state."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.trees import Frozen
from energeia._core.unoptimized import run_unoptimized
from energeia.energies.rbm import Rbm, RbmPath
from energeia.energies.visible import Visible

SIZES = {
    "bits": ((2,) * 5, ()),
    "words": ((3, 2, 4), ()),
    "levels": ((4, 2, 3), (True, True, False)),
}


def every_code(sizes):
    return np.array(list(itertools.product(*(range(s) for s in sizes))), dtype=np.float32)


def machine(kind, conditional=0):
    sizes, ordered = SIZES[kind]
    rng = np.random.default_rng(0)
    y = np.stack([rng.integers(0, s, 60) for s in sizes], axis=1).astype(np.float32)

    def build(key):
        mean = Visible(sizes, ordered).means(jnp.asarray(y))
        return Rbm(key, sizes, 4, mean, conditional, 1.0, ordered)

    rbm = run_unoptimized(build, jax.random.key(0))
    arrays, rest = eqx.partition(rbm, eqx.is_inexact_array)
    noisy = jax.tree.map(lambda a: a + 0.4 * rng.normal(size=a.shape).astype(np.float32), arrays)
    return eqx.combine(noisy, rest)


@pytest.mark.parametrize("kind", SIZES)
def test_free_energy_is_the_sum_over_hidden_states(kind):
    condition = np.array([0.3, -1.0], dtype=np.float32)
    hidden = np.array(list(itertools.product([0.0, 1.0], repeat=4)), dtype=np.float32)
    y = every_code(SIZES[kind][0])

    def ours_and_sums(rbm):
        def joint(y, h):
            u = rbm.visible.units(y) - rbm.visible_offset.value
            a = rbm.visible_bias + rbm.condition_to_visible @ condition
            b = rbm.hidden_bias + rbm.condition_to_hidden @ condition
            return -a @ u - (b + u @ rbm.weights) @ (h - rbm.hidden_offset.value)

        energies = jax.vmap(lambda y: jax.vmap(lambda h: joint(y, h))(hidden))(y)
        ours = jax.vmap(rbm.energy, in_axes=(0, None))(y, condition)
        return ours, -jax.nn.logsumexp(-energies, axis=1)

    ours, free = run_unoptimized(ours_and_sums, machine(kind, conditional=2))
    np.testing.assert_allclose(ours, free, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", SIZES)
def test_base_of_the_path_is_normalized_and_has_the_base_rates(kind):
    sizes = SIZES[kind][0]
    codes = np.floor(np.random.default_rng(3).uniform(size=(50, len(sizes))) * sizes)
    y = every_code(sizes)

    def path_and_sums(rbm):
        mean = rbm.visible.means(jnp.asarray(codes, jnp.float32))
        path = RbmPath(target=rbm, base_field=Frozen(rbm.visible.base_field(mean)))
        minus = -jax.vmap(path.at(0.0).energy)(y)
        log_z = jax.nn.logsumexp(minus)
        return (
            (path.log_partition(), log_z),
            (jnp.exp(minus - log_z) @ jax.vmap(rbm.visible.units)(y), mean),
            (jax.vmap(path.at(1.0).energy)(y), jax.vmap(rbm.energy)(y)),
        )

    log_zs, means, energies = run_unoptimized(path_and_sums, machine(kind))
    np.testing.assert_allclose(*log_zs, rtol=1e-5)
    np.testing.assert_allclose(*means, atol=1e-5)
    np.testing.assert_allclose(*energies, rtol=1e-6)


@pytest.mark.parametrize("kind", SIZES)
def test_conditionals_of_columns(kind):
    sizes = SIZES[kind][0]
    y = every_code(sizes)
    row = jnp.asarray(y[len(y) // 2])

    def found_and_energies(rbm, keys):
        def one(key):
            drawn = jax.random.choice(key, len(sizes), (1,), replace=False)[0]
            return drawn, rbm.column_log_probs(key, row, 1)[0]

        return *jax.vmap(one)(keys), jax.vmap(rbm.energy)(y), rbm.energy(row)

    keys = jax.random.split(jax.random.key(0), 200)
    drawn, found, energies, own = map(
        np.asarray, run_unoptimized(found_and_energies, machine(kind), keys)
    )
    assert set(drawn) == set(range(len(sizes)))
    for i in range(len(sizes)):
        alike = np.all(np.delete(y == row, i, axis=1), axis=1)
        truth = -own - np.log(np.sum(np.exp(-energies[alike])))
        np.testing.assert_allclose(found[drawn == i], truth, atol=2e-5)


def chi_square(codes, sizes, p):
    index = np.ravel_multi_index(np.asarray(codes, dtype=int).T, sizes)
    counts = np.bincount(index, minlength=len(p))
    expected = len(codes) * p
    chi = np.sum((counts - expected) ** 2 / expected)
    variance = 2 * (len(p) - 1) + (np.sum(1 / p) - len(p) ** 2 - 2 * len(p) + 2) / len(codes)
    return (chi - (len(p) - 1)) / np.sqrt(variance)


@pytest.mark.parametrize("kind", SIZES)
def test_gibbs_sweeps_leave_the_machine_invariant(kind):
    rbm, sizes = machine(kind), SIZES[kind][0]
    y = every_code(sizes)
    energies = run_unoptimized(lambda rbm: jax.vmap(rbm.energy)(y), rbm)
    p = np.exp(-np.asarray(energies, dtype=np.float64))
    p /= p.sum()
    start = y[np.random.default_rng(0).choice(len(y), 20_000, p=p)]

    @jax.jit
    def sweeps(x, keys):
        def sweep(x, key):
            keys = jax.random.split(key, len(x))
            return jax.vmap(lambda k, s: rbm.draw_block(k, 0, s))(keys, x), None

        return jax.lax.scan(sweep, x, keys)[0]

    x = np.asarray(sweeps(start, jax.random.split(jax.random.key(4), 3)))
    assert np.mean(np.any(x != start, axis=1)) > 0.3
    assert abs(chi_square(x, sizes, p)) < 4
    uniform = np.full(len(p), 1 / len(p))
    assert abs(chi_square(x, sizes, uniform)) > 20
