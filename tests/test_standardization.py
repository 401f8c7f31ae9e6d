"""Rows to standardized rows and back, on the host, for numbers of any size."""

import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.data.standardize import StandardizedRows, fit_standardization
from energeia.standardization import Standardization
from energeia.support import Binary, Categorical, Circle, Integer, Interval, Positive, Real, Support

FLOATS = Categorical((-0.044641636506989144, 0.0506801187398187, 0.1 + 0.2))


def draws(column, count=500, seed=0):
    """Draws of a column, rounded as float64 rounds them."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=count)
    match column:
        case Positive():
            return np.exp(z) * 1e-300
        case Interval(low, high):
            return low + (high - low) / (1 + np.exp(-3 * z))
        case Circle(low, high):
            return low + (high - low) * rng.uniform(size=count)
        case Real():
            return 1e9 + 1e-3 * z
        case _:
            return rng.choice(column.values, count)


COLUMNS = [
    Real(),
    Positive(),
    Interval(1e-30, 3e-30),
    Interval(1e9, 1e9 + 1),
    Circle(0.0, 1e-25),
    Binary((0.1, 0.7)),
    Integer(2**40, 2**40 + 7),
    FLOATS,
]


@pytest.mark.parametrize("column", COLUMNS)
def test_rows_return_from_float32_as_exactly_as_their_spread_allows(column):
    x = draws(column)[:, None]
    support = Support(((column, 1),))
    standardization = fit_standardization(support, (1,), x, ("x",))
    z = standardization.encode(x).astype(np.float32)
    standardization.standardized.check(z)
    back = standardization.decode(z)
    support.check(back)
    if column.discrete:
        np.testing.assert_array_equal(back, x)
    else:
        assert np.max(np.abs(back - x)) < 1e-5 * np.ptp(x)
        if column.name != "circle":
            assert abs(np.mean(z)) < 1e-3
            assert abs(np.std(z) - 1) < 1e-3


def test_the_ends_of_an_interval_stay_within_it():
    support = Support(((Interval(0.0, 1.0), 1),))
    standardization = Standardization(support, (0.0,), (1.0,))
    support.check(standardization.decode(np.array([[-1e3], [1e3]])))
    near = np.array([[1 - 1e-12]])
    z = standardization.encode(near).astype(np.float32)
    assert abs(1 - standardization.decode(z)[0, 0] - 1e-12) < 1e-14


def test_alphabets_that_float32_holds_leave_rows_as_they_are():
    support = Support(((Binary((-1.0, 1.0)), 3),))
    rows = np.random.default_rng(0).choice([-1.0, 1.0], (50, 3)).astype(np.float32)
    standardization = fit_standardization(support, (3,), rows, ("a", "b", "c"))
    assert standardization.identity
    assert standardization.encode(rows) is rows
    assert standardization.standardized == support


def test_pixels_of_one_image_share_a_unit_and_columns_of_a_table_do_not():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(100, 4)) * [1.0, 2.0, 3.0, 4.0]
    names = ("a", "b", "c", "d")
    image = fit_standardization(Support(((Real(), 4),)), (2, 2), rows, names)
    table = fit_standardization(Support(((Real(), 4),)), (4,), rows, names)
    assert len(set(image.scale)) == 1
    assert len(set(table.scale)) == 4


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (1e9 + 1e-7 * np.arange(50.0), "float64 resolves"),
        (1e305 * np.linspace(-1, 1, 50), "divide the column by a unit"),
    ],
)
def test_columns_that_float64_does_not_resolve_are_refused(rows, reason):
    with pytest.raises(InputError, match=f"column mass .*{reason}"):
        fit_standardization(Support(((Real(), 1),)), (1,), rows[:, None], ("mass",))


def test_rows_are_standardized_when_they_are_read():
    x = np.random.default_rng(0).normal(1e9, 1e-3, (10, 2))
    standardization = fit_standardization(Support(((Real(), 2),)), (2,), x, ("a", "b"))
    rows = StandardizedRows(x, standardization, np.float32)
    every = standardization.encode(x).astype(np.float32)
    np.testing.assert_array_equal(np.asarray(rows), every)
    np.testing.assert_array_equal(rows[3:7], every[3:7])
    np.testing.assert_array_equal(rows[np.array([8, 1])], every[[8, 1]])
    assert rows.shape == (10, 2)
    assert len(rows) == 10
    assert rows.dtype == np.float32


def test_values_of_an_alphabet_may_come_rounded_to_float32():
    x = np.array(FLOATS.values)
    assert np.all(FLOATS.contains(x))
    assert np.all(FLOATS.contains(x.astype(np.float32).astype(np.float64)))
    assert not np.any(FLOATS.contains(x + 1e-6))
    assert not np.any(FLOATS.contains(np.array([np.nan, np.inf, 0.0])))
    np.testing.assert_array_equal(
        Categorical((3.0, 1.0, 2.0)).code(np.array([1.0, 2.0, 3.0])), [1, 2, 0]
    )


def test_a_few_rows_in_the_tails_do_not_make_the_scale_of_a_table():
    """Student's t of 1.5 degrees of freedom, whose standard deviation grows with the rows."""
    support, scales, deviations = Support(((Real(), 1),)), [], []
    for seed in range(20):
        x = np.random.default_rng(seed).standard_t(1.5, (4000, 1))
        scales.append(fit_standardization(support, (1,), x, ("x",)).scale[0])
        deviations.append(np.std(x))
    assert np.std(scales) < 0.05 * np.mean(scales)
    assert np.std(deviations) > 0.3 * np.mean(deviations)  # the control
    x = np.random.default_rng(0).standard_t(3.0, (4000, 1))
    assert np.isclose(fit_standardization(support, (1,), x, ("x",)).scale[0], np.std(x))
