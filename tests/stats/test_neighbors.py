import numpy as np
import pytest

from energeia.stats.distances import distances
from energeia.stats.neighbors import coverage, duplicates, memorization


def normals(n, d, seed):
    return np.random.default_rng(seed).normal(size=(n, d))


@pytest.mark.parametrize(("n", "m", "d"), [(400, 400, 2), (300, 700, 8), (500, 200, 1)])
def test_coverage_of_the_same_distribution_is_known(n, m, d):
    found = []
    for seed in range(12):
        real, fake = normals(n, d, seed), normals(m, d, seed + 1000)
        found.append(coverage(distances(real, real), distances(real, fake)))
    values = np.array([f.value for f in found])
    assert abs(values.mean() - found[0].expected) < 4 * values.std(ddof=1) / np.sqrt(12) + 2e-3
    assert values.std(ddof=1) / np.mean([f.stderr for f in found]) < 2.0


def test_expected_coverage_is_that_of_the_paper():
    """Naeem et al. 2020, appendix: 1 - (n-1)...(n-k) / ((2n-1)...(2n-k)) at n = m."""
    real = normals(50, 2, 0)
    found = coverage(distances(real, real), distances(real, normals(50, 2, 1)))
    above = np.prod([(50.0 - i) / (100.0 - i) for i in range(1, 6)])
    assert np.isclose(found.expected, 1 - above)


def test_a_lost_mode_is_not_covered():
    real = np.concatenate([normals(200, 2, 2), normals(200, 2, 3) + 20])
    found = coverage(distances(real, real), distances(real, normals(400, 2, 4)))
    assert abs(found.value - 0.5) < 0.05


def test_honest_samplers_score_one_half_and_the_error_is_the_scatter():
    found = []
    for seed in range(60):
        training, held_out, fake = (normals(150, 3, 3 * seed + i) for i in range(3))
        found.append(memorization(fake, training, held_out))
    values = np.array([f.value for f in found])
    assert abs(values.mean() - 0.5) < 4 * values.std(ddof=1) / np.sqrt(60)
    assert 0.75 < values.std(ddof=1) / np.mean([f.stderr for f in found]) < 1.3


def test_a_jittered_copy_is_caught():
    training, held_out = normals(150, 3, 0), normals(150, 3, 1)
    fake = training + 0.05 * normals(150, 3, 2)
    found = memorization(fake, training, held_out)
    assert (found.value - 0.5) / found.stderr > 5


def test_a_few_favorite_rows_make_the_error_large():
    training, held_out = normals(150, 3, 0), normals(150, 3, 1)
    fake = training[:1] + 0.01 * normals(150, 3, 2)
    found = memorization(fake, training, held_out)
    assert found.value > 0.99
    assert found.stderr > 0.4


def test_ties_are_shared():
    rows = np.zeros((10, 2))
    assert memorization(rows, rows, rows).value == pytest.approx(0.5)


def test_more_training_rows_do_not_look_like_memory():
    values, errors = [], []
    for seed in range(40):
        training, held_out, fake = (
            normals(600, 3, seed),
            normals(150, 3, 99 - seed),
            normals(200, 3, 500 + seed),
        )
        found = memorization(fake, training, held_out)
        values.append(found.value)
        errors.append(found.stderr)
    # A ratio of counts is biased by about its squared error.
    error = np.std(values, ddof=1) / np.sqrt(40)
    assert abs(np.mean(values) - 0.5) < 4 * error + np.mean(errors) ** 2
    assert 0.7 < np.std(values, ddof=1) / np.mean(errors) < 1.4
    copies = training[:200] + 0.02 * normals(200, 3, 7)
    assert memorization(copies, training, held_out).value > 0.95


def test_duplicates_are_counted():
    rows = normals(20, 2, 0)
    assert duplicates(rows) == 0
    assert duplicates(np.concatenate([rows, rows[:3], rows[:3]])) == 6
