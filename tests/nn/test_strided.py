"""Three maps of one trilinear form: values, derivatives of every order, sets of weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.nn.strided import correlate

# kernel, stride, channels, height, width: large and small images, few and many channels.
CASES = [(5, 2, 6, 13, 9), (5, 2, 1, 13, 9), (5, 2, 6, 7, 5), (4, 2, 5, 8, 10), (3, 1, 4, 6, 6)]


def parts(kernel, stride, channels, height, width):
    """Weights, images, images of the result and a second set of weights."""
    rng = np.random.default_rng(0)
    size = ((height - kernel) // stride + 1, (width - kernel) // stride + 1)
    shapes = (kernel, kernel, channels, 7), (3, height, width, channels), (3, *size, 7)
    return [rng.normal(size=shape).astype(np.float32) for shape in (*shapes, shapes[0])]


def library(w, x, stride):
    dimensions = ("NHWC", "HWIO", "NHWC")
    return jax.lax.conv_general_dilated(
        x, w, (stride, stride), "VALID", dimension_numbers=dimensions
    )


def close(a, b):
    return np.max(np.abs(a - b)) < 1e-5 * np.max(np.abs(b))


@pytest.mark.parametrize("case", CASES)
def test_values_and_first_derivatives_are_the_librarys(case):
    (w, x, y, _), stride = parts(*case), case[1]

    @jax.jit
    def values_and_slopes(w, x, y):
        ours, back = jax.vjp(lambda w, x: correlate(w, x, stride), w, x)
        theirs, theirs_back = jax.vjp(lambda w, x: library(w, x, stride), w, x)
        return (ours, *back(y)), (theirs, *theirs_back(y)), back(y[:, ::-1])[1]

    found, expected, mirrored = values_and_slopes(w, x, y)
    for one, other in zip(found, expected, strict=True):
        assert close(one, other)
    assert not close(mirrored, expected[2])


@pytest.mark.parametrize("case", CASES)
def test_a_slope_can_be_differentiated_forward_and_backward(case):
    (w, x, _, direction), stride = parts(*case), case[1]

    def slopes(scale, convolution):
        """The third derivative of the whole is one of tanh and of all three maps."""

        def energy(x):
            return jnp.sum(jnp.tanh(0.1 * convolution(w + scale * direction, x, stride)))

        return jnp.sum(jax.grad(energy)(x) ** 2)

    @jax.jit
    def second_derivatives(scale):
        ours, theirs = (lambda s, c=c: slopes(s, c) for c in (correlate, library))
        forward, backward = (outer(outer(ours))(scale) for outer in (jax.jacfwd, jax.jacrev))
        return forward, backward, jax.jacfwd(jax.jacfwd(theirs))(scale)

    # At three scales: at one, the sum's terms may cancel to less than their rounding.
    scales = 0.1, 0.4, -0.3
    forward, backward, expected = np.transpose([second_derivatives(s) for s in scales])
    assert close(forward, expected)
    assert close(backward, expected)


@pytest.mark.parametrize("case", CASES)
def test_sets_of_weights_and_of_images_are_those_one_by_one(case):
    (w, x, y, _), stride = parts(*case), case[1]
    weights, images = np.stack([w, 2 * w, -w]), np.stack([x, x + 1, 3 * x])

    def value(w, x):
        return correlate(w, x, stride)

    def weight_gradient(w, x):
        return jax.grad(lambda w: jnp.sum(correlate(w, x, stride) * y))(w)

    @jax.jit
    def together_and_one_by_one(weights, images):
        w, x = weights[0], images[0]
        return [
            pair
            for f in (value, weight_gradient)
            for pair in (
                (jax.vmap(f)(weights, images), jax.lax.map(lambda a: f(*a), (weights, images))),
                (jax.vmap(f, (None, 0))(w, images), jax.lax.map(lambda b: f(w, b), images)),
                (jax.vmap(f, (0, None))(weights, x), jax.lax.map(lambda a: f(a, x), weights)),
            )
        ]

    for together, one_by_one in together_and_one_by_one(weights, images):
        assert close(together, one_by_one)
