import numpy as np
import pytest
from scipy import stats

from energeia.stats.columns import holm, kolmogorov_smirnov


def test_holm_by_hand():
    """Holm 1979: sorted p times (tests left), made to rise, at most one."""
    assert np.allclose(holm(np.array([0.01, 0.02, 0.03, 0.9])), [0.04, 0.06, 0.06, 0.9])
    assert np.allclose(holm(np.array([0.5, 0.9])), [1.0, 1.0])


def test_holm_keeps_the_family_wise_error():
    p = np.random.default_rng(0).uniform(size=(4000, 20))
    rejected = np.mean([holm(row).min() < 0.05 for row in p])
    assert rejected < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 4000)
    assert np.mean(p.min(axis=1) < 0.05) > 0.5  # the control: without it, most families reject


def test_statistic_is_that_of_scipy():
    generator = np.random.default_rng(1)
    x, y = generator.normal(size=(120, 3)), generator.normal(size=(90, 3)) * 1.3
    apart, p = kolmogorov_smirnov(x, y)
    for column in range(3):
        exact = stats.ks_2samp(x[:, column], y[:, column], method="asymp")
        assert np.isclose(apart[column], exact.statistic)
        assert np.isclose(p[column], exact.pvalue)


@pytest.mark.parametrize("draw", ["binary", "few", "normal"])
def test_null_p_values_do_not_reject_too_often_and_see_differences(draw):
    generator = np.random.default_rng(2)

    def rows(shift):
        if draw == "normal":
            return generator.normal(size=(300, 400)) + shift
        if draw == "few":
            return generator.poisson(2.0 + shift, size=(300, 400)).astype(float)
        return (generator.uniform(size=(300, 400)) < 0.3 + 0.3 * shift).astype(float)

    _, p = kolmogorov_smirnov(rows(0.0), rows(0.0))
    assert 0.01 < np.mean(p < 0.05) < 0.05 + 4 * np.sqrt(0.05 * 0.95 / 400)
    _, p = kolmogorov_smirnov(rows(0.0), rows(0.5))
    assert np.mean(p < 0.05) > 0.8


def test_a_constant_column_tells_nothing():
    apart, p = kolmogorov_smirnov(np.zeros((10, 1)), np.zeros((12, 1)))
    assert apart[0] == 0.0
    assert p[0] == 1.0
    assert kolmogorov_smirnov(np.zeros((10, 1)), np.ones((12, 1)))[1][0] < 1e-4
