"""An energy model judged through its partition function, against enumeration."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.trees import Frozen
from energeia.bijections.units import Units
from energeia.energies.rbm import Rbm, RbmPath, base_rate_field, unit_means
from energeia.evaluation.budget import EvaluationBudget
from energeia.evaluation.chains import chain_report
from energeia.evaluation.likelihood import log_likelihood
from energeia.mcmc.gibbs import Gibbs
from energeia.models.boltzmann import BoltzmannModel
from energeia.support import Binary, Support

BUDGET = EvaluationBudget(chains=128, temperatures=200)


def machine(scale):
    support = Support.of([Binary()] * 8)
    rows = np.random.default_rng(0).integers(0, 2, size=(200, 8)).astype(np.float32)
    units = Units.fit(support, rows)
    mean = unit_means_of(rows)
    rbm = Rbm(jax.random.key(1), (2,) * 8, 5, mean, 0, scale)
    path = RbmPath(target=rbm, base_field=Frozen(base_rate_field(rbm.visible, mean)))
    return BoltzmannModel(path=path, kernel=Gibbs(), units=units, anneal=50, steps=50)


def unit_means_of(rows):
    visible = Rbm(jax.random.key(0), (2,) * 8, 1, jnp.full(8, 0.5)).visible
    return unit_means(visible, jnp.asarray(rows))


@pytest.fixture(scope="module")
def model():
    return machine(1.5)


def enumerate_log_probs(model):
    every = np.array(list(itertools.product([0.0, 1.0], repeat=8)), dtype=np.float32)
    minus = -np.asarray(eqx.filter_vmap(model.energy)(jnp.asarray(every)), dtype=np.float64)
    return every, minus - np.logaddexp.reduce(minus)


def test_likelihood_of_an_energy_is_that_of_enumeration(model):
    every, exact = enumerate_log_probs(model)
    found = log_likelihood(model, every, key=jax.random.key(0), budget=BUDGET)
    lower, upper = found.log_partition
    error = max(lower.stderr, upper.stderr)
    assert np.all(np.abs(found.rows - exact) < 4 * error + 1e-4)
    assert found.kind == found.estimate.kind == "estimate"
    assert "forward AIS" in found.estimate.note
    assert found.common.stderr >= max(error, abs(upper.value - lower.value))
    assert found.estimate.stderr > found.common.stderr
    assert (lower.kind, upper.kind) == ("lower bound", "estimate")
    # The control: the base's own partition function is far off.
    base = float(model.path.log_partition)
    assert abs(base - lower.value) > 20 * error


def test_too_few_temperatures_are_said():
    frozen = machine(6.0)
    every, _ = enumerate_log_probs(frozen)
    budget = EvaluationBudget(chains=16, temperatures=2)
    found = log_likelihood(frozen, every, key=jax.random.key(0), budget=budget)
    assert any("nats apart" in warning for warning in found.warnings)


def test_chains_of_an_easy_energy_mix(model):
    found = chain_report(model, jax.random.key(2), chains=16, steps=200)
    assert found.kernel == "Gibbs"
    assert found.acceptance == 1.0
    assert found.r_hat < 1.1
    assert found.ess > 100
    assert 0.4 < found.autocorrelation_time < 100
