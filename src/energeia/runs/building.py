"""The modules of a run from its configuration: initialized for training, or as abstract arrays."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from energeia._core.types import PRNGKey
from energeia._core.unoptimized import run_unoptimized
from energeia.contracts import Batch
from energeia.physics.lattice.symmetry import symmetry_group
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.catalogue import find, require
from energeia.recipes.options.problem import Problem
from energeia.runs.storage.config import RunConfig
from energeia.training.loop import trained_modules
from energeia.training.rounds import Augment
from energeia.training.shuffling import random_rows, seed_of
from energeia.training.state import BestSoFar, State


class Keys(NamedTuple):
    """The two keys of a run, from its seed."""

    build: PRNGKey
    train: PRNGKey


def keys_of(config: RunConfig) -> Keys:
    """The keys of a run; its seed determines all random numbers."""
    return Keys(*jax.random.split(jax.random.key(config.seed)))


def build(config: RunConfig, problem: Problem, rows: Batch) -> Assembly:
    """Assemble a recipe for data, its initial arrays computed in one compiled call.

    Raises:
        InputError: if the recipe does not fit the problem.
    """
    recipe = find(config.recipe)
    require(recipe, problem)
    count = recipe.reference_rows or problem.rows
    keys = keys_of(config)
    # Of all rows at random: those that come first in a sorted file say nothing of the others.
    chosen = random_rows(rows, count, seed_of(keys.build))
    reference = ReferenceRows(*jax.tree.map(_as_float, (chosen.x, chosen.condition)))
    make = recipe.load()

    def arrays(reference: ReferenceRows, key: PRNGKey) -> Any:
        made = make(config.options, problem, reference, key)
        return eqx.filter((made.modules, made.objective), eqx.is_array)

    abstract = skeleton(config, problem)
    filled = run_unoptimized(arrays, reference, keys.build)
    modules, objective = eqx.combine(filled, (abstract.modules, abstract.objective))
    return abstract._replace(modules=modules, objective=objective)


def skeleton(config: RunConfig, problem: Problem) -> Assembly:
    """The assembly with abstract arrays (shapes and dtypes); nothing is computed."""
    recipe = find(config.recipe)
    count = min(problem.rows, recipe.reference_rows or problem.rows)
    real = jnp.result_type(float)
    width = problem.condition_dimension
    reference = ReferenceRows(
        jax.ShapeDtypeStruct((count, problem.dimension), real),  # pyright: ignore[reportArgumentType]
        jax.ShapeDtypeStruct((count, width), real) if width else None,  # pyright: ignore[reportArgumentType]
    )
    make = recipe.load()
    key = jax.eval_shape(lambda: jax.random.key(0))
    return eqx.filter_eval_shape(make, config.options, problem, reference, key)


def _as_float(rows: np.ndarray) -> jax.Array:
    return jnp.asarray(rows, dtype=jnp.result_type(float))


def augmentation(config: RunConfig, problem: Problem) -> Augment | None:
    """The random symmetry operation on batches, where the source declares symmetries. The option
    ``symmetrize = "none"`` of a recipe disables it.
    """
    if not problem.symmetries or getattr(config.options, "symmetrize", "auto") == "none":
        return None
    return symmetry_group(problem.symmetries, problem.layout, problem.support).random


def finished_model(assembly: Assembly, state: State, best_so_far: BestSoFar) -> Any:
    """The model in the user's units, with the best arrays of training."""
    return assembly.model(trained_modules(assembly.modules, state, best_so_far))
