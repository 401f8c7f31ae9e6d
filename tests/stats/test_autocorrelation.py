import numpy as np
import pytest
from arviz_stats.base import array_stats
from scipy.signal import lfilter

from energeia._core.errors import InputError
from energeia.stats.autocorrelation import (
    autocorrelation,
    effective_sample_size,
    integrated_time,
    mean_error,
    r_hat,
)


def ar1(phi, chains, draws, seed):
    """Stationary x_t = phi x_(t-1) + sqrt(1 - phi^2) noise: rho(t) = phi^t."""
    generator = np.random.default_rng(seed)
    noise = generator.normal(size=(chains, draws))
    noise[:, 1:] *= np.sqrt(1 - phi**2)
    return lfilter([1.0], [1.0, -phi], noise, axis=1)


def ar1_time(phi):
    return 0.5 * (1 + phi) / (1 - phi)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9, 0.97])
def test_autocorrelation_time_of_ar1_is_known(phi):
    found = integrated_time(ar1(phi, 8, 20_000, seed=1))
    # The window cuts off exp(-5) of the sum.
    assert abs(found.tau - ar1_time(phi)) < 4 * found.stderr + np.exp(-5) * ar1_time(phi)
    # The control: one step short of correlated draws is not independent draws.
    if phi:
        assert abs(found.tau - 0.5) > 4 * found.stderr


def test_stated_error_of_tau_is_the_scatter_over_seeds():
    found = [integrated_time(ar1(0.8, 2, 4000, seed)) for seed in range(40)]
    scatter = np.std([f.tau for f in found], ddof=1)
    stated = np.mean([f.stderr for f in found])
    assert 0.65 < scatter / stated < 1.5


def test_antithetic_chains_beat_independent_ones():
    x = ar1(-0.5, 4, 5000, seed=3)
    assert effective_sample_size(x) > 2 * x.size
    assert 0.0 < integrated_time(x).tau < 0.3


def test_mean_error_is_the_scatter_of_means():
    runs = np.stack([ar1(0.9, 2, 2000, seed) for seed in range(60)], axis=-1)
    scatter = np.std(runs.mean(axis=(0, 1)), ddof=1)
    assert 0.7 < scatter / np.mean(mean_error(runs)) < 1.4
    # The control: taking draws as independent claims an error four times too small.
    assert scatter / np.mean(np.std(runs, axis=(0, 1)) / np.sqrt(4000)) > 3


@pytest.mark.parametrize("shape", [(4, 500), (3, 101), (1, 64), (2, 9)])
def test_agrees_with_arviz(shape):
    x = ar1(0.7, *shape, seed=5) + 0.3 * np.arange(shape[0])[:, None]
    assert np.isclose(effective_sample_size(x), array_stats.ess(x, method="mean"), rtol=1e-9)
    bulk = effective_sample_size(x, rank_normalized=True)
    assert np.isclose(bulk, array_stats.ess(x, method="bulk"), rtol=1e-9)
    if shape[0] > 1:
        assert np.isclose(r_hat(x), array_stats.rhat(x, method="rank"), rtol=1e-9)


def test_trailing_axes_are_independent_columns():
    x = np.stack([ar1(p, 3, 400, seed=7) for p in (0.1, 0.5, 0.8, 0.3)], axis=-1)
    x = x.reshape((3, 400, 2, 2))
    for function in (effective_sample_size, r_hat, mean_error, lambda a: integrated_time(a).tau):
        alone = [[function(x[:, :, i, j]) for j in range(2)] for i in range(2)]
        np.testing.assert_allclose(function(x), alone, rtol=1e-10)
    assert autocorrelation(x).shape == (400, 2, 2)


def test_agreement_is_not_correctness():
    """Chains that all stand in one of two modes agree; only chains in both disagree."""
    one_mode = np.random.default_rng(0).normal(size=(4, 4000)) + 10.0
    assert r_hat(one_mode) < 1.002
    assert effective_sample_size(one_mode) > 0.8 * one_mode.size
    both = one_mode * np.array([1, 1, 1, -1])[:, None]
    assert r_hat(both) > 1.5
    assert effective_sample_size(both) < 20


def test_a_series_that_never_moves_has_no_answer():
    still = np.full((4, 100), 0.1)
    assert np.isnan(effective_sample_size(still))
    assert np.isnan(r_hat(still))
    assert np.isnan(integrated_time(still).tau)
    assert mean_error(still) == 0.0
    frozen_apart = np.repeat(np.arange(4.0)[:, None], 100, axis=1)
    assert r_hat(frozen_apart) > 1e6


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_nan_is_not_hidden(bad):
    x = ar1(0.5, 4, 100, seed=1)
    x[2, 50] = bad
    assert np.isnan(r_hat(x))
    assert np.isnan(effective_sample_size(x))
    assert np.isnan(integrated_time(x).tau)
    assert np.isnan(mean_error(x))


def test_chains_shorter_than_their_memory_say_nothing():
    found = integrated_time(ar1(0.97, 1, 60, seed=2))
    assert np.isnan(found.tau) or found.stderr > 0.5 * found.tau


def test_refuses_a_flat_array():
    with pytest.raises(InputError, match="add an axis"):
        integrated_time(np.zeros(100))
