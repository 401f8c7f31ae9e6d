import numpy as np
import pytest
from scipy import stats

from energeia.stats.distances import distances, median_distance
from energeia.stats.permutation import p_value, relabelings
from energeia.stats.two_sample import (
    energy_distance,
    maximum_mean_discrepancy,
    pooled_distances,
    sliced_wasserstein,
)


def pair(n, m, d, shift, seed, sd=1.0):
    generator = np.random.default_rng(seed)
    return generator.normal(size=(n, d)), sd * generator.normal(size=(m, d)) + shift


def all_tests(x, y, seed=0, count=99):
    rows = np.concatenate([x, y])
    apart, labels = distances(rows, rows), relabelings(seed, count, len(x), len(y))
    return {
        "energy": energy_distance(apart, len(x), labels),
        "mmd": maximum_mean_discrepancy(apart, len(x), labels),
        "sliced": sliced_wasserstein(x, y, labels, directions=16),
    }


def folded(mean, variance):
    """E|N(mean, variance)|."""
    sd = np.sqrt(variance)
    return 2 * sd * stats.norm.pdf(mean / sd) + mean * (1 - 2 * stats.norm.cdf(-mean / sd))


@pytest.mark.parametrize(("shift", "sd"), [(1.0, 1.0), (0.3, 2.0)])
def test_energy_distance_between_gaussians_is_known(shift, sd):
    x, y = pair(1500, 1200, 1, shift, 0, sd)
    found = all_tests(x, y, count=9)["energy"]
    exact = 2 * folded(shift, 1 + sd**2) - folded(0, 2) - folded(0, 2 * sd**2)
    assert abs(found.value - exact) < 4 * found.stderr
    assert found.value > 10 * found.stderr


def test_mmd_between_gaussians_is_known():
    x, y = pair(1500, 1200, 1, 0.8, 1)
    rows, h = np.concatenate([x, y]), 0.7
    labels = relabelings(0, 9, 1500, 1200)
    found = maximum_mean_discrepancy(distances(rows, rows), 1500, labels, bandwidth=h)
    same, peak = h / np.sqrt(h**2 + 2), np.exp(-(0.8**2) / (2 * (h**2 + 2)))
    assert abs(found.value - 2 * same * (1 - peak)) < 4 * found.stderr


def test_sliced_wasserstein_of_a_shift_is_known():
    """Along an axis at angle t a shift s moves mass by s |cos t|, 2 s / pi on average."""
    x, y = pair(2000, 2000, 2, np.array([2.0, 0.0]), 2)
    labels = relabelings(0, 9, 2000, 2000)
    found = sliced_wasserstein(x, y, labels, directions=1000)
    axes = 2.0 * np.sqrt(0.5 - (2 / np.pi) ** 2) / np.sqrt(1000)
    assert abs(found.value - 4 / np.pi) < 4 * np.hypot(found.stderr, axes)
    line = sliced_wasserstein(x[:, :1], y[:, :1], labels)
    exact = stats.wasserstein_distance(x[:, 0], y[:, 0])
    assert np.isclose(line.value, exact, rtol=1e-4)


@pytest.mark.parametrize("name", ["energy", "mmd", "sliced"])
def test_stated_error_is_the_scatter_away_from_the_null(name):
    found = [all_tests(*pair(150, 200, 2, 0.7, s), count=1)[name] for s in range(60)]
    scatter = np.std([f.value for f in found], ddof=1)
    assert 0.7 < scatter / np.mean([f.stderr for f in found]) < 1.35


def test_null_p_values_are_uniform_and_shifts_are_found():
    null = [all_tests(*pair(40, 50, 3, 0.0, s), seed=s) for s in range(150)]
    for name in ("energy", "mmd", "sliced"):
        assert stats.kstest([f[name].p_value for f in null], "uniform").pvalue > 0.01
    # The control: the same test on distributions that differ is not uniform at all.
    shifted = [all_tests(*pair(40, 50, 3, 0.7, s), seed=s) for s in range(20)]
    for name in ("energy", "mmd", "sliced"):
        assert np.mean([f[name].p_value < 0.05 for f in shifted]) > 0.8


def test_unbiased_statistics_average_to_zero_under_the_null():
    found = [all_tests(*pair(40, 50, 3, 0.0, s), count=1) for s in range(150)]
    for name in ("energy", "mmd"):
        values = np.array([f[name].value for f in found])
        assert abs(values.mean()) < 4 * values.std() / np.sqrt(150)
    # The control: W1 is a distance and never zero in a finite sample.
    values = np.array([f["sliced"].value for f in found])
    assert values.mean() > 20 * values.std() / np.sqrt(150)


def test_permuted_statistics_equal_direct_ones():
    x, y = pair(30, 20, 2, 0.4, 5)
    rows = np.concatenate([x, y])
    labels = relabelings(3, 1, 30, 20)
    moved = np.concatenate([rows[labels[0]], rows[~labels[0]]])
    for name in ("energy", "mmd", "sliced"):
        through = {
            "energy": lambda r, lab: energy_distance(distances(r, r), 30, lab),
            "mmd": lambda r, lab: maximum_mean_discrepancy(distances(r, r), 30, lab),
            "sliced": lambda r, lab: sliced_wasserstein(r[:30], r[30:], lab, 16),
        }[name]
        assert np.isclose(through(rows, labels).null_mean, through(moved, labels).value, rtol=1e-4)


def test_kept_blocks_make_the_same_matrix():
    x, y = pair(30, 20, 4, 0.0, 6)
    rows = np.concatenate([x, y])
    kept = pooled_distances(distances(x, x), distances(x, y), distances(y, y))
    np.testing.assert_allclose(kept, distances(rows, rows), atol=2e-6)


def test_distances_far_from_the_origin():
    x = np.random.default_rng(0).normal(size=(50, 3))
    np.testing.assert_allclose(distances(x + 1e6, x + 1e6), distances(x, x), atol=1e-4)
    assert median_distance(distances(x, x)) == np.float32(
        np.median(distances(x, x)[np.triu_indices(50, 1)])
    )


def test_p_value_of_nan_is_nan():
    assert np.isnan(p_value(np.nan, np.zeros(3)))
