"""A number out of range is refused with its name, its value and the range."""

import math

import msgspec
import pytest

from energeia._core.errors import InputError
from energeia._core.ranges import (
    Count,
    CountOrAuto,
    Finite,
    NonNegative,
    Positive,
    PositiveShare,
    ProperShare,
    Seed,
    Share,
    require_in,
    require_ranges,
)


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (Count, 0, "at least 1"),
        (Count, 2**31, "at most 2147483647"),
        (CountOrAuto, -2, "at least -1"),
        (Seed, -1, "at least 0"),
        (Seed, 2**32, "at most 4294967295"),
        (Positive, 0.0, "above 0"),
        (Positive, math.nan, "a finite number, above 0"),
        (NonNegative, -1e-9, "at least 0"),
        (NonNegative, math.inf, "a finite number, at least 0"),
        (Share, 1.5, "at most 1"),
        (PositiveShare, 0.0, "above 0"),
        (ProperShare, 1.0, "below 1"),
        (Finite, math.nan, "a finite number"),
        (Finite, -math.inf, "a finite number"),
        (tuple[Share, Share], (0.5, -0.5), "at least 0"),
        (tuple[Share, ...], [0.5, math.nan], "a finite number, at least 0"),
        (Count | None, 0, "at least 1"),
    ],
)
def test_a_number_out_of_range_is_refused(kind, value, wanted):
    with pytest.raises(InputError, match=rf"^size was given .*: it must be {wanted}$"):
        require_in(kind, value, "size")


@pytest.mark.parametrize(
    ("kind", "value"),
    [(Count, 1), (Seed, 2**32 - 1), (NonNegative, 0.0), (ProperShare, 0.0), (Share, 1.0),
     (tuple[Share, ...], ()), (Count | None, None), (Finite, -3.0), (CountOrAuto, -1)],
)  # fmt: skip
def test_a_number_at_the_edge_is_taken(kind, value):
    require_in(kind, value, "size")


def test_nested_records_and_mappings_are_named_by_their_path():
    inner = msgspec.defstruct("Inner", [("batch", Count)])
    outer = msgspec.defstruct("Outer", [("training", inner)])
    with pytest.raises(InputError, match=r"^training\.batch was given 0"):
        require_ranges(outer(inner(0)))
    with pytest.raises(InputError, match=r"^training\.batch was given 0"):
        require_in(outer, {"training": {"batch": 0}})
    with pytest.raises(InputError, match=r"^--training\.batch was given 0"):
        require_ranges(outer(inner(0)), lambda path: f"--{path}")
