"""Mixtures of true values behind measured ones: densities, posteriors, fits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal, norm

from energeia.distributions import Components, EllipticMixture, fit_mixture

MEANS = np.array([[-1.0, 0.5], [1.0, -0.5]])
LOWER = np.array([[[0.8, 0.0], [0.5, 0.6]], [[0.4, 0.0], [-0.3, 0.7]]])
TABLE = np.log([[0.7, 0.3], [0.2, 0.8]])
SHARES = np.array([0.3, 0.7])


def mixture(tail=0.0, **kinds):
    parts = (np.log(SHARES), MEANS, LOWER, TABLE, tail)
    return EllipticMixture(Components(*(jnp.asarray(a, jnp.float32) for a in parts)), **kinds)


def test_the_density_of_measured_values_is_that_of_wider_normals():
    """The first number is a condition, the second column a code; errors may be zero."""
    model = mixture(sizes=(0, 2), condition_shape=(1,))
    rng = np.random.default_rng(0)
    y = np.column_stack([rng.normal(size=8), rng.integers(0, 2, 8)])
    c = rng.normal(size=(8, 1))
    noise = np.column_stack([rng.uniform(0, 2, 8) * (np.arange(8) > 1), np.zeros(8)])
    rows = (np.float32(y), np.float32(noise), np.float32(c))
    found = np.asarray(jax.jit(jax.vmap(model.log_measured))(*rows))

    wanted, without = [], []
    for row, error, given in zip(y, noise[:, 0], c[:, 0], strict=True):
        for wide, into in ((error, wanted), (0.0, without)):
            scales = [low @ low.T + np.diag([0.0, wide**2]) for low in LOWER]
            joint = [
                w * multivariate_normal(m, s).pdf([given, row[0]]) * np.exp(t[int(row[1])])
                for w, m, s, t in zip(SHARES, MEANS, scales, TABLE, strict=True)
            ]
            alone = [
                w * norm(m[0], s[0, 0] ** 0.5).pdf(given)
                for w, m, s in zip(SHARES, MEANS, scales, strict=True)
            ]
            into.append(np.log(np.sum(joint) / np.sum(alone)))
    np.testing.assert_allclose(found, wanted, rtol=1e-4, atol=1e-4)
    assert np.abs(found - without)[2:].max() > 0.3  # the control: errors that are ignored


def test_components_with_tails_have_no_density_of_measured_values():
    model = mixture(tail=0.2, sizes=(0, 0, 2))
    x, noise = jnp.zeros(3), jnp.array([0.5, 0.0, 0.0])
    both = jax.jit(lambda: (model.log_measured(x, noise), model.log_prob(x)))
    measured, plain = both()
    assert np.isnan(measured)
    assert np.isfinite(plain)


def test_draws_of_true_values_follow_the_posterior():
    model = mixture(sizes=(0, 0, 2))
    x, noise = np.array([0.3, 0.2, 1.0]), np.array([0.9, 0.4, 0.0])
    keys = jax.random.split(jax.random.key(3), 20_000)
    draw = jax.jit(jax.vmap(lambda k: model.draw_true(k, jnp.float32(x), jnp.float32(noise))))
    found = np.asarray(draw(keys), np.float64)
    grid = np.stack(np.meshgrid(*[np.linspace(-5, 5, 400)] * 2, indexing="ij"), axis=-1)
    density = sum(
        w * multivariate_normal(m, low @ low.T).pdf(grid) * np.exp(t[1])
        for w, m, low, t in zip(SHARES, MEANS, LOWER, TABLE, strict=True)
    )
    likelihood = norm(grid[..., 0], noise[0]).pdf(x[0]) * norm(grid[..., 1], noise[1]).pdf(x[1])
    share = density * likelihood / np.sum(density * likelihood)
    quantities = [grid[..., 0], grid[..., 1], grid[..., 0] ** 2, grid[..., 0] * grid[..., 1]]
    drawn = [found[:, 0], found[:, 1], found[:, 0] ** 2, found[:, 0] * found[:, 1]]
    for quantity, values in zip(quantities, drawn, strict=True):
        error = values.std() / len(values) ** 0.5
        assert error < 0.02
        assert abs(values.mean() - np.sum(share * quantity)) < 4 * error
    prior_mean = float(SHARES @ MEANS[:, 0])
    assert abs(found[:, 0].mean() - prior_mean) > 0.1  # the control: draws that ignore x
    assert np.all(found[:, 2] == 1.0)


def test_exact_values_are_kept():
    model = mixture(sizes=(0, 0, 2))
    x, noise = jnp.array([0.3, -2.0, 0.0]), jnp.array([0.0, 0.7, 0.0])
    draw = jax.jit(jax.vmap(lambda k: model.draw_true(k, x, noise)))
    found = draw(jax.random.split(jax.random.key(0), 9))
    assert np.all(np.asarray(found)[:, 0] == np.float32(0.3))
    assert np.std(np.asarray(found)[:, 1]) > 0.1


@pytest.fixture(scope="module")
def fitted():
    """Truth, and fits with and without the errors."""
    rng = np.random.default_rng()
    scales = [low @ low.T for low in 0.6 * LOWER]

    def draw(n):
        first = rng.random(n) < SHARES[0]
        parts = [rng.multivariate_normal(m, s, n) for m, s in zip(1.5 * MEANS, scales, strict=True)]
        return np.where(first[:, None], *parts)

    def log_p(x):
        parts = [
            multivariate_normal(m, s).logpdf(x) for m, s in zip(1.5 * MEANS, scales, strict=True)
        ]
        return logsumexp(parts, axis=0, b=SHARES[:, None])

    errors = rng.uniform(0.2, 0.7, (3000, 2))
    y = draw(3000) + errors * rng.normal(size=errors.shape)
    fit = jax.jit(lambda key, y, noise: fit_mixture(key, y, (0, 0), most=4, noise=noise))
    key, y = jax.random.key(0), np.float32(y)
    test = draw(10_000)
    return [
        log_p(test) - np.asarray(jax.jit(jax.vmap(model.log_prob))(np.float32(test)))
        for model in (fit(key, y, np.float32(errors)), fit(key, y, None))
    ]


def test_a_noisy_mixture_is_deconvolved_where_a_naive_fit_is_broad(fitted):
    with_errors, naive = fitted
    assert with_errors.mean() < 0.02 + 4 * with_errors.std() / len(with_errors) ** 0.5 < 0.06
    assert naive.mean() > 0.12
