"""Kernel densities: against the plain formula, quadrature and the widths of scikit-learn."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.neighbors import KernelDensity as OfScikitLearn

from energeia._core.trees import Frozen
from energeia.distributions import KernelDensity, fit_kernels

SIZES, ANGLES = (0, 3, 0), (2,)
POINTS = np.array([[-0.7, 0.0, 3.0], [0.2, 2.0, -2.9], [1.1, 2.0, 0.4], [0.3, 1.0, 0.1]])
WIDTHS = np.array([0.5, 0.3, 0.8])


def model_of(independent):
    points, widths = Frozen(jnp.asarray(POINTS)), Frozen(jnp.asarray(WIDTHS))
    return KernelDensity(points, widths, SIZES, ANGLES, independent)


def kernels(x):
    """k_j of every point, the angle summed over many turns."""
    turns = x[2] - POINTS[:, 2:] + 2 * np.pi * np.arange(-20, 21)
    normal = [np.exp(-0.5 * ((x[0] - POINTS[:, 0]) / 0.5) ** 2) / 0.5, None,
              np.sum(np.exp(-0.5 * (turns / 0.8) ** 2), axis=1) / 0.8]  # fmt: skip
    code = np.where(POINTS[:, 1] == x[1], 0.7 + 0.1, 0.1)
    return np.stack([normal[0] / (2 * np.pi) ** 0.5, code, normal[2] / (2 * np.pi) ** 0.5], axis=1)


def grid(columns):
    """Values of each column to sum over, and the weight of a cell."""
    every = (np.linspace(-5, 6, 111), np.arange(3.0), -np.pi + 2 * np.pi * np.arange(64) / 64)
    steps = (0.1, 1.0, 2 * np.pi / 64)
    rows = np.array(list(itertools.product(*(every[j] for j in columns))))
    return rows, float(np.prod([steps[j] for j in columns]))


@pytest.mark.parametrize("independent", [False, True])
def test_the_density_is_the_formula_and_sums_to_one(independent):
    model = model_of(independent)
    x = np.array([[0.1, 2.0, 3.1], [-0.4, 0.0, 0.0], [1.0, 1.0, -3.1]])
    each = np.stack([kernels(row) for row in x])
    wanted = each.mean(1).prod(1) if independent else each.prod(2).mean(1)
    score = jax.jit(jax.vmap(model.log_prob))
    np.testing.assert_allclose(score(np.float32(x)), np.log(wanted), rtol=2e-5, atol=2e-5)
    rows, cell = grid((0, 1, 2))
    total = float(np.sum(np.exp(np.asarray(score(np.float32(rows)), float)))) * cell
    assert abs(total - 1.0) < 2e-4


@pytest.mark.parametrize("independent", [False, True])
def test_draws_and_completions_are_those_of_the_density(independent):
    """Mean code, and moments of the reals, of 40,000 draws, with nothing and with a code known."""
    model, count = model_of(independent), 40_000
    keys = jax.random.split(jax.random.key(0), count)
    rows, cell = grid((0, 1, 2))
    p = np.exp(np.asarray(jax.jit(jax.vmap(model.log_prob))(np.float32(rows)), float)) * cell
    known = jnp.array([False, True, False])
    held = jnp.array([jnp.nan, 2.0, jnp.nan])
    completed, log_weights = jax.jit(jax.vmap(lambda k: model.complete(k, held, known)))(keys)
    own = np.where(rows[:, 1] == 2.0, p, 0.0)
    assert np.ptp(log_weights) < 1e-5
    assert abs(np.exp(log_weights[0]) - own.sum()) < 1e-3
    drawn = jax.jit(jax.vmap(model.sample))(keys)
    for found, shares in ((drawn, p), (completed, own / own.sum())):
        found = np.asarray(found, float)
        assert np.all(np.abs(found[:, 2]) <= np.pi + 1e-6)
        for of in (lambda x: x[:, 0], lambda x: x[:, 0] ** 2, lambda x: x[:, 1] == 2.0,
                   lambda x: np.cos(x[:, 2]), lambda x: x[:, 0] * np.sin(x[:, 2])):  # fmt: skip
            value = of(found)
            error = np.std(value) / count**0.5
            assert abs(np.mean(value) - np.sum(of(rows) * shares)) < 5 * error + 1e-3
    # Control: draws with nothing known have other codes.
    assert np.mean(np.asarray(drawn)[:, 1] == 2.0) < 0.9


def test_widths_are_those_that_predict_rows_left_out():
    """Within a step of the grid of the width that scores best on many fresh rows."""
    rng = np.random.default_rng(3)

    def draw(n):
        side = rng.random((n, 1)) < 0.5
        return np.float32(np.where(side, -1.0, 1.0) + 0.4 * rng.normal(size=(n, 2)))

    rows, fresh = draw(1000), draw(2000)
    found = jax.jit(lambda k, y: fit_kernels(k, y, (0, 0)))(jax.random.key(0), rows)
    score = float(jnp.mean(jax.vmap(found.log_prob)(fresh)))
    tried = [OfScikitLearn(bandwidth=h).fit(rows).score(fresh) / len(fresh)
             for h in np.geomspace(0.03, 1.5, 20)]  # fmt: skip
    assert max(tried) - score < 0.01
    apart = jax.jit(lambda k, y: fit_kernels(k, y, (0, 0), independent=True))
    # The columns are dependent, which the product of marginals cannot know.
    alone = float(jnp.mean(jax.vmap(apart(jax.random.key(0), rows).log_prob)(fresh)))
    assert score - alone > 0.2


def test_a_share_of_codes_drawn_anew_is_chosen():
    """Frequencies of rare codes survive, and codes that were not seen keep some probability."""
    codes = np.random.default_rng(0).choice(5, (900, 1), p=[0.6, 0.3, 0.09, 0.01, 0.0])
    rows = np.float32(np.column_stack([codes, np.random.default_rng(1).normal(size=900)]))
    found = jax.jit(lambda k, y: fit_kernels(k, y, (5, 0), independent=True))(
        jax.random.key(0), rows
    )
    at = np.array([[k, 0.0] for k in range(5)], np.float32)
    p = np.exp(np.asarray(jax.vmap(found.log_prob)(at), float))
    p = p / p.sum()
    assert np.abs(p - [0.6, 0.3, 0.09, 0.01, 0.0]).max() < 0.05
    assert p[4] > 1e-5
