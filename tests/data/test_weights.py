"""A column of weights: read, checked, split; and weights that a loss can have."""

import numpy as np
import pytest
from tests.runs.weighted import signed, truth

from energeia._core.errors import InputError
from energeia.data.dataset import split
from energeia.data.features import flattened, standardized_by
from energeia.data.inspection import inspect
from energeia.data.sources import open_data, open_like
from energeia.data.weights import (
    LocalWeights,
    effective_number,
    nonnegative_weights,
    weight_warnings,
)
from energeia.support import Circle, Real, Support

X = np.random.default_rng(0).normal(size=(300, 2))
W = np.random.default_rng(1).exponential(size=300)


def csv(path, weight=W, names="x,w,y"):
    columns = {"x": X[:, 0], "y": X[:, 1], "w": weight, "z": X[:, 0]}
    table = np.column_stack([columns[name] for name in names.split(",")])
    np.savetxt(path, table, delimiter=",", header=names, comments="", fmt="%.17g")
    return path


@pytest.mark.parametrize("column", ["w", "1"])
def test_a_column_of_weights_is_taken_out_of_the_modeled_ones(column, tmp_path):
    data = open_data(csv(tmp_path / "a.csv"), weight_column=column)
    assert data.columns == ("x", "y")
    assert data.weight_column == "w"
    assert np.array_equal(data.weight, W)
    assert np.allclose(data.rows, X)
    assert open_data(tmp_path / "a.csv").weight is None


def test_weights_stay_with_their_rows(tmp_path):
    data = open_data(csv(tmp_path / "a.csv"), weight_column="w", rows=200, seed=3)
    for part in split(data, seed=2)[:3]:
        for row, weight in zip(part.rows[:5], part.weight[:5], strict=True):
            assert W[np.flatnonzero(np.isclose(X[:, 0], row[0]))[0]] == weight


def test_weights_stand_beside_conditions_and_dropped_columns(tmp_path):
    path = csv(tmp_path / "a.csv", names="z,w,x,y")
    data = open_data(path, weight_column="w", condition_columns=["y"], drop_columns=["z"])
    assert data.columns == ("x",)
    assert np.array_equal(data.weight, W)
    assert np.array_equal(data.condition[:, 0], X[:, 1])
    for other, words in {"drop_columns": "dropped", "condition_columns": "a condition"}.items():
        with pytest.raises(InputError, match=f"both {words} and the weight"):
            open_data(path, weight_column="w", **{other: ["w"]})


def test_rows_with_bad_weights_are_dropped_where_that_is_asked(tmp_path):
    weight = W.copy()
    weight[:3] = np.nan
    path = csv(tmp_path / "a.csv", weight)
    with pytest.raises(InputError, match="NaN or infinity in 3 of 300 rows"):
        open_data(path, weight_column="w")
    data = open_data(path, weight_column="w", drop_bad_rows=True)
    assert np.array_equal(data.weight, W[3:])


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        (np.zeros(300), "all weights in column w of .* are zero"),
        (-W, "add up to -.* where a positive sum is wanted"),
    ],
)
def test_weights_without_a_mean_are_refused(weight, message, tmp_path):
    with pytest.raises(InputError, match=message):
        open_data(csv(tmp_path / "a.csv", weight), weight_column="w")


def test_an_unknown_column_of_weights_is_named(tmp_path):
    with pytest.raises(InputError, match="no column 'v'"):
        open_data(csv(tmp_path / "a.csv"), weight_column="v")


def test_rows_for_a_trained_model_may_come_without_weights(tmp_path):
    support = Support(((Real(), 2),))
    weighted = open_like(csv(tmp_path / "a.csv"), support, (2,), weight_column="w")
    assert np.array_equal(weighted.weight, W)
    without = open_like(csv(tmp_path / "b.csv", names="x,y"), support, (2,), weight_column="w")
    assert without.weight is None
    with pytest.raises(InputError, match="no column 'v'"):
        open_like(tmp_path / "a.csv", support, (2,), weight_column="v")


def test_the_effective_number_is_the_ratio_of_variances_of_a_mean():
    rng = np.random.default_rng(0)
    weight = rng.exponential(size=400)
    terms = rng.normal(size=(4000, 400))
    variance = np.var(terms @ weight / weight.sum())
    assert np.isclose(1 / variance, effective_number(weight), rtol=4 * np.sqrt(2 / 4000))
    assert effective_number(1e-200 * weight) == pytest.approx(effective_number(weight))


def test_few_effective_rows_and_negative_weights_are_warned_of(tmp_path):
    assert weight_warnings(np.ones(1000)) == ()
    (few,) = weight_warnings(np.r_[np.full(5, 100.0), np.zeros(995)])
    assert "1,000 weighted rows are worth 5 rows of equal weight" in few
    signs = np.r_[-np.ones(100), np.ones(900)]
    (negative,) = weight_warnings(signs)
    assert "100 of 1,000 weights are negative" in negative
    path = csv(tmp_path / "a.csv", np.where(np.arange(300) < 30, -1.0, 1.0))
    assert "30 of 300 weights are negative" in " ".join(open_data(path, weight_column="w").warnings)
    found = inspect(path, weight_column="w")
    assert found.weight.negative == 30
    assert found.weight.effective_rows == pytest.approx(240**2 / 300)
    assert found.columns == ("x", "y")
    assert "30 of 300 weights are negative" in " ".join(found.warnings)


def test_weights_that_are_not_negative_stay_as_they_are():
    assert np.array_equal(nonnegative_weights(X, W), W)
    assert np.array_equal(LocalWeights(X, W).at(X[:5], W[:5]), W[:5])


def test_local_means_of_negative_weights_keep_the_means_they_weight():
    rng = np.random.default_rng(0)
    x, weight = signed(rng, 6000)
    local = LocalWeights(x, weight)
    other_x, other_raw = signed(rng, 3000)
    parts = [(x, weight, local.own), (other_x, other_raw, local.at(other_x, other_raw))]
    for rows, raw, ours in parts:
        assert ours.min() >= 0.0
        for f in (rows[:, 0], rows[:, 1], rows[:, 0] * rows[:, 1], np.abs(rows[:, 0]) < 0.5):
            mean = np.average(f, weights=raw)
            error = np.sqrt(np.sum((raw * (f - mean)) ** 2)) / raw.sum()
            # Errors of both, and the smoothing over neighbors.
            assert abs(np.average(f, weights=ours) - mean) < 4 * error + 0.02
    # The control: without the negative rows, the means are those of another density.
    near = np.abs(x[:, 0]) < 0.5
    assert abs(near[weight > 0].mean() - np.average(near, weights=weight)) > 0.05


def test_conditions_and_circles_are_part_of_where_a_row_is():
    rng = np.random.default_rng(0)
    condition = rng.integers(0, 2, (3000, 1)).astype(float)
    x = rng.normal(size=(3000, 1))
    weight = np.where(rng.uniform(size=3000) < 0.4 * condition[:, 0], -1.0, 1.0)
    found = nonnegative_weights(x, weight, condition)
    means = [found[condition[:, 0] == c].mean() for c in (0, 1)]
    assert np.allclose(means, [1.0, 0.2], atol=0.1)

    circle = Support(((Circle(0.0, 1.0), 1),))
    ends = flattened(circle, np.array([[0.001], [0.999], [0.5]]))
    assert np.linalg.norm(ends[0] - ends[1]) < 0.02 < np.linalg.norm(ends[0] - ends[2])


def test_a_constant_column_is_not_divided_by_zero():
    location, scale = standardized_by(np.column_stack([np.ones(5), np.arange(5.0)]))
    assert location[0] == 1.0
    assert scale[0] == 1.0


def test_the_signed_sample_describes_its_density():
    rng = np.random.default_rng(0)
    x, weight = signed(rng, 40_000)
    drawn = truth(rng, 40_000)
    for f in (lambda x: x[:, 0] ** 2, lambda x: np.abs(x[:, 0]) < 0.5):
        mean = np.average(f(x), weights=weight)
        error = np.hypot(
            np.sqrt(np.sum((weight * (f(x) - mean)) ** 2)) / weight.sum(),
            np.std(f(drawn)) / 200,
        )
        assert abs(mean - f(drawn).mean()) < 4 * error
