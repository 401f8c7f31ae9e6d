"""Splines at knots, on edges, on the circle; no NaN for any finite parameters."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.bijections.spline import SMALLEST_BIN, Spline

BINS, HALF = 6, 3.0


def parameters(n, periodic, scale=1.0):
    count = Spline(BINS, HALF).parameters(periodic)
    return jnp.asarray(scale * np.random.default_rng(1).normal(size=(n, count)))


def knots(raw):
    """The interior knots of one spline on the line."""
    widths = jax.nn.softmax(raw[:BINS]) * (1 - BINS * SMALLEST_BIN) + SMALLEST_BIN
    return 2 * HALF * jnp.cumsum(widths)[:-1] - HALF


def test_smooth_across_knots_and_edges():
    with jax.enable_x64(True):
        spline, raw = Spline(BINS, HALF), parameters(1, False)
        places = jnp.concatenate([knots(raw[0]), jnp.array([-HALF, HALF])])

        def row(x):
            return jax.tree.map(lambda v: v[0], spline.forward(x[None], raw))

        (y_low, s_low), (y_high, s_high) = (
            jax.jit(jax.vmap(row))(places + shift) for shift in (-1e-9, 1e-9)
        )
        assert np.all(np.abs(y_high - y_low) < 1e-6)
        assert np.all(np.abs(s_high - s_low) < 1e-5)
        gradients = jax.jit(jax.vmap(jax.grad(lambda x: sum(row(x)))))(places)
        assert np.all(np.isfinite(gradients))


def test_identity_at_rest():
    x = jnp.array([-4.0, -3.0, 0.1, 2.9, 1e20])
    y, log_slope = Spline(BINS, HALF).forward(x, jnp.zeros((5, 3 * BINS - 1)))
    assert np.allclose(y, x, rtol=1e-5)
    assert np.allclose(log_slope, 0.0, atol=1e-5)


@pytest.mark.parametrize("scale", [1.0, 30.0, 1e4])
@pytest.mark.parametrize("periodic", [False, True])
def test_no_parameters_give_a_nan(scale, periodic):
    spline, n = Spline(BINS, HALF), 50
    raw = jnp.asarray(parameters(n, periodic, scale), jnp.float32)
    is_periodic = jnp.ones(n, bool) if periodic else None
    x = jnp.linspace(-np.pi, 3.1, n)

    def total(x, raw, move):
        y, log_slope = move(x, raw, is_periodic)
        return jnp.sum(y) + jnp.sum(log_slope)

    for move in (spline.forward, spline.inverse):
        for found in jax.jit(jax.grad(total, argnums=(0, 1)))(x, raw, move):
            assert np.all(np.isfinite(found))


def test_a_nan_stays_a_nan():
    y, _ = Spline(BINS, HALF).forward(jnp.array([jnp.nan]), jnp.zeros((1, 3 * BINS - 1)))
    assert np.isnan(y[0])


def test_the_circle_has_no_seam():
    with jax.enable_x64(True):
        spline, raw = Spline(BINS), parameters(2, True)
        is_periodic = jnp.array([True, True])
        ends = [spline.forward(jnp.full(2, e), raw, is_periodic) for e in (-np.pi, np.pi - 1e-12)]
        gap = (ends[0][0] - ends[1][0] + np.pi) % (2 * np.pi) - np.pi
        assert np.all(np.abs(gap) < 1e-6)
        assert np.all(np.abs(ends[0][1] - ends[1][1]) < 1e-6)
        turned = spline.forward(jnp.full(2, 1.0 + 2 * np.pi), raw, is_periodic)
        assert np.allclose(turned[0], spline.forward(jnp.full(2, 1.0), raw, is_periodic)[0])


def test_control_the_line_knows_no_turns():
    raw = parameters(1, False)
    there = Spline(BINS, np.pi).forward(jnp.array([1.0 + 2 * np.pi]), raw)[0][0]
    here = Spline(BINS, np.pi).forward(jnp.array([1.0]), raw)[0][0]
    assert abs(float(there - here)) > 1.0
