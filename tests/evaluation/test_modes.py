"""Modes, quality, balance and widths of perfect samplers, and of samplers broken one way each."""

import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.data.named.modes import MODES
from energeia.evaluation.modes import calibration, mode_report, points_inside

RING, GRID = MODES["ring"], MODES["grid"]
N = 20_000


@pytest.mark.parametrize("truth", [RING, GRID], ids=lambda t: t.name)
def test_perfect_sampler_scores_what_theory_says(truth):
    found = mode_report(truth.density.sample(0, N), truth.centers, truth.width)
    assert found.modes == len(truth.centers)
    share = 1 - np.exp(-4.5)
    assert abs(found.high_quality.value - share) < 4 * found.high_quality.stderr
    # 2 N KL is chi-square with K - 1 degrees of freedom.
    freedom = len(truth.centers) - 1
    assert abs(2 * N * share * found.kl.value - freedom) < 4 * np.sqrt(2 * freedom)
    each = 1 / np.sqrt(4 * N / len(truth.centers))
    assert np.all(np.abs(found.widths - 1) < 4 * each)
    assert abs(found.pooled_width - 1) < 4 / np.sqrt(4 * N)


def test_broken_samplers_are_caught():
    x = RING.density.sample(1, N)
    center = RING.centers[np.argmin(np.sum((x[:, None] - RING.centers) ** 2, axis=2), axis=1)]
    narrow = mode_report(center + 0.8 * (x - center), RING.centers, RING.width)
    assert narrow.high_quality.value > 0.993
    assert abs(narrow.pooled_width - 0.8) < 0.01
    lost = mode_report(x[center[:, 0] < 0.9], RING.centers, RING.width)
    assert lost.modes == 7
    assert abs(lost.kl.value - np.log(8 / 7)) < 0.01
    assert np.isnan(lost.widths[0])
    nowhere = mode_report(x + 5.0, RING.centers, RING.width)
    assert (nowhere.modes, nowhere.kl.kind) == (0, "none")


def test_calibration_reads_slope_and_noise():
    rng = np.random.default_rng(0)
    x = points_inside(rng, GRID.centers, GRID.width, 5000)
    log_p = GRID.log_prob(x)
    assert np.all(-log_p < -log_p.min() + 1e-9)
    exact = calibration(7.0 - log_p, log_p)
    assert (exact.slope, exact.r_squared) == pytest.approx((1.0, 1.0))
    assert calibration(-18.0 * log_p, log_p).slope == pytest.approx(18.0)
    noisy = calibration(-log_p + rng.normal(size=len(x)) * np.std(log_p), log_p)
    assert noisy.r_squared == pytest.approx(0.5, abs=0.05)


def test_rows_of_other_columns_are_refused():
    with pytest.raises(InputError, match="the same columns"):
        mode_report(np.zeros((5, 3)), RING.centers, RING.width)
