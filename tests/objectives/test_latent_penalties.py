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


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_joint_independence_is_that_of_normal_numbers_without_bias(rho):
    """Differences are N(0, 2C), so |1 + 2C|^-1/2 + 1/3 - |1 + C/2|^-1/2 for two dimensions."""
    c, one = correlated(rho), np.eye(2)
    truth = np.linalg.det(one + 2 * c) ** -0.5 + 1 / 3 - np.linalg.det(one + c / 2) ** -0.5
    found = values(JointIndependence(), c, rows=100, count=200)
    error = found.std() / 200**0.5
    assert abs(found.mean() - truth) < 4 * error
    assert error < 0.001
    assert (truth > 0.01) == (rho > 0)


def test_pairs_of_a_row_with_itself_would_make_independent_dimensions_depend():
    """The control: trace(K H L H) / n^2 (Gretton et al. 2005, eq. 9), which has them."""
    z = np.random.default_rng(3).normal(size=(40, 2, 100))
    k = np.exp(-0.5 * (z[..., :, None] - z[..., None, :]) ** 2)
    center = np.eye(100) - 1 / 100
    found = np.trace(k[:, 0] @ center @ k[:, 1] @ center, axis1=1, axis2=2) / 100**2
    assert found.mean() > 4 * found.std() / 40**0.5


@pytest.mark.parametrize("penalty", [PriorDiscrepancy(), JointIndependence()])
def test_one_row_has_no_penalty_to_speak_of(penalty):
    """A last block of held-out rows may be one row."""
    z = jnp.ones((1, 3))
    assert np.isfinite(penalty.value(jax.random.key(0), Posteriors(NormalDiag(z, z), z)))


def test_a_discrepancy_knows_the_condition():
    """z = c has the law of the prior, and not given c."""
    c = jax.random.normal(jax.random.key(1), (400, 1))
    apart, linked = (
        float(PriorDiscrepancy().value(jax.random.key(2), Posteriors(None, c, condition)))
        for condition in (jnp.roll(c, 1, axis=0), c)
    )
    assert abs(apart) < 0.05 < linked
