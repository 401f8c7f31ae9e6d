"""Causal stacks: whole sequences and single steps agree; the past alone is seen."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.nn.attention import Transformer
from energeia.nn.recurrent import Gru, Lstm, RecurrentStack, Weights

KEY = jax.random.key(0)
STACKS = {
    "gru": RecurrentStack(KEY, Gru(), size=3, width=8, depth=2),
    "lstm": RecurrentStack(KEY, Lstm(), size=3, width=8, depth=2),
    "transformer": Transformer(KEY, size=3, width=8, depth=2, heads=2, times=7),
}


@pytest.mark.parametrize("name", STACKS)
def test_steps_repeat_the_whole_sequence(name):
    stack = STACKS[name]
    xs = jax.random.normal(jax.random.key(1), (7, 3))
    _, outs = jax.lax.scan(lambda *a: stack.step(*a), stack.start(), xs)
    assert outs.shape == (7, stack.width)
    assert np.allclose(outs, stack(xs), atol=1e-5)


@pytest.mark.parametrize("name", STACKS)
def test_the_past_alone_is_seen(name):
    jacobian = jax.jit(jax.jacobian(STACKS[name]))(jax.random.normal(jax.random.key(1), (5, 3)))
    reach = np.any(np.asarray(jacobian) != 0, axis=(1, 3))
    assert np.array_equal(reach, np.tril(np.ones((5, 5), dtype=bool)))


def test_gru_against_the_equations():
    layer = Weights.random(KEY, 2, 3, 9)
    x, h = jnp.array([0.3, -1.0]), jnp.array([0.1, -0.4, 0.8])
    gates, own = x @ layer.inputs, h @ layer.hidden
    gx, gh = np.split(np.asarray(gates), 3), np.split(np.asarray(own), 3)
    r, z = (1 / (1 + np.exp(-(a + b))) for a, b in zip(gx[:2], gh[:2]))
    n = np.tanh(gx[2] + r * gh[2])
    (out,) = Gru().update((h,), gates, own)
    assert np.allclose(out, (1 - z) * n + z * h, atol=1e-6)


def test_lstm_against_the_equations():
    layer = Weights.random(KEY, 2, 3, 12)
    x, h, c = jnp.array([0.3, -1.0]), jnp.array([0.1, -0.4, 0.8]), jnp.array([0.5, 0.0, -1.0])
    gates, own = x @ layer.inputs, h @ layer.hidden
    i, f, o, g = np.split(np.asarray(gates + own), 4)
    i, f, o = (1 / (1 + np.exp(-a)) for a in (i, f + 1, o))
    cell = f * np.asarray(c) + i * np.tanh(g)
    out, kept = Lstm().update((h, c), gates, own)
    assert np.allclose(kept, cell, atol=1e-6)
    assert np.allclose(out, o * np.tanh(cell), atol=1e-6)


@pytest.mark.parametrize("name", ["gru", "lstm"])
def test_the_gradient_by_hand_is_that_of_autodiff(name):
    stack, xs = STACKS[name], jax.random.normal(jax.random.key(1), (2, 7, 3))

    def by_hand(stack, xs):
        return jnp.sum(jax.jit(jax.vmap(stack))(xs) ** 3)

    def by_steps(stack, xs):
        def one(xs):
            return jax.lax.scan(lambda *a: stack.step(*a), stack.start(), xs)[1]

        return jnp.sum(jax.jit(jax.vmap(one))(xs) ** 3)

    found, wanted = (jax.jit(jax.grad(f, argnums=(0, 1)))(stack, xs) for f in (by_hand, by_steps))
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        assert np.allclose(a, b, atol=2e-5)
        # Control: every slope matters.
        assert float(jnp.abs(b).max()) > 1e-3


def test_the_gradient_has_a_gradient():
    stack = STACKS["gru"]

    def curvature(run, x):
        return jax.jit(
            jax.grad(lambda x: jnp.sum(jax.grad(lambda x: jnp.sum(run(x) ** 3))(x) ** 2))
        )(x)

    x = jax.random.normal(jax.random.key(1), (4, 3))
    plain = curvature(lambda xs: jax.lax.scan(lambda *a: stack.step(*a), stack.start(), xs)[1], x)
    assert np.allclose(curvature(stack, x), plain, atol=1e-4)
    assert float(jnp.abs(plain).max()) > 1e-2


def test_attention_against_the_equations():
    block = jax.tree.map(lambda leaf: leaf[0], STACKS["transformer"].blocks)
    xs = np.asarray(jax.random.normal(jax.random.key(2), (4, 8)), float)
    q, k, v = (np.asarray(part, float) for part in block.project(jnp.asarray(xs)))
    bias = np.arange(7) * 0.1
    shifted = block.__class__(KEY, 8, 2, 7)
    object.__setattr__(shifted, "relative_bias", jnp.stack([jnp.asarray(bias)] * 2))
    logits = [q[3][h] @ k[:4, h].T + bias[3 - np.arange(4)] for h in range(2)]
    weights = [np.exp(row) / np.exp(row).sum() for row in logits]
    expected = np.concatenate([w @ v[:, h] for h, w in enumerate(weights)])
    found = shifted.attend(jnp.asarray(q[3]), jnp.asarray(k), jnp.asarray(v), jnp.asarray(3))
    assert np.allclose(found, expected, atol=1e-5)
