"""Metrics that chains learn together, and the no-U-turn sampler."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.energies import Normal, ReshapedEnergy, masked
from energeia.mcmc import Hmc, Mala, Nuts, Preconditioned, run_chains, sample
from energeia.stats import mean_error

KEY = jax.random.key(7)
SIZE = 12
COVARIANCE = 0.95 ** jnp.abs(jnp.arange(SIZE)[:, None] - jnp.arange(SIZE))
SCALES = jnp.geomspace(0.01, 10.0, SIZE)
CORRELATED = Normal(jnp.ones(SIZE), COVARIANCE)
UNEQUAL = Normal(jnp.zeros(SIZE), jnp.diag(SCALES**2))
STARTS = 3 * jax.random.normal(KEY, (32, SIZE))
INNER = {"mala": Mala(0.1), "hmc": Hmc(0.1, leapfrog_steps=4), "nuts": Nuts(0.1)}


@pytest.mark.parametrize("inner", INNER)
@pytest.mark.parametrize("dense", [False, True])
def test_chains_in_a_learned_metric_keep_the_law(inner, dense):
    target = CORRELATED if dense else UNEQUAL
    starts = STARTS if dense else STARTS * SCALES
    found = sample(KEY, target, Preconditioned(INNER[inner], dense=dense), starts, 400)
    mean, scale = (1.0, 1.0) if dense else (0.0, SCALES)
    unit = np.asarray((found.positions - mean) / scale)
    for values, truth in ((unit, 0.0), (unit**2, 1.0)):
        error = mean_error(np.asarray(values, np.float64))
        assert np.max(error) < 0.15
        assert np.all(np.abs(values.mean((0, 1)) - truth) < 4.5 * error)
    assert found.diagnosis.r_hat < 1.05


@pytest.mark.parametrize(("dense", "target"), [(True, CORRELATED), (False, UNEQUAL)])
def test_a_metric_pays(dense, target):
    starts = jax.vmap(target.sample)(jax.random.split(KEY, 32))
    kernel = Hmc(0.1, leapfrog_steps=4)
    alone = sample(KEY, target, kernel, starts, 400).diagnosis.ess
    better = sample(KEY, target, Preconditioned(kernel, dense=dense), starts, 400).diagnosis.ess
    assert better > 5 * alone


def test_the_metric_is_the_covariance():
    starts = jax.vmap(CORRELATED.sample)(jax.random.split(KEY, 64))
    kernel, _ = Preconditioned(INNER["nuts"], dense=True).tuned(KEY, CORRELATED, starts, 800)
    found = np.asarray(kernel.scale @ kernel.scale.T)
    assert np.abs(found - COVARIANCE).max() < 0.2


def test_known_values_stay_and_fields_keep_their_shape():
    known = jnp.arange(SIZE) < 3
    target = masked(CORRELATED, jnp.full(SIZE, 0.25), known)
    field = ReshapedEnergy(CORRELATED, (3, 4))
    for dense in (False, True):
        kernel = Preconditioned(Hmc(0.1, leapfrog_steps=3), dense=dense)
        tuned, x = kernel.tuned(KEY, target, STARTS, 80)
        rows = run_chains(KEY, tuned, target, x, draws=20).positions
        assert np.all(np.asarray(rows[..., :3]) == 0.25)
        assert sample(KEY, field, kernel, STARTS.reshape(-1, 3, 4), 20).rows.shape == (640, 3, 4)
