"""Questions about a part of a configuration, asked of a run in the user's units."""

import math
from typing import Any, NamedTuple

import jax
import numpy as np

from energeia._core.errors import InputError
from energeia.data.arrays import as_table, name_of
from energeia.data.gather import DataRequest, gather
from energeia.evaluation.completion import CompletionSettings, Mask, Query, complete_rows
from energeia.recipes.options.problem import Problem
from energeia.records import CompletionSummary
from energeia.runs.opening import as_conditions, as_user_rows
from energeia.runs.storage.config import DataConfig
from energeia.support import Alphabet, Continuous, Factor, Support, describe


class Completion(NamedTuple):
    """Draws of the unknown entries of rows given the known ones."""

    samples: np.ndarray
    """Shape ``(rows, n, *layout)``, in the user's units; known entries are those given, bit for
    bit."""
    kind: str
    """``exact``, or ``exact in the limit`` of many proposals or long chains."""
    diagnostics: CompletionSummary
    known: np.ndarray
    """Shape ``(rows, *layout)``."""
    ess: np.ndarray
    """Effective sample size of each row: infinite for exact draws, NaN where nothing is unknown."""
    r_hat: np.ndarray
    """Of the chains of each row; NaN without chains."""


class Holes(NamedTuple):
    """Rows of which some entries are not known, and their conditions."""

    rows: np.ndarray
    condition: np.ndarray | None


def open_holes(data: Any, problem: Problem, config: DataConfig) -> Holes:
    """Rows of a file or from memory, NaN and empty cells where nothing is known.

    Raises:
        InputError: for a file that cannot be read, or an unknown column.
    """
    found = gather(
        DataRequest(
            name_of(data),
            drop_columns=config.drop_columns,
            condition_columns=config.condition,
            table=as_table(data),
            weight_column=config.weight,
            modeled=problem.dimension,
            words=problem.words,
            holes=True,
        )
    )
    return Holes(found.rows, found.condition)


def completion(
    model: Any, problem: Problem, x: Any, known: Any, n: int, seed: int, condition: Any,
    settings: CompletionSettings | None,
) -> Completion:  # fmt: skip
    """Complete rows of a trained model of standardized rows; see ``Run.complete``."""
    rows, mask = rows_and_mask(problem, x, known)
    z = np.array(problem.standardization.encode(rows), np.float64)
    fixed = _standardized_mask(problem, mask)
    query = Query(Mask(np.where(fixed, z, np.nan), fixed))
    given = as_conditions(problem, condition, len(rows))
    if given is not None:
        query = query._replace(condition=np.asarray(given))
    found = complete_rows(jax.random.key(seed), model, query, n, settings)
    drawn = problem.standardization.decode(found.rows.reshape(len(rows) * n, -1))
    drawn = drawn.reshape(len(rows), n, -1)
    samples = np.where(mask[:, None], rows[:, None], drawn)
    return Completion(
        samples.reshape(len(rows), n, *problem.layout),
        found.summary.kind, found.summary, mask.reshape(len(rows), *problem.layout),
        found.ess, found.r_hat,
    )  # fmt: skip


def rows_and_mask(problem: Problem, x: Any, known: Any = None) -> tuple[np.ndarray, np.ndarray]:
    """Rows with unknown entries filled by values of the support, and which entries are known.

    Raises:
        InputError: for rows or a mask of another shape, known values that are not finite or
            outside the support, or a part of a direction or composition alone.
    """
    x = np.asarray(x, dtype=np.result_type(np.asarray(x).dtype, np.float32))
    flat = (problem.dimension,)
    if x.shape in (problem.layout, flat):
        x = x[None]
    if x.shape[1:] in (problem.layout, flat):
        x = x.reshape(len(x), -1)
    mask = ~np.isnan(x) if known is None else _mask(problem, known, x)
    if x.shape == mask.shape and x.shape[1:] == flat:
        _refuse_parts(problem.support, mask)
        x = np.where(mask, x, _fillers(problem.support))
    return as_user_rows(problem, x), mask


def _mask(problem: Problem, known: Any, x: np.ndarray) -> np.ndarray:
    known = np.asarray(known)
    if known.dtype != bool:
        raise InputError(
            f"a mask of {known.dtype} was given where True marks the entries that are known: give "
            "booleans"
        )
    shapes = (
        (len(x), *problem.layout),
        (len(x), problem.dimension),
        problem.layout,
        (problem.dimension,),
    )
    if known.shape not in shapes:
        raise InputError(
            f"a mask of shape {known.shape} was given for {len(x)} rows of shape "
            f"{problem.layout}: give one of that shape, for all rows or for each"
        )
    return np.broadcast_to(known.reshape(-1, problem.dimension), (len(x), problem.dimension))


def _standardized_mask(problem: Problem, mask: np.ndarray) -> np.ndarray:
    """Which columns of standardized rows are known."""
    if problem.standardization.identity:
        return mask
    parts = []
    for factor, marks in problem.support.split(mask):
        whole = marks.reshape(*marks.shape[:2], -1).all(axis=2)
        parts.append(np.repeat(whole, math.prod(factor.coordinate_shape), axis=1))
    return np.concatenate(parts, axis=1)


def _refuse_parts(support: Support, mask: np.ndarray) -> None:
    """A factor of several columns is known as a whole or not at all."""
    for (start, *_), (factor, marks) in zip(support.blocks, support.split(mask), strict=True):
        flat = marks.reshape(*marks.shape[:2], -1)
        partly = flat.any(axis=2) & ~flat.all(axis=2)
        if partly.any():
            row, which = np.argwhere(partly)[0]
            first = start + int(which) * factor.width
            raise InputError(
                f"row {row} knows some of columns {first}-{first + factor.width - 1} and not the "
                f"others, which together are one {describe(factor)}: give all of them or none"
            )


def _fillers(support: Support) -> np.ndarray:
    """A value of the support for each column, in the place of what is not known."""
    return np.concatenate([_filler(factor) for factor in support.factors])


def _filler(factor: Factor) -> np.ndarray:
    if isinstance(factor, Alphabet):
        return np.array([factor.values[0]], float)
    assert isinstance(factor, Continuous)
    middle = np.zeros(factor.coordinate_shape) if factor.linked[0].width == 1 else np.ones(
        factor.coordinate_shape
    )  # fmt: skip
    return np.asarray(factor.unlink(middle), float).reshape(-1)
