"""A recipe of one's own: registered for the session, refused where it could not be found again."""

import msgspec
import pytest

from energeia.errors import InputError
from energeia.recipes import RECIPES, Recipe, find, register
from energeia.training import Training


class Options(msgspec.Struct, frozen=True):
    training: Training = Training()


def recipe(**changes):
    facts = {"name": "mine", "family": "flow", "summary": "", "citation": "", "options": Options}
    return Recipe(**{**facts, "supports": frozenset(), "builder": print, **changes})


def test_a_recipe_is_found_and_replaced(monkeypatch):
    monkeypatch.setattr("energeia.recipes.catalogue.RECIPES", dict(RECIPES))
    assert find(register(recipe()).name).load() is print
    assert find(register(recipe(builder=len)).name).load() is len


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": "made"}, "energeia has a recipe 'made'"),
        ({"family": "flows"}, "family 'flows'"),
        ({"options": Training}, "say nothing of training"),
    ],
)
def test_a_recipe_that_cannot_be_used_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        register(recipe(**changes))
