"""Three maps of one trilinear form: values, derivatives of every order, sets of weights."""

import jax
import jax.numpy as jnp
import pytest

from energeia.nn.strided import correlate

# kernel, stride, channels, height, width: large and small images, few and many channels.
CASES = [(5, 2, 6, 13, 9), (5, 2, 1, 13, 9), (5, 2, 6, 7, 5), (4, 2, 5, 8, 10), (3, 1, 4, 6, 6)]


def parts(kernel, stride, channels, height, width):
    keys = jax.random.split(jax.random.key(0), 3)
    size = ((height - kernel) // stride + 1, (width - kernel) // stride + 1)
    return (
        jax.random.normal(keys[0], (kernel, kernel, channels, 7)),
        jax.random.normal(keys[1], (3, height, width, channels)),
        jax.random.normal(keys[2], (3, *size, 7)),
    )


def library(w, x, stride):
    dimensions = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(
        x, w, (stride, stride), "VALID", dimension_numbers=dimensions
    )


def close(a, b):
    return float(jnp.max(jnp.abs(a - b))) < 1e-5 * float(jnp.max(jnp.abs(b)))


@pytest.mark.parametrize("case", CASES)
def test_values_and_first_derivatives_are_the_librarys(case):
    (w, x, y), stride = parts(*case), case[1]
    ours, back = jax.vjp(lambda w, x: correlate(w, x, stride), w, x)
    theirs, theirs_back = jax.vjp(lambda w, x: library(w, x, stride), w, x)
    assert close(ours, theirs)
    for one, other in zip(back(y), theirs_back(y), strict=True):
        assert close(one, other)
    assert not close(back(y[:, ::-1])[1], theirs_back(y)[1])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("outer", [jax.jacfwd, jax.jacrev])
def test_a_slope_can_be_differentiated_forward_and_backward(case, outer):
    (w, x, _), stride = parts(*case), case[1]
    direction = jax.random.normal(jax.random.key(1), w.shape)

    def slopes(scale, convolution):
        """The third derivative of the whole is one of tanh and of all three maps."""

        def energy(x):
            return jnp.sum(jnp.tanh(0.1 * convolution(w + scale * direction, x, stride)))

        return jnp.sum(jax.grad(energy)(x) ** 2)

    found, expected = (
        jax.jit(outer(outer(lambda s: slopes(s, convolution))))(0.1)
        for convolution in (correlate, library)
    )
    assert close(found, expected)


@pytest.mark.parametrize("case", CASES)
def test_sets_of_weights_and_of_images_are_those_one_by_one(case):
    (w, x, y), stride = parts(*case), case[1]
    weights, images = jnp.stack([w, 2 * w, -w]), jnp.stack([x, x + 1, 3 * x])

    def weight_gradient(w, x):
        return jax.grad(lambda w: jnp.sum(correlate(w, x, stride) * y))(w)

    for f in (lambda w, x: correlate(w, x, stride), weight_gradient):
        one_by_one = jnp.stack([f(a, b) for a, b in zip(weights, images, strict=True)])
        assert close(jax.vmap(f)(weights, images), one_by_one)
        assert close(jax.vmap(f, (None, 0))(w, images), jnp.stack([f(w, b) for b in images]))
        assert close(jax.vmap(f, (0, None))(weights, x), jnp.stack([f(a, x) for a in weights]))
