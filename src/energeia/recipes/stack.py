"""The recipe ``stack``: modules of finished runs side by side, and the weights of their models."""

import jax.numpy as jnp

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey
from energeia.contracts import Modules
from energeia.models.stack import Stack
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.catalogue import find
from energeia.recipes.options.problem import Problem
from energeia.recipes.options.stack import StackMember, StackOptions
from energeia.training.player import Player, optimizer
from energeia.training.settings import Optimization

WEIGHTS = "weights"
"""The module that holds the weights; the others have the names of recipes."""


def build(
    options: StackOptions, problem: Problem, reference: ReferenceRows, key: PRNGKey
) -> Assembly:
    """The structure of all members, their weights equal; ``runs.stacking`` fills in the arrays."""

    def assembled(member: StackMember) -> Assembly:
        recipe = find(member.recipe)
        chosen = recipe.options_of(member.options)
        rows = reference
        if recipe.reference_rows:
            cut = slice(0, recipe.reference_rows)
            condition = None if rows.condition is None else rows.condition[cut]
            rows = ReferenceRows(rows.x[cut], condition)
        return recipe.load()(chosen, problem, rows, key)

    parts = {member.recipe: assembled(member) for member in options.members}
    weights = Frozen(jnp.full(len(parts), -jnp.log(len(parts))))
    modules: Modules = {name: part.modules for name, part in parts.items()}

    def model(modules: Modules) -> Stack:
        members = tuple(part.model(modules[name]) for name, part in parts.items())
        return Stack(members, modules[WEIGHTS])

    nobody = Player("model", (), optimizer(Optimization(), 1))
    return Assembly(modules | {WEIGHTS: weights}, MaximumLikelihood(), (nobody,), model)
