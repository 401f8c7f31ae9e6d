"""The recurrent stack: whole sequences and single steps agree; the past alone is seen."""

import jax
import jax.numpy as jnp
import numpy as np

from energeia.nn.recurrent import GruStack


def test_steps_repeat_the_whole_sequence():
    stack = GruStack(jax.random.key(0), size=3, width=5, depth=2)
    xs = jax.random.normal(jax.random.key(1), (7, 3))
    states, outs = stack.start(), []
    for x in xs:
        states = stack.step(states, x)
        outs.append(states[-1])
    assert np.allclose(jnp.stack(outs), stack(xs), atol=1e-6)


def test_cell_against_the_equations():
    layer = GruStack(jax.random.key(0), size=2, width=3, depth=1).layers[0]
    x, h = jnp.array([0.3, -1.0]), jnp.array([0.1, -0.4, 0.8])
    gx = np.split(np.asarray(x @ layer.inputs), 3)
    gh = np.split(np.asarray(h @ layer.hidden), 3)
    r, z = (1 / (1 + np.exp(-(a + b))) for a, b in zip(gx[:2], gh[:2]))
    n = np.tanh(gx[2] + r * gh[2])
    assert np.allclose(layer.step(h, layer.project(x)), (1 - z) * n + z * h, atol=1e-6)


def test_the_past_alone_is_seen():
    stack = GruStack(jax.random.key(0), size=2, width=4, depth=2)
    jacobian = jax.jacobian(stack)(jax.random.normal(jax.random.key(1), (5, 2)))
    reach = np.any(np.asarray(jacobian) != 0, axis=(1, 3))
    assert np.array_equal(reach, np.tril(np.ones((5, 5), dtype=bool)))
