import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.stats.weights import (
    RunningLogSums,
    effective_fraction,
    from_sums,
    jackknife_log_mean,
    log_mean_exp,
)


def lognormal(shape, sigma, seed):
    """log w ~ N(-sigma^2 / 2, sigma^2): E[w] = 1, so that log E[w] = 0."""
    return np.random.default_rng(seed).normal(-0.5 * sigma**2, sigma, size=shape)


def test_log_mean_is_a_lower_bound_whose_bias_is_known():
    found = log_mean_exp(lognormal((50, 20_000), 1.0, 0))
    mean, error = found.value.mean(), found.value.std() / np.sqrt(20_000)
    expected = -0.5 * (np.e - 1) / 50  # delta method: -var(w) / 2K, relative error O(1/K)
    assert mean < -10 * error
    assert abs(mean - expected) < 4 * error + 0.25 * abs(expected)
    assert abs(found.bias.mean() - mean) < 0.3 * abs(mean)


def test_jackknife_removes_the_bias_of_first_order():
    log_w = lognormal((50, 20_000), 0.7, 1)
    plain, corrected = log_mean_exp(log_w).value, jackknife_log_mean(log_w).value
    error = corrected.std() / np.sqrt(20_000)
    assert abs(plain.mean()) > 6 * error  # the control
    assert abs(corrected.mean()) < 4 * error + 0.15 * abs(plain.mean())


def test_bound_rises_with_k():
    log_w = lognormal((64, 20_000), 1.0, 2)
    means = [log_mean_exp(log_w[:k]).value.mean() for k in (1, 4, 16, 64)]
    assert all(a < b for a, b in itertools.pairwise(means))
    assert means[-1] < 0


def test_stated_error_is_the_scatter():
    found = log_mean_exp(lognormal((400, 3000), 0.5, 3))
    assert 0.93 < found.value.std() / found.stderr.mean() < 1.07


def test_effective_size_has_a_floor_of_one():
    """Weights with a true ESS fraction of exp(-sigma^2) = 1e-11 still report at least 1/B."""
    log_w = lognormal((100, 200), 5.0, 4)
    fraction = effective_fraction(log_w)
    assert np.all(fraction >= 1 / 100 - 1e-12)
    assert np.exp(-25.0) < 1e-3 * fraction.min()
    assert np.allclose(effective_fraction(np.zeros((100, 3))), 1.0)


def test_reverse_effective_size_is_blind_to_a_lost_mode():
    """Samples of one of two equal modes have equal weights: ESS 1, and the mean misses ln 2."""
    generator = np.random.default_rng(5)
    x = generator.normal(10.0, 1.0, size=10_000)

    def log_normal(mean):
        return -0.5 * (x - mean) ** 2 - 0.5 * np.log(2 * np.pi)

    log_w = np.logaddexp(log_normal(10.0), log_normal(-10.0)) - log_normal(10.0)
    assert effective_fraction(log_w) > 0.999
    assert abs(log_mean_exp(log_w).value) < 1e-6  # the truth is log 2


def test_stream_equals_all_at_once():
    log_w = lognormal((60, 7), 2.0, 6) - 300.0
    stream = RunningLogSums.empty((7,))
    for start in range(0, 60, 20):
        stream = jax.jit(RunningLogSums.add)(stream, jnp.asarray(log_w[start : start + 20]))
    found = from_sums(np.asarray(stream.log_sum), np.asarray(stream.log_sum_squares), 60)
    expected = log_mean_exp(log_w)
    np.testing.assert_allclose(found.value, expected.value, rtol=1e-6)
    np.testing.assert_allclose(found.ess, expected.ess, rtol=1e-3)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_bad_weights_are_not_hidden(bad):
    log_w = lognormal((10, 2), 1.0, 7)
    log_w[3, 0] = bad
    assert not np.isfinite(log_mean_exp(log_w).value[0])
    assert np.isfinite(log_mean_exp(log_w).value[1])
    stream = RunningLogSums.empty((2,)).add(jnp.asarray(log_w))
    assert not np.isfinite(stream.log_sum[0])


def test_weights_of_zero_are_zero():
    found = log_mean_exp(np.array([-np.inf, 0.0]))
    assert np.isclose(found.value, np.log(0.5))
    assert log_mean_exp(np.full(3, -np.inf)).value == -np.inf
    assert RunningLogSums.empty(()).add(jnp.full(3, -jnp.inf)).log_sum == -jnp.inf
