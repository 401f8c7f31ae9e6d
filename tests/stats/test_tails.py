"""Hill's estimator against power laws of known index, and tails that are none."""

import numpy as np
import pytest

from energeia.stats.tails import hill, log_moments, power_tail

TRIALS = 60


def found_in(draw):
    """The tail indices found in many columns of 10,000 numbers."""
    found = [power_tail(draw(np.random.default_rng(seed))) for seed in range(TRIALS)]
    return [f for f in found if f is not None]


def test_hill_has_the_index_of_a_pareto_law_within_its_error():
    found = [hill(np.random.default_rng(seed).pareto(2.5, 10_000) + 1.0) for seed in range(TRIALS)]
    pulls = np.array([(f.alpha - 2.5) / f.stderr for f in found])
    assert abs(pulls.mean()) < 4 / np.sqrt(TRIALS) + 0.1  # 1/k of bias is 0.07 errors
    assert abs(pulls.std() - 1.0) < 4 / np.sqrt(2 * TRIALS)


@pytest.mark.parametrize(
    ("draw", "alpha"),
    [
        (lambda rng: rng.standard_t(2.5, 10_000), 2.5),
        (lambda rng: 7.0 + 3.0 * rng.standard_t(1.0, 10_000), 1.0),
        (lambda rng: rng.pareto(2.5, 10_000) + 1.0, 2.5),
    ],
)
def test_power_laws_are_found_with_their_index(draw, alpha):
    found = found_in(draw)
    assert len(found) > 0.9 * TRIALS
    assert abs(np.mean([f.alpha for f in found]) / alpha - 1.0) < 0.08
    assert np.mean([abs(f.alpha - alpha) < 2 * f.stderr for f in found]) > 0.8


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: rng.normal(size=10_000),
        lambda rng: rng.random(10_000),
        lambda rng: 0.3 * rng.normal(size=10_000) + rng.choice([-1.0, 1.0], 10_000),
        lambda rng: np.zeros(10_000),
        lambda rng: np.where(np.arange(10_000) < 9_000, rng.random(10_000), 5.0),
        lambda rng: rng.integers(0, 4, 10_000).astype(float),
        lambda rng: rng.standard_cauchy(50),
    ],
)
def test_other_tails_have_none(draw):
    assert found_in(draw) == []


def test_gamma_is_that_of_the_law():
    rng = np.random.default_rng(0)
    for values, gamma in ((rng.pareto(2.0, 100_000) + 1.0, 0.5), (rng.random(100_000), -1.0)):
        ordered = np.log(np.sort(values)[::-1])
        found = float(log_moments(ordered[:2000], ordered[2000])[1])
        assert abs(found - gamma) < 0.15


def test_too_few_magnitudes_are_refused():
    with pytest.raises(ValueError, match="give more of them"):
        hill(np.ones(2), k=2)
