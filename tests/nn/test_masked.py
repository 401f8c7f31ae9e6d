"""Masked layers: an output sees the inputs whose label is at most its own."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.nn.masked import MaskedLinear, hidden_labels


def test_jacobian_is_the_mask_and_dense_is_the_same_map():
    incoming, outgoing = (0, 1, 1, 2, 3, 5), (0, 0, 1, 2, 2, 4, 5)
    layer = MaskedLinear(jax.random.key(0), incoming, outgoing)
    x = jax.random.normal(jax.random.key(1), (6,))
    seen = np.asarray(incoming)[None, :] <= np.asarray(outgoing)[:, None]
    assert np.array_equal(np.asarray(jax.jit(jax.jacobian(layer))(x) != 0), seen)
    assert np.allclose(layer.dense() @ x + layer.bias, layer(x), atol=1e-6)


def test_labels_out_of_order_are_refused():
    with pytest.raises(ValueError, match="rising order"):
        MaskedLinear(jax.random.key(0), (2, 1), (1, 2))


def test_hidden_units_have_equal_shares():
    labels = hidden_labels(100, 7, 1)
    assert set(labels) == set(range(1, 7))
    assert len({labels.count(k) for k in set(labels)}) == 1
    assert hidden_labels(5, 1, 1) == (0,) * 5


def test_an_output_that_sees_nothing_is_its_bias():
    layer = MaskedLinear(jax.random.key(0), (3, 4), (0, 1))
    assert np.array_equal(np.asarray(layer(jnp.ones(2))), np.zeros(2))
