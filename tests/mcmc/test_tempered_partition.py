"""log Z by parallel tempering against solved targets, and where it must say that it is wrong."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import logsumexp

import energeia
from energeia.distributions import uniform_product
from energeia.energies import Normal
from energeia.errors import InputError
from energeia.mcmc import HeatBath, Mala, ParallelTempering, tempered_log_z
from energeia.physics import Ising
from energeia.stats import bennett

KEY = jax.random.key(11)


def two_modes(x):
    """0.7 N(3, 1) + 0.3 N(-3, 1) in four dimensions, with log Z = 2."""
    major = -0.5 * jnp.sum((x - 3) ** 2) + jnp.log(0.7)
    minor = -0.5 * jnp.sum((x + 3) ** 2) + jnp.log(0.3)
    return 2 * jnp.log(2 * jnp.pi) - jnp.logaddexp(major, minor) - 2.0


TARGET = energeia.energy(two_modes, 4)
STARTS = 3 + jax.random.normal(KEY, (16, 4))


def tempered(width, levels):
    base = Normal(jnp.zeros(4), width**2 * jnp.eye(4))
    kernel = ParallelTempering(Mala(0.1), levels=levels, base=base)
    return kernel.tuned(KEY, TARGET, STARTS, 400)[0]


def test_log_z_of_two_modes():
    found = tempered_log_z(KEY, tempered(4.0, 8), TARGET, STARTS, 1500)
    for value, most in ((found.ratios, 0.03), (found.integral, 0.1)):
        assert value.kind == "estimate"
        assert value.stderr < most
        assert abs(value.value - 2.0) < 4 * value.stderr
    assert found.warnings == ()
    assert abs(found.ratios.value - 2.0 - np.log(1.2)) > 4 * found.ratios.stderr


def test_a_mode_that_no_replica_reaches_is_missing_and_the_trips_say_so():
    """From a narrow base around one mode log Z is that of the mode alone."""
    kernel = ParallelTempering(
        Mala(0.1), levels=3, base=Normal(jnp.full(4, 3.0), 1e-4 * jnp.eye(4))
    )
    found = tempered_log_z(KEY, kernel, TARGET, STARTS, 200)
    assert any("came from the hottest" in text or "rejected" in text for text in found.warnings)


def test_log_z_of_spins():
    ising = Ising(3, 0.3)
    states = 1.0 - 2.0 * ((np.arange(512)[:, None] >> np.arange(9)) & 1)
    energies = jax.vmap(ising.energy)(jnp.asarray(states.reshape(-1, 3, 3)))
    kernel = ParallelTempering(
        HeatBath([-1.0, 1.0]), levels=4, base=uniform_product((3, 3), [-1.0, 1.0])
    )
    found = tempered_log_z(KEY, kernel, ising, jnp.ones((8, 3, 3)), 300)
    assert found.ratios.stderr < 0.05
    assert abs(found.ratios.value - logsumexp(-np.asarray(energies))) < 4 * found.ratios.stderr


def test_bennett_on_many_seeds():
    """The error of the ratio of two normals is that of its scatter, and its bias none."""
    found = []
    for seed in range(200):
        rng = np.random.default_rng(seed)
        zero, one = rng.normal(size=300), 1 + 0.5 * rng.normal(size=900)
        found.append(bennett(*(2 * (x - 1) ** 2 - 0.5 * x**2 for x in (zero, one))))
    error = np.std(found) / 200**0.5
    assert error < 0.01
    assert abs(np.mean(found) - np.log(0.5)) < 4 * error


def test_bennett_of_distributions_apart_is_no_number():
    assert np.isnan(bennett(np.full(4, np.inf), np.zeros(4)))
    assert np.isnan(bennett(np.zeros(0), np.zeros(4)))
    assert bennett(np.full(4, 3.0), np.full(4, 3.0)) == pytest.approx(-3.0)


def test_what_has_no_log_z_is_refused():
    with pytest.raises(InputError, match="without a base"):
        tempered_log_z(KEY, ParallelTempering(Mala(0.1)), TARGET, STARTS)
    with pytest.raises(InputError, match="2 chains"):
        tempered_log_z(KEY, tempered(4.0, 3), TARGET, STARTS[:2])
