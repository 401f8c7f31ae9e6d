"""A family is one record, and one of one's own appears wherever the others do."""

import msgspec
import pytest
from tests.report.examples import plane_page

from energeia.errors import InputError
from energeia.recipes import FAMILIES, RECIPES, Family, Recipe, register, register_family
from energeia.recipes.options.base import Recipe as Record
from energeia.report.content import ModelPart
from energeia.report.page import render


@pytest.fixture
def own(monkeypatch):
    """A family and a recipe in it, forgotten afterwards."""
    monkeypatch.setattr("energeia.recipes.catalogue.FAMILIES", FAMILIES)
    family = register_family(
        Family(name="diffusive", likelihood="lower bound", cost="slow", trust="Trust its noise.")
    )
    made = RECIPES["made"]
    recipe = register(msgspec.structs.replace(made, name="own-diffusion", family="diffusive"))
    yield family, recipe
    del FAMILIES["diffusive"], RECIPES["own-diffusion"]


def test_an_own_family_is_described_like_the_others(own):
    _, recipe = own
    assert isinstance(recipe, Record)
    assert recipe.likelihood == "lower bound"
    assert recipe.cost == "slow"


def test_an_own_family_does_not_vanish_from_a_report(own):
    example = plane_page()
    first = example.models[0]
    row = msgspec.structs.replace(first.row, family="diffusive")
    example.models[0] = ModelPart(row=row, evaluation=first.evaluation)
    assert "Trust its noise." in render(example)


def test_a_recipe_of_an_unknown_family_is_refused():
    recipe = msgspec.structs.replace(RECIPES["made"], name="stray", family="unheard-of")
    with pytest.raises(InputError, match="register_family first"):
        register(recipe)
    with pytest.raises(InputError, match="has a family 'flow'"):
        register_family(Family(name="flow", likelihood="", cost="", trust=""))
    assert issubclass(Recipe, msgspec.Struct)
