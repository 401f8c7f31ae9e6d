"""Weights of a model against an energy: log Z and means, with errors that hold."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import energeia
from energeia.energies import Normal, NormalMixture
from energeia.errors import InputError
from energeia.evaluation import reweight
from energeia.physics.lattice.observables import ColumnMoment

WIDE = Normal(jnp.zeros(2), 2.0 * jnp.eye(2))
TARGET = energeia.energy(lambda x: jnp.sum((x - 0.5) ** 2) / 2 + 100.0, 2)
LOG_Z = float(np.log(2 * np.pi)) - 100.0


def test_log_z_and_means_agree_with_the_truth():
    found = reweight(jax.random.key(0), WIDE, TARGET, 4000)
    for estimate, truth in [
        (found.log_partition, LOG_Z),
        (found.mean(lambda x: x[0]), 0.5),
        (found.mean(ColumnMoment(0, 2, "x0^2")), 1.25),
    ]:
        assert estimate.kind == "estimate"
        assert abs(estimate.value - truth) < 4 * estimate.stderr
        assert estimate.stderr < 0.06
    assert 500 < found.ess < 4000
    # The control: means of the unweighted draws are those of the model.
    assert abs(float(np.mean(found.x[:, 0])) - 0.5) > 0.3


def test_errors_are_those_of_repetition():
    found = [reweight(jax.random.key(i), WIDE, TARGET, 500) for i in range(40)]
    for values, errors in [
        ([f.log_partition.value for f in found], [f.log_partition.stderr for f in found]),
        (
            [f.mean(lambda x: x[1]).value for f in found],
            [f.mean(lambda x: x[1]).stderr for f in found],
        ),
    ]:
        assert 0.6 < np.std(values) / np.mean(errors) < 1.6


def test_weights_are_float64_and_large_energies_cost_no_digits():
    found = reweight(jax.random.key(0), WIDE, TARGET, 100)
    assert found.log_weights.dtype == np.float64
    exact = reweight(jax.random.key(0), WIDE, WIDE, 100)
    assert abs(exact.log_partition.value) < 1e-6
    assert exact.ess == pytest.approx(100.0)


def test_modes_that_the_model_never_draws_are_missed_and_the_ess_is_blind():
    modes = NormalMixture(jnp.array([[-20.0, 0.0], [20.0, 0.0]]), 1.0)
    one = Normal(jnp.array([20.0, 0.0]), jnp.eye(2))
    found = reweight(jax.random.key(0), one, modes, 1000)
    assert found.log_partition.value == pytest.approx(-np.log(2), abs=1e-3)
    assert found.ess > 990


@pytest.mark.parametrize(
    ("model", "energy", "n", "message"),
    [
        (TARGET, TARGET, 10, "give a Density"),
        (WIDE, Normal(jnp.zeros(3), jnp.eye(3)), 10, "give both the same"),
        (WIDE, TARGET, 1, "at least 2"),
        (WIDE, energeia.energy(lambda x: jnp.log(-jnp.abs(x[0])), 2), 10, "not numbers"),
        (WIDE, energeia.energy(lambda x: x[0], 2, "0: interval(90, 91)"), 10, "no draw has"),
    ],
)
def test_what_has_no_weights_is_refused(model, energy, n, message):
    with pytest.raises(InputError, match=message):
        reweight(jax.random.key(0), model, energy, n)


def test_an_observable_of_many_numbers_is_refused():
    with pytest.raises(InputError, match="one component at a time"):
        reweight(jax.random.key(0), WIDE, TARGET, 10).mean(lambda x: x)
