"""Penalties on aggregated posteriors whose value is known."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.distributions.normal_diag import NormalDiag
from energeia.objectives.latent_penalties import (
    JointIndependence,
    Posteriors,
    PriorDiscrepancy,
    TotalCorrelation,
)

NARROW = 0.3


def aggregated(rng, spread, rows):
    """Posteriors whose mixture over infinitely many rows is N(0, spread)."""
    mean = rng.multivariate_normal(np.zeros(2), spread - NARROW**2 * np.eye(2), rows)
    scale = np.full(mean.shape, NARROW)
    z = mean + NARROW * rng.normal(size=mean.shape)
    mean, scale, z = (jnp.asarray(a, jnp.float32) for a in (mean, scale, z))
    return Posteriors(NormalDiag(mean, scale), z)


def correlated(rho):
    return np.array([[1.0, rho], [rho, 1.0]])


def values(penalty, spread, rows=400, count=40, seed=0):
    rng = np.random.default_rng(seed)
    found = jax.tree.map(
        lambda *a: jnp.stack(a), *[aggregated(rng, spread, rows) for _ in range(count)]
    )
    keys = jax.random.split(jax.random.key(seed), count)
    return np.asarray(jax.jit(jax.vmap(penalty.value))(keys, found), float)


def test_the_discrepancy_is_zero_on_average_at_the_prior_alone():
    at, off = (values(PriorDiscrepancy(), np.eye(2) * s) for s in (1.0, 2.0))
    assert abs(at.mean()) < 4 * at.std() / 40**0.5
    assert off.mean() > 20 * off.std() / 40**0.5


@pytest.mark.parametrize("rho", [0.0, 0.6, 0.9])
def test_the_total_correlation_of_a_normal_distribution(rho):
    """-log(1 - rho^2) / 2, less what an average over a batch knows of itself."""
    found = values(TotalCorrelation(1000), correlated(rho), rows=1000)
    bias = values(TotalCorrelation(1000), correlated(0.0), rows=1000, seed=1).mean()
    error = found.std() / 40**0.5
    assert abs(found.mean() - bias + 0.5 * np.log(1 - rho**2)) < 4 * error + 0.05
    # The number of training rows moves the value, not the gradient.
    more = values(TotalCorrelation(2000), correlated(rho), rows=1000)
    np.testing.assert_allclose(more - found, np.log(2.0), rtol=1e-3)


def test_joint_independence_of_two_dimensions_is_their_hsic():
    """trace(K H L H) / n^2 (Gretton et al. 2005, eq. 9)."""
    z = aggregated(np.random.default_rng(3), correlated(0.7), 200)
    k, n = [np.exp(-0.5 * np.subtract.outer(a, a) ** 2) for a in np.asarray(z.z, float).T], 200
    center = np.eye(n) - 1 / n
    hsic = np.trace(k[0] @ center @ k[1] @ center) / n**2
    found = float(jax.jit(JointIndependence().value)(jax.random.key(0), z))
    assert abs(found - hsic) < 1e-5
    alone, together = (values(JointIndependence(), correlated(rho)) for rho in (0.0, 0.6))
    assert alone.mean() < 0.002
    assert together.mean() > 10 * alone.mean()
