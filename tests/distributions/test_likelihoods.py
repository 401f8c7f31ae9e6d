"""Each column's likelihood is normalized, is drawn from as it says, and has finite gradients."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.distributions.likelihoods import ColumnLikelihoods, likelihood_of, log_ramp
from energeia.support import Binary, Categorical, Circle, Integer, Positive, Real, Support

DISCRETE = {
    "binary": (Binary((-1.0, 1.0)), 1, 2),
    "categorical": (Categorical((1.0, 4.0, 9.0)), 1, 3),
    "integer": (Integer(0, 16), 1, 17),
    "integer, mixture": (Integer(3, 9), 3, 7),
    "integer, one value": (Integer(2, 2), 1, 1),
}
CONTINUOUS = {
    "real": (Real(), 1, -40.0, 40.0),
    "real, mixture": (Positive(), 3, -40.0, 40.0),
    "circle": (Circle(0.0, 1.0), 1, -np.pi, np.pi),
    "circle, mixture": (Circle(0.0, 1.0), 2, -np.pi, np.pi),
}


def parameters(size, scale, seed=0):
    return scale * jax.random.normal(jax.random.key(seed), (size,))


@pytest.mark.parametrize("scale", [1.0, 30.0])
@pytest.mark.parametrize("name", DISCRETE)
def test_discrete_likelihoods_sum_to_one(name, scale):
    column, components, count = DISCRETE[name]
    with jax.enable_x64(True):
        kind = likelihood_of(column, components)
        p = parameters(kind.size, scale)
        logs = jax.jit(jax.vmap(kind.log_prob, (None, 0)))(p, jnp.arange(count, dtype=float))
        assert abs(float(jax.nn.logsumexp(logs))) < 1e-9


@pytest.mark.parametrize("scale", [1.0, 3.0])
@pytest.mark.parametrize("name", CONTINUOUS)
def test_continuous_likelihoods_integrate_to_one(name, scale):
    column, components, low, high = CONTINUOUS[name]
    with jax.enable_x64(True):
        kind = likelihood_of(column, components)
        p = parameters(kind.size, scale, seed=4)
        grid = jnp.linspace(low, high, 400_001)
        values = jnp.exp(jax.jit(jax.vmap(kind.log_prob, (None, 0)))(p, grid))
        assert abs(float(jnp.trapezoid(values, grid)) - 1) < 1e-6


def test_a_logistic_without_its_tails_does_not_sum_to_one():
    kind = likelihood_of(Integer(0, 4), 1)
    logs = jax.jit(jax.vmap(kind.log_prob, (None, 0)))(jnp.zeros(3), jnp.arange(5.0))
    scale = 1 + 0.1 / 5  # one above the least scale
    u = (2 * jnp.arange(5.0) + 1) / 5 - 1
    cut = jax.nn.sigmoid((u + 0.2) / scale) - jax.nn.sigmoid((u - 0.2) / scale)
    assert abs(float(jnp.sum(cut)) - 1) > 0.1
    assert jnp.allclose(jnp.exp(logs)[1:-1], cut[1:-1], rtol=1e-4)


@pytest.mark.parametrize("name", DISCRETE)
def test_samples_have_the_frequencies_of_the_probabilities(name):
    column, components, count = DISCRETE[name]
    kind = likelihood_of(column, components)
    p = parameters(kind.size, 0.7, seed=2)
    draws = jax.jit(jax.vmap(kind.sample, (0, None)))(
        jax.random.split(jax.random.key(1), 20_000), p
    )
    seen = np.bincount(np.asarray(draws, int), minlength=count) / 20_000
    truth = np.exp(jax.jit(jax.vmap(kind.log_prob, (None, 0)))(p, jnp.arange(count, dtype=float)))
    error = np.sqrt(truth * (1 - truth) / 20_000) + 1e-6
    assert np.all(np.abs(seen - truth) < 4 * error)


@pytest.mark.parametrize("name", CONTINUOUS)
def test_samples_have_the_law_of_the_density(name):
    column, components, low, high = CONTINUOUS[name]
    kind = likelihood_of(column, components)
    p = parameters(kind.size, 1.0, seed=3)
    draws = np.asarray(
        jax.jit(jax.vmap(kind.sample, (0, None)))(jax.random.split(jax.random.key(1), 20_000), p)
    )
    grid = np.linspace(low, high, 20_001)
    density = np.exp(jax.jit(jax.vmap(kind.log_prob, (None, 0)))(p, jnp.asarray(grid, jnp.float32)))
    cumulative = np.cumsum(density) * (grid[1] - grid[0])
    levels = np.interp(np.sort(draws), grid, cumulative)
    # Kolmogorov's distance exceeds 2 / sqrt(n) with probability 7e-4.
    assert np.max(np.abs(levels - np.arange(20_000) / 20_000)) < 2 / np.sqrt(20_000)


@pytest.mark.parametrize("name", [*DISCRETE, *CONTINUOUS])
def test_gradients_are_finite_at_extremes(name):
    column, components = {**DISCRETE, **CONTINUOUS}[name][:2]
    kind = likelihood_of(column, components)
    slopes = jax.jit(jax.value_and_grad(kind.log_prob))
    for scale in (0.0, 1.0, 100.0):
        p = parameters(kind.size, scale)
        for y in (0.0, 1.0):
            value, slope = slopes(p, jnp.asarray(y))
            assert jnp.isfinite(value)
            assert jnp.all(jnp.isfinite(slope))


def test_log_ramp_is_accurate_and_joins_smoothly():
    with jax.enable_x64(True):
        t = jnp.array([-3.0, -2.5, -2.0001, -1.9999, 0.0, 5.0])
        direct = jnp.log(jax.scipy.stats.norm.pdf(t) + t * jax.scipy.stats.norm.cdf(t))
        assert jnp.allclose(log_ramp(t), direct, atol=1e-7)
        # phi(t) / t^2 (1 - 3/t^2 + 15/t^4) far out.
        far = jnp.asarray(-30.0)
        lead = jax.scipy.stats.norm.logpdf(far) - 2 * jnp.log(30.0)
        assert abs(float(log_ramp(far) - lead - jnp.log1p(-3 / 900 + 15 / 810_000))) < 1e-6


def test_a_mixed_configuration_adds_its_columns():
    columns = [Binary(), Binary(), Real(), Categorical((0.0, 5.0, 7.0)), Integer(0, 3)]
    both = ColumnLikelihoods(Support.of(columns))
    p = parameters(both.size, 1.0)
    y = jnp.array([1.0, 0.0, 0.3, 2.0, 3.0])
    pieces = [p[0:1], p[1:2], p[2:5], p[5:8], p[8:11]]
    alone = [
        jax.jit(likelihood_of(c, 1).log_prob)(q, v)
        for c, q, v in zip(columns, pieces, y, strict=True)
    ]
    assert jnp.allclose(jax.jit(both.log_prob)(p, y), sum(alone), rtol=1e-5)
    assert jax.jit(both.features)(y).shape == (both.feature_size,)
    assert jax.jit(both.sample)(jax.random.key(0), p).shape == (5,)


@pytest.mark.parametrize("name", [*DISCRETE, *CONTINUOUS])
def test_means_are_those_of_the_probabilities(name):
    column, components, *ends = {**DISCRETE, **CONTINUOUS}[name]
    y = np.arange(float(*ends)) if name in DISCRETE else np.linspace(*ends, 200_001)
    with jax.enable_x64(True):
        kind = likelihood_of(column, components)
        p = parameters(kind.size, 1.0, seed=5)
        weight = np.exp(jax.jit(jax.vmap(kind.log_prob, (None, 0)))(p, jnp.asarray(y)))
        found = float(jax.jit(kind.mean)(p))
    weight = weight / weight.sum()
    if "circle" in name:
        truth = np.arctan2(weight @ np.sin(y), weight @ np.cos(y))
    else:
        truth = np.argmax(weight) if name == "categorical" else weight @ y
    assert abs(found - truth) < 1e-4


def test_means_of_a_mixed_configuration_are_those_of_its_columns():
    columns = [Real(), Categorical((0.0, 5.0, 7.0)), Binary()]
    p = jnp.array([0.0, 0.4, 2.0, 0.0, 0.0, 3.0, jnp.log(3.0)])
    means = jax.jit(ColumnLikelihoods(Support.of(columns)).mean)(p)
    np.testing.assert_allclose(means, [0.4, 2.0, 0.75], rtol=1e-5)
