"""One call samples an energy: the law, the diagnosis, and what it refuses."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import energeia
from energeia.energies import DoubleWell, GeometricPath, Normal
from energeia.errors import ChainsStuck, InputError
from energeia.mcmc import Gibbs, Hmc, Mala, log_partition, sample
from energeia.physics import Ising
from energeia.stats import mean_error

KEY = jax.random.key(0)
SKEWED = energeia.energy(lambda x: jnp.sum(jnp.exp(x) - x), 2)
"""exp(x) is exponential with mean one in each column."""


@pytest.mark.parametrize(
    "kernel", [Mala(0.1), Hmc(0.1, leapfrog_steps=4)], ids=lambda k: type(k).__name__
)
def test_chains_follow_a_function_and_its_diagnosis_says_so(kernel):
    found = sample(KEY, SKEWED, kernel, jax.random.normal(KEY, (32, 2)), 400)
    values = np.exp(np.asarray(found.positions, np.float64))
    errors = mean_error(values)
    assert np.all(np.abs(values.mean((0, 1)) - 1.0) < 4 * errors)
    assert np.max(errors) < 0.05
    assert found.diagnosis.r_hat < 1.02
    assert found.rows.shape == (32 * 400, 2)
    # The control: the same draws are not those of a wider target.
    assert np.all(np.abs(values.mean((0, 1)) - 1.25) > 4 * errors)


def test_chains_that_stay_apart_are_seen_by_r_hat():
    wells = DoubleWell(2, height=20.0)
    starts = jnp.where(jnp.arange(8)[:, None] % 2 == 0, 1.0, -1.0) * jnp.ones((8, 2))
    assert sample(KEY, wells, Mala(0.01), starts, 200).diagnosis.r_hat > 1.5


def test_a_tuned_kernel_keeps_its_step_and_one_without_a_step_is_taken():
    starts = jnp.zeros((4, 2))
    target = Normal(jnp.zeros(2), jnp.eye(2))
    kept = sample(KEY, target, Mala(0.25), starts, 8, tuned=True).kernel
    assert float(kept.step_size) == 0.25
    assert float(sample(KEY, target, Mala(0.25), starts, 8).kernel.step_size) != 0.25
    spins = sample(KEY, Ising(4, 0.2), Gibbs(), jnp.ones((4, 4, 4)), 8)
    assert spins.positions.shape == (4, 8, 4, 4)


@pytest.mark.parametrize(
    ("starts", "draws", "message"),
    [
        (jnp.zeros((4, 3)), 100, r"shape \(4, 3\) .* \(chains, 2\)"),
        (jnp.zeros(2), 100, "at least 2 chains"),
        (jnp.zeros((1, 2)), 100, "at least 2 chains"),
        (jnp.zeros((4, 2)), 3, "at least 4"),
    ],
)
def test_what_cannot_be_sampled_is_refused(starts, draws, message):
    with pytest.raises(InputError, match=message):
        sample(KEY, SKEWED, Mala(0.1), starts, draws)


def test_an_energy_that_is_no_number_stops_the_chains():
    broken = energeia.energy(lambda x: jnp.sum(jnp.log(x)), 2)
    with pytest.raises(ChainsStuck, match="gradient"):
        sample(KEY, broken, Mala(0.1), -jnp.ones((4, 2)), 8)


def test_log_z_on_a_bounded_support_is_a_number_and_right():
    box = energeia.energy(lambda x: jnp.sum(x), 2, "*: positive")
    path = GeometricPath(Normal(jnp.ones(2), jnp.eye(2)), box)
    lower = log_partition(KEY, path, Mala(0.1), temperatures=100).lower
    assert abs(lower.value) < 4 * lower.stderr
    assert lower.stderr < 0.15
