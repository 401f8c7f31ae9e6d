"""Trainings that differ in their seed alone are one row of the leaderboard, with their spread."""

import numpy as np
import pytest

import energeia
from energeia.estimate import Estimate
from energeia.evaluation.budget import EvaluationBudget
from energeia.records import LeaderboardRow
from energeia.report.gather import page_of
from energeia.report.numbers import over_seeds
from energeia.report.page import leaderboard_csv, render
from energeia.runs.leaderboard import nats_behind
from energeia.runs.seeds import interval_of, with_spread


def line(run, value, recipe="made", stderr=0.3, **given):
    return LeaderboardRow(
        recipe=recipe, family="autoregressive", run=run,
        log_likelihood=Estimate(value, stderr, "exact", 100) if value is not None
        else Estimate.none("failed"),
        two_sample={"energy distance": Estimate(0.1 * (value or 0.0), 0.01, "estimate", 9)},
        seconds=None, compile_seconds=None, samples_per_second=None, **given,
    )  # fmt: skip


def test_the_spread_is_the_standard_deviation_over_seeds():
    values = np.random.default_rng().normal(size=4)
    names = ["x/made", "x/made-seed1", "x/made-seed2", "x/made-seed3"]
    rows = [line(name, float(v)) for name, v in zip(names, values, strict=True)]
    (found,) = with_spread(rows[::-1])
    assert (found.run, found.seeds) == ("x/made", 4)
    assert found.log_likelihood == rows[0].log_likelihood
    assert found.spread == pytest.approx(np.std(values, ddof=1))
    assert found.interval == pytest.approx(np.hypot(0.3, found.spread * 7 / 6))
    assert found.two_sample_spread["energy distance"] == pytest.approx(0.1 * found.spread)


@pytest.mark.parametrize("stderr", [1e-3, 0.5])
@pytest.mark.parametrize("seeds", [2, 3, 5, 10])
def test_the_interval_contains_the_mean_of_all_seeds_as_often_as_one_deviation(seeds, stderr):
    """With 67 to 75 %, since a part of the error is known where that of rows is not small."""
    n = 100_000
    rng = np.random.default_rng()
    values = rng.normal(size=(n, seeds)) + stderr * rng.normal(size=(n, 1))
    spreads = np.std(values, axis=1, ddof=1)
    intervals = [interval_of(stderr, spread, seeds) for spread in spreads]
    covered = np.mean(np.abs(values[:, 0]) < intervals)
    error = np.sqrt(0.25 / n)
    assert 0.667 - 4 * error < covered < (0.69 if stderr < 0.1 else 0.76) + 4 * error
    plain = np.mean(np.abs(values[:, 0]) < np.hypot(stderr, spreads))
    assert plain < covered
    if seeds < 10 and stderr < 0.1:
        assert plain < 0.63, "the standard deviation itself is too small"


def test_runs_that_are_not_members_stay_apart():
    rows = [line("made", 0.0), line("made-seed1", 1.0, recipe="vae"), line("b-seed1", 2.0)]
    assert with_spread(rows) == rows
    assert all(over_seeds(row) == "" for row in rows)


def test_a_member_that_failed_is_named():
    rows = [line("a", 0.0), line("a-seed1", None), line("a-seed2", 1.0)]
    (found,) = with_spread(rows)
    assert found.spread == pytest.approx(2**-0.5)
    assert "without a-seed1" in found.warnings[0]
    assert over_seeds(found) == ", seeds ± 0.71"


@pytest.mark.parametrize(("spread", "behind"), [(None, 3.0), (2.0, None)])
def test_a_difference_within_the_spread_is_none(spread, behind):
    simple = line("mixture", -20.0, recipe="mixture")
    found = nats_behind(line("made", -23.0, spread=spread), simple)
    assert found == (behind if behind is None else pytest.approx(behind))


@pytest.fixture(scope="module")
def compared(tmp_path_factory):
    return energeia.compare(
        "ising:L=2,n=300", recipes=["made"], scale=0.002, seeds=2, quiet=True,
        out=tmp_path_factory.mktemp("seeds") / "all", budget=EvaluationBudget().scaled(0.01),
    )  # fmt: skip


def test_a_comparison_of_seeds(compared):
    directories = compared.directories
    assert [directory.path.name for directory in directories] == ["made", "made-seed1"]
    values = [directory.evaluation.log_likelihood.value for directory in directories]
    (found,) = compared.rows
    assert found.spread == pytest.approx(np.std(values, ddof=1))
    assert found.spread > 0
    assert [directory.config().seed for directory in directories] == [0, 1]
    assert len({directory.data.sha256 for directory in directories}) == 1


def test_a_page_has_one_line_for_all_seeds(compared):
    page = page_of(compared.directories)
    assert [part.title for part in page.models] == ["made"]
    header, line = (text.split(",") for text in leaderboard_csv(page).splitlines())
    assert line[header.index("seeds")] == "2"
    assert float(line[header.index("log_likelihood_spread")]) == compared.rows[0].spread
    assert over_seeds(compared.rows[0]) in render(page)
