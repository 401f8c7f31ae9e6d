"""The diagonal BiLSTM: what each site sees, and its layers against their equations."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.nn.diagonal import DiagonalLstm
from energeia.nn.recurrent_field import RecurrentField

SHAPES = {"flat, one layer": (3, 4, 1), "tall": (4, 2, 2), "wide": (2, 5, 2), "row": (1, 7, 2)}
"""Height, width and number of layers."""
WIDTH = 3


@eqx.filter_jit
def sensitivity(function, height, length, depth):
    """The derivatives of each site's features with respect to each site's inputs."""
    network = RecurrentField(
        jax.random.key(0), inputs=WIDTH, width=WIDTH, depth=depth, height=height, context=1
    )
    x = jax.random.normal(jax.random.key(1), (height, length, WIDTH))
    context = jax.random.normal(jax.random.key(2), (height, length, 1))
    return jax.jacobian(lambda x: function(network, x, context))(x)


def reach(function, height, length, depth):
    seen = np.any(np.asarray(sensitivity(function, height, length, depth)) != 0, axis=(2, 5))
    return seen.reshape(height * length, height * length)


def whole(network, x, context):
    return network(x, context)


def right_of_masked(network, x, context):
    """The same network, but its stack from the right reads masked features of the row above."""
    before = jnp.pad(x, ((0, 0), (1, 0), (0, 0)))[:, :-1]
    blank = network.left.start(*x.shape[:2])[0]
    masked = network.left(before, context, blank)[1]
    above = jnp.pad(masked, ((1, 0), (0, 0), (0, 0)))[:-1]
    beside = network.right(above[:, ::-1], context[:, ::-1], blank)[0][:, ::-1]
    return network.left(before, context, beside)[1]


@pytest.mark.parametrize("name", SHAPES)
def test_a_site_sees_all_sites_before_it_and_no_others(name):
    height, length, depth = SHAPES[name]
    earlier = np.tril(np.ones((height * length,) * 2, dtype=bool), -1)
    assert np.array_equal(reach(whole, height, length, depth), earlier)


def test_masked_features_leave_the_last_column_unseen():
    height, length, depth = SHAPES["flat, one layer"]
    earlier = np.tril(np.ones((height * length,) * 2, dtype=bool), -1)
    earlier[:, length - 1 :: length] = False
    assert np.array_equal(reach(right_of_masked, height, length, depth), earlier)


def by_loops(layers, x, context, beside):
    """The outputs and features of ``DiagonalLstm``, by its equations."""
    arrays = eqx.filter(layers, eqx.is_array)
    entry, weights, residuals = jax.tree.map(
        lambda a: np.asarray(a, float), (arrays.entry, arrays.layers, arrays.residuals)
    )
    height, length, depth, width = beside.shape
    h, c = np.zeros((2, height + 1, length + 1, depth, width))
    features = x @ entry
    for i, j in np.ndindex(height, length):
        for level, (layer, residual) in enumerate(zip(weights, residuals)):
            # Sites of h and c are one row and one column later, after those beyond the edges.
            own = np.concatenate([h[i + 1, j, level], h[i, j + 1, level]]) @ layer.hidden
            gates = np.concatenate([features[i, j], context[i, j]]) @ layer.inputs + own
            a, f, o, g = np.split(gates + layer.bias + layer.inner, 4)
            a, f, o = (1 / (1 + np.exp(-gate)) for gate in (a, f + 1, o))
            c[i + 1, j + 1, level] = f * c[i + 1, j, level] + a * np.tanh(g)
            h[i + 1, j + 1, level] = o * np.tanh(c[i + 1, j + 1, level])
            features[i, j] += (h[i + 1, j + 1, level] + beside[i, j, level]) @ residual
    return h[1:, 1:], features


@pytest.mark.parametrize(("height", "length"), [(3, 5), (5, 2)])
def test_layers_against_their_equations(height, length):
    rng = np.random.default_rng(0)

    def normal(*shape):
        return rng.normal(size=shape).astype(np.float32)

    layers = DiagonalLstm(jax.random.key(0), inputs=2, width=WIDTH, depth=2, context=1)
    # With biases, states beyond the edges would not stay zero by themselves.
    biased = [
        layer._replace(bias=jnp.asarray(normal(4 * WIDTH)), inner=jnp.asarray(normal(4 * WIDTH)))
        for layer in layers.layers
    ]
    layers = eqx.tree_at(lambda m: m.layers, layers, tuple(biased))
    inputs = normal(height, length, 2), normal(height, length, 1)
    beside = normal(height, length, 2, WIDTH)
    found = eqx.filter_jit(layers)(*inputs, beside)
    for a, b in zip(found, by_loops(layers, *inputs, beside), strict=True):
        assert np.allclose(a, b, atol=2e-6)
    # Control: without states from above, only the first row stays the same.
    alone = [layer._replace(hidden=layer.hidden.at[WIDTH:].set(0.0)) for layer in biased]
    alone = eqx.tree_at(lambda m: m.layers, layers, tuple(alone))
    features = eqx.filter_jit(alone)(*inputs, beside)[1]
    assert np.allclose(features[0], found[1][0], atol=2e-6)
    assert not np.allclose(features[1:], found[1][1:], atol=0.01)
