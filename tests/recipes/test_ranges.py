"""The range of an option is what its recipe can be built with."""

import jax
import msgspec
import pytest

from energeia.recipes.catalogue import RECIPES
from energeia.recipes.options.problem import Problem
from energeia.runs.building import skeleton
from energeia.runs.storage.config import DataConfig, RunConfig, build_options
from energeia.support import Binary, Categorical, Real, Support

ONE_HEAD = {name: {"heads": 1} for name in ("transformer", "povm-transformer")}
"""A width of one has no four heads."""
FIELDS = {"glow"}
"""Recipes of fields, here 4 x 4."""
PENALIZED = ("beta-tcvae", "factor-vae", "dhsic-vae", "info-vae", "wae-mmd", "wae-gan")
REFUSED = [
    ("beta-tcvae", {"latent": 1}),
    ("factor-vae", {"latent": 1}),
    ("vae-vamp", {"beta": 0}),
    *((name, {"strength": 0}) for name in PENALIZED),
]
"""Least values that an error refuses in one sentence, which the tests of the recipe show."""


def least_values(kind):
    """The least whole number of every option, one option at a time."""
    for field in msgspec.structs.fields(kind):
        marks = [m for m in getattr(field.type, "__metadata__", ()) if isinstance(m, msgspec.Meta)]
        for mark in marks:
            if isinstance(mark.ge, int | float):
                yield {field.name: mark.ge}
    for nested in ("training", "optimization"):
        for field in msgspec.structs.fields(kind):
            if field.name == nested:
                yield from ({nested: least} for least in least_values(field.type))


def problem(recipe):
    real = "real" in recipe.supports
    if recipe.name == "equivariant-flow":
        support, kept = Support(((Real(), 16),)), ("translations",)
        return Problem(support=support, layout=(4, 4), rows=1000, symmetries=kept)
    if recipe.name in FIELDS:
        return Problem(support=Support(((Real(), 16),)), layout=(4, 4), rows=1000)
    words = Categorical(tuple(range(6))) if "categorical" in recipe.supports else Binary()
    support = Support(((Real() if real else words, 6),))
    return Problem(support=support, layout=(6,), rows=1000)


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_builds_at_the_least_value_of_every_option(name):
    recipe = RECIPES[name]
    for least in least_values(recipe.options):
        if (name, least) in REFUSED:
            continue
        options = build_options(recipe.options, ONE_HEAD.get(name, {}) | least)
        config = RunConfig(recipe=name, data=DataConfig(spec="x.npy"), options=options)
        assert jax.tree.leaves(skeleton(config, problem(recipe)).modules), least
