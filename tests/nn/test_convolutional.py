"""Patches and a matrix product are the library's convolution; the transpose is its adjoint."""

import jax
import jax.numpy as jnp
import pytest

from energeia.nn.convolutional import Convolution, TransposedConvolution, convolve

CASES = [(3, 1, False), (3, 1, True), (5, 2, False), (4, 2, True), (3, 3, False)]


def parts(kernel, seed=0):
    one, two, three = jax.random.split(jax.random.key(seed), 3)
    weight = jax.random.normal(one, (kernel, kernel, 2, 5))
    return weight, jax.random.normal(two, (12, 6, 2)), three


def library(weight, x, stride, periodic):
    low = (weight.shape[0] - stride) // 2
    sides = (low, weight.shape[0] - stride - low)
    padded = jnp.pad(x, (sides, sides, (0, 0)), mode="wrap" if periodic else "constant")
    return jax.lax.conv_general_dilated(
        padded[None], weight, (stride, stride), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC")
    )[0]


@pytest.mark.parametrize(("kernel", "stride", "periodic"), CASES)
def test_the_value_is_the_librarys(kernel, stride, periodic):
    weight, x, _ = parts(kernel)
    ours = convolve(weight, x, stride, periodic)
    assert ours.shape == (12 // stride, 6 // stride, 5)
    assert jnp.max(jnp.abs(ours - library(weight, x, stride, periodic))) < 1e-5
    if kernel > stride:
        assert jnp.max(jnp.abs(ours - library(weight, x, stride, not periodic))) > 1e-2


@pytest.mark.parametrize(("kernel", "stride", "periodic"), CASES)
def test_the_transpose_is_the_adjoint(kernel, stride, periodic):
    _, x, key = parts(kernel)
    layer = TransposedConvolution(
        5, 2, kernel=kernel, stride=stride, periodic=periodic, key=jax.random.key(0)
    )
    y = jax.random.normal(key, (12 // stride, 6 // stride, 5))
    forward = jnp.sum(convolve(layer.weight, x, stride, periodic) * y)
    assert jnp.abs(forward - jnp.sum(x * layer(y))) < 1e-3
    assert jnp.abs(forward - jnp.sum(x * layer(y[::-1]))) > 1e-2


def test_a_periodic_layer_commutes_with_shifts_and_a_padded_one_does_not():
    x = jax.random.normal(jax.random.key(1), (8, 8, 1))
    for periodic in (True, False):
        layer = Convolution(1, 3, kernel=3, stride=2, periodic=periodic, key=jax.random.key(0))
        apart = layer(jnp.roll(x, 2, axis=0)) - jnp.roll(layer(x), 1, axis=0)
        assert (float(jnp.max(jnp.abs(apart))) < 1e-5) == periodic


def test_a_squared_slope_can_be_differentiated_as_with_the_library():
    weight, x, _ = parts(5)

    def total_penalty(weight, convolution):
        def energy(x):
            return jnp.sum(jnp.tanh(convolution(weight, x, 2, True)))

        return jnp.sum(jax.jit(jax.vmap(jax.grad(energy)))(jnp.stack([x, 2 * x])) ** 2)

    ours = jax.jit(jax.grad(lambda w: total_penalty(w, convolve)))(weight)
    theirs = jax.jit(jax.grad(lambda w: total_penalty(w, library)))(weight)
    assert jnp.allclose(ours, theirs, rtol=1e-3, atol=1e-3)


def test_a_stride_that_does_not_divide_is_refused():
    with pytest.raises(ValueError, match="must divide"):
        convolve(jnp.ones((3, 3, 1, 1)), jnp.ones((9, 8, 1)), 2, False)
