"""Mixtures of densities of different kinds, and their weights by held-out rows."""

import jax
import jax.numpy as jnp
import numpy as np
from scipy import stats
from scipy.optimize import minimize_scalar

from energeia._core.trees import Frozen
from energeia.distributions import StandardNormal, Uniform
from energeia.models.stack import Stack
from energeia.runs.stacking import stacking_weights

BOTH = Stack(
    (StandardNormal((1,)), Uniform((1,), 2.0, 4.0)), Frozen(jnp.log(jnp.array([0.25, 0.75])))
)


def test_density_and_draws_are_those_of_the_mixture():
    x = np.linspace(-3, 5.05, 41)[:, None]
    wanted = 0.25 * stats.norm.pdf(x[:, 0]) + 0.75 * stats.uniform.pdf(x[:, 0], 2, 2)
    found = jax.jit(jax.vmap(BOTH.log_prob))(jnp.asarray(x, jnp.float32))
    np.testing.assert_allclose(np.exp(found), wanted, rtol=1e-4)
    drawn = np.asarray(jax.jit(jax.vmap(BOTH.sample))(jax.random.split(jax.random.key(0), 8000)))

    def cdf(x):
        return 0.25 * stats.norm.cdf(x) + 0.75 * stats.uniform.cdf(x, 2, 2)

    assert stats.kstest(drawn[:, 0], cdf).pvalue > 1e-4
    assert stats.kstest(drawn[:, 0], stats.norm.cdf).pvalue < 1e-6


def test_weights_are_those_of_the_largest_likelihood_and_survive_rows_of_density_zero():
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.normal(size=300), rng.uniform(2, 4, 700)])
    with np.errstate(divide="ignore"):
        logs = np.stack([stats.norm.logpdf(x), stats.uniform.logpdf(x, 2, 2)])
    found = stacking_weights(logs)
    p = np.exp(logs)
    best = minimize_scalar(
        lambda w: -np.sum(np.log(w * p[0] + (1 - w) * p[1])), bounds=(0.01, 0.99), method="bounded"
    )
    np.testing.assert_allclose(found[0], best.x, atol=2e-3)
    weighted = stacking_weights(logs, np.where(x > 1.9, 0.1, 1.0))
    assert weighted[0] > found[0] + 0.2
    assert stacking_weights(logs[:, :0]).tolist() == [0.5, 0.5]
