"""Whitening and learned linear maps: log-determinants, inverses, columns that do not move."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.bijections.linear import Linear, whitening

RNG = np.random.default_rng(0)
TURN = RNG.normal(size=(4, 4))
ROWS = np.float32(RNG.normal(size=(500, 4)) @ TURN.T + 3.0)
MOVED = (True, False, True, True)


def shaken(map_):
    noise = 0.3 * jax.random.normal(jax.random.key(1), (4, 4))
    return eqx.tree_at(lambda m: (m.matrix, m.shift), map_, (noise, noise[0]))


@pytest.mark.parametrize("moved", [(True,) * 4, MOVED], ids=["all", "one kept"])
@pytest.mark.parametrize("make", [lambda m: whitening(ROWS, m), lambda m: shaken(Linear(4, m))])
def test_maps_invert_and_their_log_determinants_are_those_of_the_jacobian(make, moved):
    map_ = make(moved)

    @jax.jit
    def all_of(x):
        y, log_det = map_.forward(x)
        back, minus = map_.inverse(y)
        return y, log_det, back, minus, jax.jacobian(lambda u: map_.forward(u)[0])(x)

    y, log_det, back, minus, slopes = map(np.asarray, all_of(jnp.asarray(ROWS[0])))
    np.testing.assert_allclose(back, ROWS[0], rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(log_det, np.linalg.slogdet(slopes)[1], rtol=1e-4)
    np.testing.assert_allclose(minus, -log_det, rtol=1e-6)
    assert (y[1] == ROWS[0, 1]) != moved[1]


def test_white_rows_have_no_correlations_and_few_rows_have_a_covariance_too():
    white = np.asarray(jax.jit(jax.vmap(lambda x: whitening(ROWS, prior=0.0).forward(x)[0]))(ROWS))
    np.testing.assert_allclose(np.cov(white.T, bias=True), np.eye(4), atol=1e-3)
    few = whitening(ROWS[:3])
    assert np.all(np.isfinite(few.inverted.array))
    # Drawn to its diagonal: three rows in four columns alone have a singular covariance.
    assert np.linalg.cond(np.asarray(few.factor.array)) < 1e3


def test_heavy_tails_leave_the_correlations_of_rows():
    """A multivariate t of 1.5 degrees of freedom, whose covariance is that of a few rows."""
    found, moments = [], []
    correlate = jax.jit(lambda rows: whitening(rows).factor.value)
    for seed in range(8):
        rng = np.random.default_rng(seed)
        mixed = rng.normal(size=(2000, 2)) @ np.array([[1.0, 0.5], [0.0, 0.75**0.5]])
        rows = np.float32(mixed / np.sqrt(rng.gamma(0.75, 1 / 0.75, (2000, 1))))
        factor = np.asarray(correlate(rows))
        covariance = factor @ factor.T
        found.append(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))
        moments.append(np.corrcoef(rows.T)[0, 1])
    assert np.sqrt(np.mean((np.array(found) - 0.5) ** 2)) < 0.12
    assert np.sqrt(np.mean((np.array(moments) - 0.5) ** 2)) > 0.25  # the control
