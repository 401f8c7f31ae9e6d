"""A model of rows around a bijection of one's own: units, whitening and base as in the recipes."""

import jax
import jax.numpy as jnp

from energeia._core.errors import InputError
from energeia.contracts import Bijection
from energeia.models.in_units import DensityInUnits, LatentInUnits
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.flow_models import flow_in_units
from energeia.recipes.options.flow import FlowOptions
from energeia.runs.opening import Rows
from energeia.training.shuffling import random_rows, seed_of

CLIPPED = FlowOptions().optimization
"""The optimizer of flows."""
_REFERENCE_ROWS = 4096


def flow_of_rows(rows: Rows, bijection: Bijection, seed: int) -> DensityInUnits | LatentInUnits:
    """The flow that ``bijection`` makes, from whitened numbers to the base, in the user's units.

    Discrete columns are dequantized, so that its likelihood is then a lower bound.

    Raises:
        InputError: if the bijection has another number of columns, or needs another condition.
    """
    problem = rows.problem
    wanted = (problem.support.linked.width,)
    if tuple(bijection.shape) != wanted:
        raise InputError(
            f"a bijection of shape {tuple(bijection.shape)} was given for rows whose coordinates "
            f"have shape {wanted}: make one of that shape"
        )
    if bijection.condition_shape not in (None, problem.condition_shape):
        raise InputError(
            f"a bijection with a condition of shape {bijection.condition_shape} was given for rows "
            f"with one of shape {problem.condition_shape}: make one of that shape, or without"
        )
    key = jax.random.key(seed)
    chosen = random_rows(rows.train, _REFERENCE_ROWS, seed_of(key))
    condition = None if chosen.condition is None else jnp.asarray(chosen.condition, float)
    reference = ReferenceRows(jnp.asarray(chosen.x, float), condition)
    options = FlowOptions(mixed="dequantized")
    return flow_in_units(lambda part, key: bijection, options, problem, reference, key)
