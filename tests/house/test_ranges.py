"""Every number that a user can set has a range."""

from types import UnionType
from typing import Annotated, Union, get_args, get_origin

import msgspec
import pytest

from energeia.cli.arguments import COMMANDS, fit_arguments
from energeia.evaluation.budget import EvaluationBudget
from energeia.recipes.catalogue import RECIPES
from energeia.runs.chain_sampling import ChainSettings
from energeia.runs.quantum.tomography import TomographyRequest
from energeia.runs.storage.config import RunConfig

RECORDS = list(dict.fromkeys([
    EvaluationBudget, ChainSettings, TomographyRequest, RunConfig, fit_arguments(None),
    *COMMANDS.values(), *(recipe.options for recipe in RECIPES.values()),
]))  # fmt: skip
"""In a fixed order: workers of the test runner must collect the same tests."""


def without_range(kind, path):
    """The paths of numbers in a type that nothing bounds."""
    origin, arguments = get_origin(kind), get_args(kind)
    if kind in (int, float):
        return [path]
    if origin is Annotated:
        bounded = any(isinstance(mark, msgspec.Meta) for mark in arguments[1:])
        return [] if bounded else without_range(arguments[0], path)
    if origin in (Union, UnionType, tuple):
        return [found for inner in arguments for found in without_range(inner, path)]
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        fields = msgspec.structs.fields(kind)
        return [f for field in fields for f in without_range(field.type, f"{path}.{field.name}")]
    return []


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_number_of_an_options_record_has_a_range(record):
    assert without_range(record, record.__name__) == []


def test_a_number_without_range_is_found():
    inner = msgspec.defstruct("Inner", [("shares", tuple[float, ...] | None)])
    outer = msgspec.defstruct("Outer", [("inner", inner), ("name", str)])
    assert without_range(outer, "Outer") == ["Outer.inner.shares"]
