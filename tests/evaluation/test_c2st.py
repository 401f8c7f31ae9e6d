import numpy as np
import pytest
from scipy import stats

from energeia._core.errors import InputError
from energeia.evaluation.c2st import classifier_test


def test_best_area_is_that_of_bayes():
    """N(0, 1) against N(s, 1) along one column: no classifier beats Phi(s / sqrt 2)."""
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(2, 1500, 3))
    found = classifier_test(x, y + np.array([0.8, 0.0, 0.0])).tested
    bayes = stats.norm.cdf(0.8 / np.sqrt(2))
    assert abs(found.value - bayes) < 4 * found.stderr + 0.01
    assert found.p_value < 0.01


def test_one_classifier_alone_would_be_blind():
    """Equal means and variances, other correlations: a straight line sees nothing."""
    generator = np.random.default_rng(1)
    x = generator.multivariate_normal([0, 0], [[1, 0.8], [0.8, 1]], size=800)
    y = generator.multivariate_normal([0, 0], [[1, -0.8], [-0.8, 1]], size=800)
    found = classifier_test(x, y)
    assert found.areas["logistic regression"] < 0.57
    assert found.tested.value > 0.85
    assert found.best != "logistic regression"


def test_null_p_values_do_not_reject_too_often():
    """The largest of five areas passes 1/2 most of the time; its p-value allows for that."""
    found = [
        classifier_test(*np.random.default_rng(s).normal(size=(2, 40, 3)), permutations=49, seed=s)
        for s in range(30)
    ]
    p = np.array([f.tested.p_value for f in found])
    assert stats.kstest(p, "uniform").pvalue > 0.01
    assert np.mean([f.tested.value for f in found]) > 0.53
    # The control: against 1/2 alone, the best classifier looks significant far too often.
    naive = [f.tested.value - 0.5 > 1.645 * f.tested.stderr for f in found]
    assert np.mean(naive) > 0.05 + 2 * np.sqrt(0.05 * 0.95 / 30)


def test_stated_error_is_the_scatter():
    found = []
    for seed in range(16):
        x, y = np.random.default_rng(seed).normal(size=(2, 150, 2))
        found.append(classifier_test(x + np.array([1.0, 0.0]), y, permutations=1).tested)
    scatter = np.std([f.value for f in found], ddof=1)
    assert 0.5 < scatter / np.mean([f.stderr for f in found]) < 1.7


def test_refuses_a_handful_of_rows():
    with pytest.raises(InputError, match="at least 4"):
        classifier_test(np.zeros((3, 2)), np.zeros((30, 2)))
