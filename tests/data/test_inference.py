import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.data import checks, inference
from energeia.data.inference import infer, suggest, summarize

RNG = np.random.default_rng(0)
COLUMNS = {
    "binary(0,1)": RNG.integers(0, 2, 500),
    "binary(-1,1)": 2 * RNG.integers(0, 2, 500) - 1,
    "binary(0.5,1.5)": RNG.integers(0, 2, 500) + 0.5,
    "integer(0,9)": RNG.integers(0, 10, 500),
    "integer(-3,200)": np.r_[-3, 200, RNG.integers(-3, 201, 498)],
    "categorical(11,13,211,2212)": RNG.choice([11, 13, 211, 2212], 500),
    "categorical(0.1,0.7,3.3)": RNG.choice([0.1, 0.7, 3.3], 500),
    "real": RNG.normal(size=500),
}


@pytest.mark.parametrize("expected", COLUMNS)
def test_columns_of_a_table_are_judged_one_by_one(expected):
    values = np.column_stack([COLUMNS[expected], COLUMNS["real"]]).astype(float)
    assert str(infer(summarize(values), alike=False)).startswith(
        f"0: {expected}" if expected != "real" else "0-1: real"
    )


def test_whole_numbers_over_a_wide_range_are_real():
    assert str(infer(summarize(RNG.integers(0, 10**6, (500, 1))), alike=False)) == "0: real"


def test_cells_of_one_array_share_a_range():
    image = RNG.integers(0, 17, (50, 4))
    image[:, 0] = 0
    image[0, 1] = 16
    assert str(infer(summarize(image), alike=True)) == "0-3: integer(0,16)"
    assert str(infer(summarize(image), alike=False)).startswith("0: binary(0,1), 1-3: integer")
    spins = np.where(image > 8, 0.5, -0.5)
    assert str(infer(summarize(spins), alike=True)) == "0-3: binary(-0.5,0.5)"


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64, bool])
def test_blocks_see_what_the_whole_sees(monkeypatch, dtype):
    values = RNG.integers(0, 2 if dtype is bool else 40, (300, 3)).astype(dtype)
    whole = summarize(values)
    monkeypatch.setattr(checks, "BLOCK_VALUES", 21)
    parts = summarize(values)
    assert str(infer(whole, False)) == str(infer(parts, False))
    for a, b in zip(whole.alphabets, parts.alphabets, strict=True):
        np.testing.assert_array_equal(a, b)


def test_bounds_are_suggested_never_guessed():
    values = np.column_stack(
        [
            RNG.exponential(size=500),
            RNG.uniform(-np.pi, np.pi, 500),
            RNG.uniform(0, 1, 500),
            RNG.exponential(size=500),
            RNG.normal(size=500),
        ]
    )
    summary = summarize(values)
    support = infer(summary, alike=False)
    assert str(support) == "0-4: real"
    said = suggest(summary, support)
    assert said[0] == "0:positive; 3:positive"
    assert said[1].startswith("1:circle(-3.14159")
    assert said[2] == "2:interval(0,1)"
    assert len(said) == 3


def test_constant_columns():
    values = np.column_stack([np.zeros(50), RNG.normal(size=50), np.full(50, 0.3)])
    summary = summarize(values)
    support = infer(summary, alike=False)
    with pytest.raises(InputError, match="column 2"):
        inference.refuse_unfit(summary, support, ("x0", "x1", "x2"), "f")
    (warning,) = inference.refuse_unfit(
        summarize(values[:, :2]), support.select([0, 1]), ("x0", "x1"), "f"
    )
    assert "column 0" in warning


def test_doubts():
    values = np.column_stack(
        [
            2.0**25 + RNG.integers(0, 10**6, 500),
            1e6 + 0.1 * RNG.normal(size=500),
            np.round(RNG.normal(size=500), 1),
            RNG.normal(size=500),
        ]
    )
    summary = summarize(values)
    # Large and tight columns are standardized in float64: nothing is lost.
    (said,) = inference.value_warnings(summary, infer(summary, False), ("a", "b", "c", "x3"))
    assert "column 2 c" in said
    assert not inference.value_warnings(
        summarize(values[:, 3:]), infer(summarize(values[:, 3:]), False), "d"
    )


def test_unit_vectors_and_compositions_are_suggested():
    rng = np.random.default_rng(0)
    direction = rng.normal(size=(200, 3))
    direction /= np.linalg.norm(direction, axis=1, keepdims=True)
    rows = np.column_stack(
        [rng.normal(size=200), direction.astype(np.float32), rng.dirichlet([1, 2, 3, 4], 200)]
    )
    found = summarize(rows)
    assert suggest(found, infer(found, alike=False)) == ("1-3:sphere", "4-7:simplex(3)")
    one_hot = np.eye(3)[rng.integers(0, 3, 200)]
    found = summarize(np.column_stack([one_hot, rows[:, 0]]))
    assert not found.groups
    rows[150, 1] += 1e-4  # the control: beyond the rows that are looked at first
    found = summarize(rows)
    assert suggest(found, infer(found, alike=False)) == ("4-7:simplex(3)",)
