"""The modules of a run from its configuration: initialized for training, or as abstract arrays."""

from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from energeia._core.types import PRNGKey
from energeia._core.unoptimized import run_unoptimized
from energeia.bijections.units import Units
from energeia.contracts import Batch, Energy
from energeia.data.weights import nonnegative_weights
from energeia.energies.target import MissingTarget
from energeia.models.in_units import ConditionScaling
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.catalogue import find, require
from energeia.recipes.measured import of_measured_rows
from energeia.recipes.options.base import Recipe
from energeia.recipes.options.problem import Problem
from energeia.recipes.parts import declared_group
from energeia.runs.opening import standardized
from energeia.runs.storage.config import RunConfig
from energeia.runs.targets import TargetSubject, initial_rows
from energeia.training.rounds import Augment
from energeia.training.shuffling import random_rows, seed_of

REFERENCE_ROWS = 4096
"""Initial rows of a target for a recipe that asks for all rows."""


_PROPOSAL = 1
"""Of the key of the mixture that proposes true values of rows with errors."""


class Keys(NamedTuple):
    """The two keys of a run, from its seed."""

    build: PRNGKey
    train: PRNGKey


def keys_of(config: RunConfig) -> Keys:
    """The keys of a run; its seed determines all random numbers."""
    return Keys(*jax.random.split(jax.random.key(config.seed)))


def build(config: RunConfig, problem: Problem, rows: Batch) -> Assembly:
    """Assemble a recipe for data, its initial arrays computed in one compiled call.

    ``rows`` are training rows in the user's units; the modules see them standardized.

    Raises:
        InputError: if the recipe does not fit the problem.
    """
    recipe = find(config.recipe)
    require(recipe, problem)
    count = recipe.reference_rows or problem.rows
    keys = keys_of(config)
    # Of all rows at random: those that come first in a sorted file say nothing of the others.
    chosen = random_rows(standardized(problem, rows), count, seed_of(keys.build))
    reference = ReferenceRows(
        _as_float(chosen.x),
        None if chosen.condition is None else _as_float(chosen.condition),
        weight=_builder_weights(recipe, chosen),
        noise=None if chosen.noise is None else _as_float(chosen.noise),
    )
    return _filled(config, problem, reference, None)


def _builder_weights(recipe: Recipe, rows: Any) -> jax.Array | None:
    """Weights, none negative, for a builder that fits all rows; others take scales alone."""
    if rows.weight is None or recipe.reference_rows:
        return None
    return _as_float(nonnegative_weights(rows.x, rows.weight, rows.condition))


def build_on_target(config: RunConfig, subject: TargetSubject) -> Assembly:
    """Assemble a recipe for an energy; initial values come from initial rows of the target.

    Raises:
        InputError: if the recipe does not fit the problem.
    """
    recipe, problem = find(config.recipe), subject.problem
    require(recipe, problem)
    key, count = keys_of(config).build, recipe.reference_rows or REFERENCE_ROWS
    x = initial_rows(subject.target, count, key)
    condition = None
    if subject.valid.condition is not None:
        condition = subject.train.batch(jax.random.fold_in(key, 1), count).condition
    return _filled(config, problem, ReferenceRows(x, condition), subject.energy)


def _filled(
    config: RunConfig, problem: Problem, reference: ReferenceRows, target: Energy | None
) -> Assembly:
    """The assembly of a run with its initial arrays."""
    make, key = _maker(config, problem, target), keys_of(config).build
    if find(config.recipe).reference_rows == 0 or reference.noise is not None:
        # It fits the rows, which takes longest; more optimization takes longer than it saves.
        options = {"xla_backend_optimization_level": 1}
        fitting = eqx.filter_jit(make, compiler_options=options)  # pyright: ignore[reportCallIssue]
        return fitting(reference, key)
    return run_unoptimized(make, reference, key)


def skeleton(config: RunConfig, problem: Problem, target: Energy | None = None) -> Assembly:
    """The assembly with abstract arrays (shapes and dtypes); nothing is computed.

    Without the ``target`` of a run on one, its model can be used and not trained.
    """
    recipe = find(config.recipe)
    every = problem.rows or REFERENCE_ROWS
    count = min(every, recipe.reference_rows or every)
    real = jnp.result_type(float)
    width = problem.standardized.condition_dimension
    weighted = "weight" in problem.fields and not recipe.reference_rows
    rows = jax.ShapeDtypeStruct((count, problem.standardized.dimension), real)
    reference = ReferenceRows(
        rows,  # pyright: ignore[reportArgumentType]
        jax.ShapeDtypeStruct((count, width), real) if width else None,  # pyright: ignore[reportArgumentType]
        weight=jax.ShapeDtypeStruct((count,), real) if weighted else None,  # pyright: ignore[reportArgumentType]
        noise=rows if "noise" in problem.fields else None,  # pyright: ignore[reportArgumentType]
    )
    key = jax.eval_shape(lambda: jax.random.key(0))
    if problem.subject == "target" and target is None:
        target = MissingTarget((problem.dimension,), problem.condition_shape)
    return eqx.filter_eval_shape(_maker(config, problem, target), reference, key)


def _maker(
    config: RunConfig, problem: Problem, target: Energy | None
) -> Callable[[ReferenceRows, PRNGKey], Assembly]:
    """The recipe's builder for standardized rows, with log-probabilities in the user's units."""
    make, host = find(config.recipe).load(), problem.standardization

    def made(reference: ReferenceRows, key: PRNGKey) -> Assembly:
        reference = reference._replace(target=target)
        assembly = make(config.options, problem.standardized, reference, key)
        own = jax.random.fold_in(key, _PROPOSAL)
        assembly = of_measured_rows(assembly, problem.standardized, reference, own)
        if host.identity:
            return assembly
        return assembly._replace(
            modules=_replaced(assembly.modules, Units, lambda units: units.of_host(host))
        )

    return made


def _replaced(tree: Any, kind: type, change: Callable[[Any], Any]) -> Any:
    """A tree with every module of one kind replaced."""
    return jax.tree.map(
        lambda node: change(node) if isinstance(node, kind) else node,
        tree,
        is_leaf=lambda node: isinstance(node, kind),
    )


def in_user_units(model: Any, problem: Problem) -> Any:
    """A model of standardized rows as one of the user's rows and conditions.

    The host's scales join those of ``Units``, and the features of conditions become part of the
    model, so it is one of JAX arrays alone. Where float32 does not hold the user's values, it does
    not tell them apart.
    """
    if not problem.standardization.identity:
        model = _replaced(model, Units, lambda units: units.without_host())
    if problem.conditions:
        model = _replaced(
            model,
            ConditionScaling,
            lambda given: ConditionScaling(given.location, given.scale, problem.conditions),
        )
    return model


def _as_float(rows: Any) -> jax.Array:
    return jnp.asarray(rows, dtype=jnp.result_type(float))


def augmentation(config: RunConfig, problem: Problem) -> Augment | None:
    """The random symmetry operation on batches, where the source declares symmetries. The option
    ``symmetrize = "none"`` of a recipe disables it.
    """
    if problem.subject == "target":
        return None  # batches have no rows to transform
    if not problem.symmetries or getattr(config.options, "symmetrize", "auto") == "none":
        return None
    return declared_group(problem.standardized, problem.symmetries).random
