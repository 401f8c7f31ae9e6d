"""The machine against sums over every hidden and visible state."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.trees import Frozen
from energeia.energies.rbm import Rbm, RbmPath
from energeia.energies.visible import Visible

SIZES = {
    "bits": ((2,) * 5, ()),
    "words": ((3, 2, 4), ()),
    "levels": ((4, 2, 3), (True, True, False)),
}


def every_code(sizes):
    return jnp.asarray(list(itertools.product(*(range(s) for s in sizes))), dtype=float)


def machine(kind, conditional=0, scale=1.0):
    sizes, ordered = SIZES[kind]
    rng = np.random.default_rng(0)
    y = np.stack([rng.integers(0, s, 60) for s in sizes], axis=1).astype(float)
    mean = Visible(sizes, ordered).means(jnp.asarray(y))
    rbm = Rbm(jax.random.key(0), sizes, 4, mean, conditional, scale, ordered)
    arrays, rest = eqx.partition(rbm, eqx.is_inexact_array)
    leaves, tree = jax.tree.flatten(arrays)
    keys = jax.random.split(jax.random.key(1), len(leaves))
    noisy = [a + 0.4 * jax.random.normal(k, a.shape) for a, k in zip(leaves, keys, strict=True)]
    return eqx.combine(jax.tree.unflatten(tree, noisy), rest)


@pytest.mark.parametrize("kind", SIZES)
def test_free_energy_is_the_sum_over_hidden_states(kind):
    rbm = machine(kind, conditional=2)
    condition = jnp.array([0.3, -1.0])
    hidden = jnp.asarray(list(itertools.product([0.0, 1.0], repeat=4)))

    def joint(y, h):
        u = rbm.visible.units(y) - rbm.visible_offset.value
        a = rbm.visible_bias + rbm.condition_to_visible @ condition
        b = rbm.hidden_bias + rbm.condition_to_hidden @ condition
        return -a @ u - (b + u @ rbm.weights) @ (h - rbm.hidden_offset.value)

    y = every_code(SIZES[kind][0])
    energies = jax.jit(jax.vmap(lambda y: jax.vmap(lambda h: joint(y, h))(hidden)))(y)
    free = -jax.nn.logsumexp(-energies, axis=1)
    ours = jax.jit(jax.vmap(rbm.energy, in_axes=(0, None)))(y, condition)
    np.testing.assert_allclose(ours, free, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", SIZES)
def test_base_of_the_path_is_normalized_and_has_the_base_rates(kind):
    rbm = machine(kind)
    mean = jnp.asarray(np.random.default_rng(3).uniform(size=(50, len(SIZES[kind][0]))))
    codes = jnp.floor(mean * jnp.asarray(SIZES[kind][0]))
    mean = rbm.visible.means(codes)
    path = RbmPath(target=rbm, base_field=Frozen(rbm.visible.base_field(mean)))
    y = every_code(SIZES[kind][0])
    minus = -jax.jit(jax.vmap(path.at(0.0).energy))(y)
    log_z = jax.nn.logsumexp(minus)
    np.testing.assert_allclose(path.log_partition(), log_z, rtol=1e-5)
    units = jax.jit(jax.vmap(rbm.visible.units))(y)
    np.testing.assert_allclose(jnp.exp(minus - log_z) @ units, mean, atol=1e-5)
    np.testing.assert_allclose(
        jax.jit(jax.vmap(path.at(1.0).energy))(y), jax.jit(jax.vmap(rbm.energy))(y), rtol=1e-6
    )


@pytest.mark.parametrize("kind", SIZES)
def test_conditionals_of_columns(kind):
    rbm = machine(kind)
    sizes = SIZES[kind][0]
    y = every_code(sizes)
    log_p = -jax.jit(jax.vmap(rbm.energy))(y)
    row = y[len(y) // 2]
    for i in range(len(sizes)):
        others = jnp.all(jnp.delete(y == row, i, axis=1), axis=1)
        alike = jnp.where(others, log_p, -jnp.inf)
        truth = -rbm.energy(row) - jax.nn.logsumexp(alike)
        key = next(
            k
            for k in jax.random.split(jax.random.key(0), 200)
            if int(jax.random.choice(k, len(sizes), (1,), replace=False)[0]) == i
        )
        np.testing.assert_allclose(rbm.column_log_probs(key, row, 1)[0], truth, atol=2e-5)


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
    p = np.asarray(jax.nn.softmax(-jax.jit(jax.vmap(rbm.energy))(y)), dtype=np.float64)
    p /= p.sum()
    start = y[np.random.default_rng(0).choice(len(y), 20_000, p=p)]

    @jax.jit
    def sweep(x, key):
        keys = jax.random.split(key, len(x))
        return jax.jit(jax.vmap(lambda k, s: rbm.draw_block(k, 0, s)))(keys, x)

    x = start
    for key in jax.random.split(jax.random.key(4), 3):
        x = sweep(x, key)
    assert float(jnp.mean(jnp.any(x != start, axis=1))) > 0.3
    assert abs(chi_square(x, sizes, p)) < 4
    uniform = np.full(len(p), 1 / len(p))
    assert abs(chi_square(x, sizes, uniform)) > 20
