import numpy as np
import pytest
from scipy.signal import lfilter

from energeia._core.errors import InputError
from energeia.stats.resampling import bootstrap, jackknife, jackknife_chains


def variance(means):
    return means[..., 1] - means[..., 0] ** 2


def moments(x):
    return np.stack([x, x**2], axis=-1)


def test_bias_and_error_of_a_variance_are_known():
    """mean(x^2) - mean(x)^2 of n normals: bias -1/n, standard deviation sqrt(2/n)."""
    n = 400
    found = [
        jackknife(variance, moments(np.random.default_rng(s).normal(size=n))) for s in range(80)
    ]
    assert np.isclose(np.mean([f.bias for f in found]), -1 / n, rtol=0.1)
    assert np.isclose(np.mean([f.stderr for f in found]), np.sqrt(2 / n), rtol=0.05)
    scatter = np.std([f.value for f in found], ddof=1)
    assert 0.7 < scatter / np.sqrt(2 / n) < 1.3


def test_linear_function_has_the_plain_error_and_no_bias():
    x = np.random.default_rng(1).normal(size=(300, 1))
    found = jackknife(lambda means: means[..., 0], x)
    assert np.isclose(found.stderr, x.std(ddof=1) / np.sqrt(300))
    assert abs(found.bias) < 1e-12


def chains_of(seed, phi=0.9):
    noise = np.random.default_rng(seed).normal(size=(4, 5000))
    noise[:, 1:] *= np.sqrt(1 - phi**2)
    return lfilter([1.0], [1.0, -phi], noise, axis=1)


def test_correlated_draws_get_the_error_of_their_scatter():
    found = [jackknife_chains(variance, moments(chains_of(s))) for s in range(60)]
    scatter = np.std([f.value for f in found], ddof=1)
    assert 0.7 < scatter / np.mean([f.stderr for f in found]) < 1.35
    # The control: rows taken as independent claim too small an error.
    shuffled = np.random.default_rng(0).permutation(20_000)
    naive = [
        jackknife(variance, moments(chains_of(s)).reshape((-1, 2))[shuffled]) for s in range(3)
    ]
    assert scatter / np.mean([f.stderr for f in naive]) > 2


def test_bootstrap_of_a_median():
    x = np.random.default_rng(2).normal(size=800)
    found = bootstrap(np.median, x, seed=1)
    assert 0.7 < found.stderr / np.sqrt(np.pi / 2 / 800) < 1.3
    assert found.value == np.median(x)


def test_refuses_what_has_no_error():
    with pytest.raises(InputError, match="two rows"):
        jackknife(variance, np.zeros((1, 2)))
