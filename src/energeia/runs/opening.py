"""The rows of a run: read, checked and split reproducibly."""

import dataclasses
import sys
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import msgspec
import numpy as np

from energeia._core.errors import InputError
from energeia._core.fields import OPTIONAL_FIELDS
from energeia.conditions import check_conditions, condition_columns
from energeia.contracts import Batch
from energeia.data.arrays import as_table, name_of
from energeia.data.dataset import Dataset, split
from energeia.data.findings import Finding, flag, sentences
from energeia.data.readers import Table
from energeia.data.sources import open_data, open_like
from energeia.data.standardize import StandardizedRows, fit_standardization
from energeia.recipes.options.base import Recipe
from energeia.recipes.options.problem import Problem
from energeia.runs.storage.config import DataConfig
from energeia.runs.storage.files import sha256
from energeia.runs.storage.kept import KEPT, ROWS_FILE
from energeia.support import Support
from energeia.support.declaration import where_of
from energeia.training.fields import on_device

_FRESH_ROWS = 2000
_TEST, _ASKED = 0x7E57, 0xA5CED


class Rows(NamedTuple):
    """Rows for training, early stopping and testing in the user's units, and their data set."""

    data: Dataset
    train: Batch
    valid: Batch
    test: Batch
    problem: Problem
    """What recipes need to know of the data, and how the training rows are standardized."""


def data_config(
    data: Any, reading: DataConfig | None, seed: int
) -> tuple[DataConfig, Table | None]:
    """How data are read, and the rows themselves where they come from memory.

    Raises:
        InputError: for rows that are not numbers, or two descriptions of one file.
    """
    if isinstance(data, DataConfig):
        if reading is not None:
            raise InputError("data was given as a DataConfig, and reading, too: give one of them")
        return data, None
    config = reading or DataConfig(spec="", seed=seed)
    table = as_table(data)
    spec = name_of(data) if table is None else f"{KEPT}{ROWS_FILE}"
    return msgspec.structs.replace(config, spec=spec), table


def open_rows(
    config: DataConfig, kept: Table | None = None, recorded: Support | None = None
) -> Rows:
    """Open and split the data of a run; ``kept`` are its rows where they come from memory.

    A run that was started before keeps the support that it ``recorded``, whatever its values would
    be found to be today.

    The test rows of a source that can be sampled are drawn anew, so that its rows are all used,
    unless ``blocks`` or other ``fractions`` than the default ask for a split.

    Raises:
        InputError: for data that cannot be modeled.
    """
    data = open_data(
        config.spec if kept is None else kept,
        support=config.support or None,
        findings=config.findings and recorded is None,
        drop_bad_rows=config.drop_bad_rows,
        drop_columns=config.drop_columns,
        condition_columns=config.condition,
        weight_column=config.weight,
        errors=config.errors,
        seed=config.seed,
    )
    if recorded is not None:
        data = dataclasses.replace(data, support=recorded)
    return split_rows(data, config)


def open_rows_for(
    recipe: Recipe, config: DataConfig, kept: Table | None = None
) -> tuple[DataConfig, Rows]:
    """Open rows for one recipe; findings of a kind that it does not model are undone.

    The configuration that is returned declares those columns real, and standard error says so.

    Raises:
        InputError: as ``open_rows``.
    """
    rows = open_rows(config, kept)
    data = rows.data
    undone = [found for found in data.findings if not _is_modeled(found, data, recipe)]
    if not undone:
        return config, rows
    declared = "; ".join(f"{where_of(found.column, data.columns)}:real" for found in undone)
    kinds = " and ".join(sorted({data.support.columns[found.column].name for found in undone}))
    print(f"{recipe.name} does not model {kinds} columns: {declared}", file=sys.stderr)
    support = "; ".join(filter(None, (config.support, declared)))
    config = msgspec.structs.replace(config, support=support)
    return config, open_rows(config, kept)


def _is_modeled(found: Finding, data: Dataset, recipe: Recipe) -> bool:
    factor = data.support.columns[found.column]
    return bool({factor.name, factor.linked[0].name} & recipe.supports)


def announce(data: Dataset) -> None:
    """Print what was found from the values of columns, and what is worth declaring."""
    for sentence in sentences(data.findings, data.columns):
        print(sentence, file=sys.stderr)
    if data.suggestions:
        print(f"consider {flag('; '.join(data.suggestions))}", file=sys.stderr)


def split_rows(data: Dataset, config: DataConfig) -> Rows:
    """Split opened data as ``open_rows`` does."""
    asked = config.blocks or config.fractions != DataConfig(spec="").fractions
    if data.source is None or data.condition is not None or asked:
        parts = split(data, config.seed, config.fractions, blocks=config.blocks)
        train, valid, test = (batch_of(part) for part in parts[:3])
        return Rows(data, train, valid, test, _problem(data, train))
    parts = split(data, config.seed, (0.95, 0.04, 0.01))
    fresh = data.source.draw(_other_seed(config.seed, _TEST), _FRESH_ROWS)
    test = dataclasses.replace(data, rows=fresh)
    train = batch_of(parts.train)
    return Rows(data, train, batch_of(parts.valid), batch_of(test), _problem(data, train))


def _problem(data: Dataset, train: Batch) -> Problem:
    layout = tuple(data.layout)
    standardization = fit_standardization(data.support, layout, train.x, data.columns)
    given: Any = train.condition
    kinds = None if data.condition_support is None else data.condition_support.columns
    return Problem(
        support=data.support,
        layout=layout,
        rows=len(train.x),
        periodic_layout=data.periodic_layout,
        condition_dimension=data.condition_dimension,
        symmetries=data.symmetries,
        words=data.words,
        fields=tuple(name for name in OPTIONAL_FIELDS if getattr(train, name) is not None),
        location=standardization.location,
        scale=standardization.scale,
        conditions=() if given is None else condition_columns(given, data.condition_columns, kinds),
    )


def standardized(problem: Problem, rows: Batch) -> Batch:
    """Rows and conditions as the modules of a run see them, standardized when they are read."""
    x: Any = rows.x
    if not problem.standardization.identity:
        x = StandardizedRows(x, problem.standardization, jnp.result_type(float))
    noise: Any = rows.noise
    if noise is not None:
        noise = problem.standardization.encode_errors(noise).astype(jnp.result_type(float))
    rows = rows._replace(x=x, noise=noise)
    if rows.condition is None:
        return rows
    condition: Any = problem.standardization.encode_condition(np.asarray(rows.condition))
    return rows._replace(condition=condition.astype(jnp.result_type(float)))


def from_file(rows: Rows, path: Path) -> Rows:
    """Rows from memory, with the provenance of the file that keeps them."""
    provenance = msgspec.structs.replace(rows.data.provenance, spec=str(path), sha256=sha256(path))
    return rows._replace(data=dataclasses.replace(rows.data, provenance=provenance))


def open_for(
    data: Any, problem: Problem, config: DataConfig, *, drop_bad_rows: bool = False, seed: int = 0
) -> Dataset:
    """Open rows for a trained run: checked against its support, nothing inferred.

    A named source is sampled anew for each ``seed``: its rows are never those that the run was
    trained on, whatever the seeds of both are.

    Raises:
        InputError: if they have other columns than the run, or values outside its support.
    """
    return open_like(
        data,
        problem.support,
        problem.layout,
        drop_bad_rows=drop_bad_rows or config.drop_bad_rows,
        drop_columns=config.drop_columns,
        condition_columns=config.condition,
        weight_column=config.weight,
        errors=config.errors,
        seed=_other_seed(seed, _ASKED),
        words=problem.words,
    )


def batch_of(data: Dataset) -> Batch:
    """The rows of a data set as a ``Batch``."""
    return Batch(data.rows, data.condition, data.weight, noise=data.noise)  # pyright: ignore[reportArgumentType]


def as_floats(rows: Any) -> np.ndarray:
    """Rows as they are kept in files: float32 where that is exact, else float64."""
    return np.asarray(rows, dtype=np.result_type(rows.dtype, np.float32))


def _other_seed(seed: int, purpose: int) -> int:
    """A seed derived for one purpose, so that new rows are not training rows.

    It depends on the user's seed alone, so that several runs are measured on the same rows.
    """
    return int(np.random.default_rng([seed, purpose]).integers(2**62))


def as_rows(problem: Problem, x: Any, condition: Any = None) -> Batch:
    """Convert a user's arrays to standardized rows of a trained model.

    Raises:
        InputError: as ``as_user_rows`` and ``as_conditions``.
    """
    rows = as_user_rows(problem, x)
    z = on_device(problem.standardization.encode(rows))
    return Batch(z, as_conditions(problem, condition, len(rows)))


def with_errors(problem: Problem, errors: Any, rows: Batch) -> jax.Array:
    """The errors of a user's rows, standardized, and then the conditions of these.

    Raises:
        InputError: for errors of another shape, negative or not finite, or where the run was
            trained without any.
    """
    if "noise" not in problem.fields:
        raise InputError("this run was trained on rows without errors: leave them out")
    errors = np.asarray(errors, np.float64)
    wanted = (len(rows.x), problem.dimension)
    if errors.shape != wanted or not np.all(errors >= 0) or not np.all(np.isfinite(errors)):
        raise InputError(
            f"errors of shape {errors.shape} were given where {wanted} finite numbers, none "
            "negative, were wanted: give one for each column, zero where it is exact"
        )
    noise = on_device(problem.standardization.encode_errors(errors))
    if rows.condition is None:
        return noise
    return jnp.concatenate([noise, jnp.asarray(rows.condition)], axis=1)


def as_user_rows(problem: Problem, x: Any) -> np.ndarray:
    """Check rows in the user's units and give them the shape ``(n, d)``.

    ``x`` has shape ``(n, d)``, ``(n, *layout)``, or that of one configuration.

    Raises:
        InputError: if the shape is another, a value is not finite or outside the support.
    """
    x = np.asarray(x)
    if x.shape in (problem.layout, (problem.dimension,)):
        x = x[None]
    if x.shape[1:] not in (problem.layout, (problem.dimension,)):
        raise InputError(
            f"rows of shape {x.shape[1:]} were given where this run has {problem.layout}: "
            "give the columns that it was trained on"
        )
    x = x.reshape(len(x), problem.dimension)
    bad = np.flatnonzero(~np.all(np.isfinite(x), axis=1))
    if bad.size:
        raise InputError(
            f"{bad.size} rows hold NaN or infinity (the first: {bad[:3].tolist()}): "
            "remove them or use --drop-bad-rows"
        )
    problem.support.check(x)
    return x


def as_conditions(problem: Problem, condition: Any, count: int) -> jax.Array | None:
    """Convert a user's condition to one standardized row per configuration.

    Raises:
        InputError: if one is missing, not expected, of another shape, not finite, or a label that
            no training row has.
    """
    width = problem.condition_dimension
    if condition is None:
        if width:
            raise InputError(
                f"this run is conditioned on {width} column{'s' * (width > 1)} and none was given: "
                "give --condition with one number each"
            )
        return None
    given = np.atleast_1d(np.asarray(condition, dtype=np.float64))
    fits = given.shape[-1] == width and given.shape[:-1] in ((), (1,), (count,))
    if not width or not fits:
        raise InputError(
            f"a condition of shape {given.shape} was given where this run has {width} condition "
            "columns: give one number for each, or a row of them for each configuration"
        )
    rows = np.broadcast_to(given, (count, width))
    check_conditions(problem.conditions, rows)
    return on_device(problem.standardization.encode_condition(rows))
