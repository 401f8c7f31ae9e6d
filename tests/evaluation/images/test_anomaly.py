"""Anomaly scores against closed forms: Gaussians apart, and scores that know nothing."""

import numpy as np
import pytest
from scipy.stats import norm

from energeia._core.errors import InputError
from energeia.evaluation.images.anomaly import anomaly_report, held_out_digit


def test_gaussians_apart_and_scores_that_know_nothing():
    rng = np.random.default_rng(0)
    odd = [np.arange(4000) < 400 for _ in range(8)]
    apart = anomaly_report([rng.normal(size=4000) + 1.5 * o for o in odd], odd)
    assert abs(apart.auroc.value - norm.cdf(1.5 / np.sqrt(2))) < 4 * apart.auroc.stderr
    blind = anomaly_report([rng.normal(size=4000) for _ in odd], odd)
    assert blind.base_rate == pytest.approx(0.1)
    assert abs(blind.auroc.value - 0.5) < 4 * blind.auroc.stderr
    assert abs(blind.auprc.value - blind.base_rate) < 0.02
    assert apart.auprc.value > 0.3


def test_the_digit_is_judged_and_never_trained_on():
    labels = np.arange(1000) % 10
    found = held_out_digit(np.arange(1000), labels, 3)
    assert not np.any(labels[found.train] == 3)
    assert found.anomalous.sum() == 100
    assert np.array_equal(labels[found.test] == 3, found.anomalous)
    assert not set(found.train) & set(found.test)
    with pytest.raises(InputError, match="no image"):
        held_out_digit(np.arange(1000), labels, 11)


def test_bad_scores_are_refused():
    odd = np.array([True, False])
    with pytest.raises(InputError, match="finite"):
        anomaly_report([np.array([np.nan, 0.0])], [odd])
    with pytest.raises(InputError, match="pairs"):
        anomaly_report([], [])
