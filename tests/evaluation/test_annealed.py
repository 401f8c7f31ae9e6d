"""An energy model judged through its partition function, against enumeration."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import pytest

from energeia._core.trees import Frozen
from energeia._core.unoptimized import run_unoptimized
from energeia.bijections.units import Units
from energeia.energies.rbm import Rbm, RbmPath, base_rate_field, unit_means
from energeia.estimate import Estimate
from energeia.evaluation.budget import EvaluationBudget
from energeia.evaluation.chains import chain_report
from energeia.evaluation.likelihood import log_likelihood
from energeia.mcmc.gibbs import Gibbs
from energeia.models.boltzmann import BoltzmannModel
from energeia.support import Binary, Support

BUDGET = EvaluationBudget(chains=128, temperatures=200)


EVERY = np.array(list(itertools.product([0.0, 1.0], repeat=8)), dtype=np.float32)


@eqx.filter_jit
def machine(scale, conditions=0):
    """With weights of a given size, also from the condition if there is one."""
    support = Support.of([Binary()] * 8)
    rows = np.random.default_rng(0).integers(0, 2, size=(200, 8)).astype(np.float32)
    units = Units.fit(support, rows)
    mean = unit_means_of(rows)
    rbm = Rbm(jax.random.key(1), (2,) * 8, 5, mean, conditions, scale)
    if conditions:
        weights = jax.random.normal(jax.random.key(5), rbm.condition_to_visible.shape)
        rbm = eqx.tree_at(lambda m: m.condition_to_visible, rbm, weights)
    path = RbmPath(target=rbm, base_field=Frozen(base_rate_field(rbm.visible, mean)))
    return BoltzmannModel(path=path, kernel=Gibbs(), units=units, anneal=50, steps=50)


def unit_means_of(rows):
    visible = Rbm(jax.random.key(0), (2,) * 8, 1, jnp.full(8, 0.5)).visible
    return unit_means(visible, jnp.asarray(rows))


@pytest.fixture(scope="module")
def model():
    return machine(np.float32(1.5))


@eqx.filter_jit
def energies(model, condition):
    return jax.vmap(lambda x: model.energy(x, condition))(EVERY)


def enumerate_log_probs(model, condition=None):
    minus = -np.asarray(energies(model, condition), dtype=np.float64)
    return minus - np.logaddexp.reduce(minus)


def test_likelihood_of_an_energy_is_that_of_enumeration(model):
    exact = enumerate_log_probs(model)
    found = log_likelihood(model, EVERY, key=jax.random.key(0), budget=BUDGET)
    lower, upper = found.log_partition
    error = max(lower.stderr, upper.stderr)
    assert np.all(np.abs(found.rows - exact) < 4 * error + 1e-4)
    assert found.kind == found.estimate.kind == "estimate"
    assert msgspec.json.decode(msgspec.json.encode(found.estimate), type=Estimate) == found.estimate
    assert "forward AIS" in found.estimate.note
    assert found.common.stderr >= max(error, abs(upper.value - lower.value) / 2)
    assert found.estimate.stderr > found.common.stderr
    assert (lower.kind, upper.kind) == ("lower bound", "estimate")
    # The control: the base's own partition function is far off.
    base = float(run_unoptimized(lambda path: path.log_partition(), model.path))
    assert abs(base - lower.value) > 20 * error


def test_the_partition_function_is_that_of_each_condition():
    model = machine(np.float32(1.0), conditions=2)
    conditions = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0]], np.float32)
    exact = [enumerate_log_probs(model, c) for c in conditions]
    rows, given = np.concatenate([EVERY] * 3), np.repeat(conditions, 256, axis=0)
    found = log_likelihood(model, rows, given, key=jax.random.key(0), budget=BUDGET)
    apart = np.abs(found.rows - np.concatenate(exact)).reshape(3, -1)
    assert found.kind == "estimate"
    assert np.max(apart) < 0.1
    assert abs(found.estimate.value - np.mean(exact)) < 4 * found.common.stderr < 0.2
    # The control: log Z of one condition is not that of another.
    found = log_likelihood(model, EVERY, given[:256], key=jax.random.key(0), budget=BUDGET)
    assert np.max(np.abs(found.rows - exact[1])) > 0.5


def test_too_many_conditions_are_refused_with_their_number():
    model = machine(np.float32(1.0), conditions=2)
    given = np.arange(80.0, dtype=np.float32).reshape(40, 2)
    found = log_likelihood(model, np.zeros((40, 8), np.float32), given, key=jax.random.key(0))
    assert found.kind == "none"
    assert "have 40" in found.estimate.note


def test_too_few_temperatures_are_said():
    """As those are that suffice for small weights."""
    frozen = machine(np.float32(100.0))
    found = log_likelihood(frozen, EVERY, key=jax.random.key(0), budget=BUDGET)
    assert any("nats apart" in warning for warning in found.warnings)


def test_chains_of_an_easy_energy_mix(model):
    found = chain_report(model, jax.random.key(2), chains=16, steps=200)
    assert found.kernel == "Gibbs"
    assert found.acceptance == 1.0
    assert found.r_hat < 1.1
    assert found.ess > 100
    assert 0.4 < found.autocorrelation_time < 100
