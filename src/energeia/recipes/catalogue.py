"""Every recipe by name, and which of them fit a problem. Needs no JAX."""

from collections.abc import Collection

import msgspec

from energeia._core.errors import InputError, nearest
from energeia._core.fields import OPTIONAL_FIELDS
from energeia.recipes.options import (
    adversarial,
    autoregressive,
    continuous,
    energy,
    flow,
    latent,
    max_entropy,
    mixture,
    stack,
    tomography,
)
from energeia.recipes.options.base import Recipe
from energeia.recipes.options.families import FAMILIES, Family
from energeia.recipes.options.problem import Problem
from energeia.support import Support

_MODULES = (
    mixture, autoregressive, flow, continuous, latent, adversarial, energy, max_entropy,
    tomography, stack,
)  # fmt: skip
RECIPES: dict[str, Recipe] = {
    recipe.name: recipe for module in _MODULES for recipe in module.RECIPES
}
"""In each family, ``compare`` takes the first that applies, see ``Recipe.compared_on``."""
_OWN, _OWN_FAMILIES = frozenset(RECIPES), frozenset(FAMILIES)


def register(recipe: Recipe) -> Recipe:
    """Make a recipe known by its name, for the session: to ``fit``, ``compare`` and ``load``.

    A run keeps the name of its recipe alone, so register it again before such a run is loaded in
    another session. Registering a name anew replaces a recipe of one's own.

    Raises:
        InputError: if energeia has a recipe of that name, the family is not known, or its options
            have no ``training``.
    """
    if recipe.name in _OWN:
        raise InputError(f"energeia has a recipe {recipe.name!r}: choose another name")
    if recipe.family not in FAMILIES:
        raise InputError(
            f"family {recipe.family!r} of recipe {recipe.name!r} is not known: "
            f"choose from {', '.join(FAMILIES)}, or register_family first"
        )
    if "training" not in {field.name for field in msgspec.structs.fields(recipe.options)}:
        raise InputError(
            f"the options of recipe {recipe.name!r} say nothing of training: give them a field "
            "`training: Training = Training()`"
        )
    RECIPES[recipe.name] = recipe
    return recipe


def register_family(family: Family) -> Family:
    """Make a family known, for the session: to ``register``, ``compare`` and reports.

    Raises:
        InputError: if energeia has a family of that name.
    """
    if family.name in _OWN_FAMILIES:
        raise InputError(f"energeia has a family {family.name!r}: choose another name")
    FAMILIES[family.name] = family
    return family


def find(name: str) -> Recipe:
    """The recipe of a name.

    Raises:
        InputError: if there is none of that name, with the nearest one.
    """
    if name not in RECIPES:
        raise InputError(f"recipe {name!r} is not known: {nearest(name, RECIPES)}")
    return RECIPES[name]


def unsupported_reason(
    recipe: Recipe, support: Support, conditional: bool = False, subject: str = "rows",
    fields: Collection[str] = (),
) -> str | None:  # fmt: skip
    """The reason why a recipe does not fit a support, a subject or fields of rows, or None."""
    if subject not in recipe.accepts:
        wanted = " or ".join(sorted(recipe.accepts))
        return f"it trains on {wanted}, not on {'a target' if subject == 'target' else subject}"
    if subject == "target" and recipe.family == "flow" and not support.all_continuous:
        return (
            "a flow is trained on a target through its draws, which discrete columns do not allow"
        )
    outside = sorted(
        {
            factor.name
            for factor, _ in support.runs
            if not {factor.name, factor.linked[0].name} & recipe.supports
        }
    )
    if outside:
        return f"it does not model {' and '.join(outside)} columns"
    if support.mixed and not recipe.mixed:
        return "it does not mix discrete and continuous columns"
    if conditional and not recipe.conditional:
        return "it takes no condition"
    ignored = [OPTIONAL_FIELDS[name] for name in fields if name not in recipe.honors]
    if ignored:
        return f"it does not take {' or '.join(ignored)}"
    return None


def require(recipe: Recipe, problem: Problem) -> None:
    """Raise if a recipe does not fit a problem.

    Raises:
        InputError: with the reason, and the recipes that do.
    """
    conditional = problem.condition_dimension > 0
    asked = (problem.support, conditional, problem.subject, problem.fields)
    reason = unsupported_reason(recipe, *asked)
    if reason is not None:
        fitting = [r.name for r in RECIPES.values() if not unsupported_reason(r, *asked)]
        what = "data" if problem.subject == "rows" else "target"
        raise InputError(
            f"recipe {recipe.name!r} does not fit this {what}, {reason}: "
            f"choose from {', '.join(fitting)}"
        )


def applicable(
    support: Support, conditional: bool = False, fields: Collection[str] = ()
) -> dict[str, str | None]:
    """Each recipe with the reason why it does not apply, or None."""
    return {
        name: unsupported_reason(recipe, support, conditional, fields=fields)
        for name, recipe in RECIPES.items()
    }


def one_per_family(
    support: Support, conditional: bool = False, fields: Collection[str] = ()
) -> list[Recipe]:
    """The first recipe that fits of each family that ``compare`` takes, and all baselines."""

    def later(recipe: Recipe) -> bool:
        kinds = recipe.compared_on
        return kinds is not None and any(factor.name not in kinds for factor, _ in support.runs)

    chosen = []
    for name, family in FAMILIES.items():
        if not family.compared:
            continue
        own = [r for r in RECIPES.values() if r.family == name]
        fitting = [r for r in own if not unsupported_reason(r, support, conditional, fields=fields)]
        chosen += fitting if family.simple else sorted(fitting, key=later)[:1]
    return chosen
