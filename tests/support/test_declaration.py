"""Supports as a user declares them."""

import re

import pytest

from energeia._core.errors import InputError
from energeia.support import Real, Support, parse

NAMES = ("lifetime", "channel", "t [s; UTC]", "2", "it's: odd", "x-y")
FREE = Support.of([Real()] * 6)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("lifetime:positive; channel:categorical(0,1,2)", {0: "positive", 1: "categorical(0,1,2)"}),
        ("'t [s; UTC]': positive", {2: "positive"}),
        ('"it\'s: odd":interval(0,1)', {4: "interval(0,1)"}),
        ("'it''s: odd':interval(0,1)", {4: "interval(0,1)"}),
        ("x-y:positive;", {5: "positive"}),
        ("2:positive; '2':circle(0,1)", {2: "positive", 3: "circle(0,1)"}),
        ("1-2:positive; 5 : positive", {1: "positive", 2: "positive", 5: "positive"}),
        ("positive", dict.fromkeys(range(6), "positive")),
        (" ; *:positive ;", dict.fromkeys(range(6), "positive")),
        (":positive", dict.fromkeys(range(6), "positive")),
        ("", {}),
    ],
)
def test_columns_are_declared_by_number_or_by_name(text, expected):
    wanted = [expected.get(i, "real") for i in range(6)]
    columns = parse(text, FREE, NAMES).columns
    assert columns == parse("; ".join(f"{i}:{k}" for i, k in enumerate(wanted)), FREE).columns
    assert [column.name for column in columns] == [kind.partition("(")[0] for kind in wanted]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("lifetme:positive", "did you mean 'lifetime'"),
        ("lifetime:postive", "did you mean 'positive'"),
        ("6:positive", "columns 0 to 5"),
        ("'t [s; UTC:positive", "cannot be read"),
        ("a:b:positive", "columns 'a:b' were named"),
        ("':positive", "cannot be read"),
        ("lifetime:", "is not known"),
    ],
)
def test_a_declaration_that_cannot_be_read_is_one_sentence(text, said):
    with pytest.raises(InputError, match=re.escape(said)) as caught:
        parse(text, FREE, NAMES)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0-2: sphere", "0-2: sphere, 3-5: real"),
        ("0-5: sphere", "0-5: sphere"),
        ("1-4: sphere(3)", "0: real, 1-4: sphere(3), 5: real"),
        ("2-5: rotation", "0-1: real, 2-5: rotation"),
        ("*: simplex", "0-5: simplex(5)"),
        ("*: simplex(2)", "0-5: simplex(2)"),
        ("0-1: torus(0,1); 3: circle(0,1)", "0-1: circle(0,1), 2: real, 3: circle(0,1), 4-5: real"),
        ("0-3: link(U1)", "0-3: circle(-3.14159,3.14159), 4-5: real"),
    ],
)
def test_a_range_of_columns_holds_as_many_factors_as_fit(text, expected):
    support = parse(text, FREE)
    assert str(support) == expected
    assert support.width == 6


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0-3: sphere", "stored as 3 numbers: give them by range, such as 0-2:sphere"),
        ("0: rotation", "1 column was declared rotation"),
        ("0-2: sphere; 1: real", "one of 3 numbers of sphere"),
        ("0: link(SU2)", "1 column was declared su(2), which is stored as 8 numbers"),
        ("0: link(SU)", "wrong arguments"),
        ("0: link(U2)", "wrong arguments"),
        ("0-1: sphere(0)", "wrong arguments"),
        ("0: simplex", "wrong arguments"),
    ],
)
def test_columns_that_do_not_make_a_factor_are_refused(text, said):
    with pytest.raises(InputError, match=re.escape(said)) as caught:
        parse(text, FREE)
    assert "\n" not in str(caught.value)
