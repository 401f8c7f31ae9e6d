"""The certificate of a run, kept in its folder."""

from typing import Any

import numpy as np

from energeia._core.precision import use_precision
from energeia._core.ranges import Seed, require_in
from energeia.contracts import Density, Generator
from energeia.evaluation.certificate.certify import DRAWS, Given, certify
from energeia.evaluation.certificate.subject import widened
from energeia.recipes.options.problem import Problem
from energeia.records import Certificate
from energeia.runs.building import in_user_units
from energeia.runs.opening import open_rows
from energeia.runs.storage.directory import RunDirectory

_ROWS = 4096


def certify_run(run: Any, seed: int = 0) -> Certificate:
    """Certify the model of a run at its held-out rows and write ``certificate.json``.

    A run on an energy has no rows: draws of the model take their place.

    Raises:
        InputError: for data that cannot be read.
    """
    require_in(Seed, seed, "seed")
    directory, problem, model = run.directory, run.problem, run.standardized_model
    rows, condition = _held_out(directory, problem, seed)
    at = None if condition is None else condition[0]
    draws = run.sample(DRAWS, seed, at) if isinstance(model, Generator) else None
    draws = None if draws is None else draws.reshape(len(draws), -1)
    if rows is None:
        rows = np.empty((0, problem.dimension)) if draws is None else draws[:_ROWS]
        condition = None if at is None else np.broadcast_to(at, (len(rows), len(at)))
    found = run.log_prob(rows, condition) if isinstance(model, Density) else None
    given = Given(draws, found, run.config.precision)
    with use_precision(64):
        exact = in_user_units(widened(model), problem)
    certificate = certify(exact, problem.support, rows, condition, seed=seed, given=given)
    directory.write("certificate.json", certificate)
    return certificate


def _held_out(
    directory: RunDirectory, problem: Problem, seed: int
) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Held-out rows and their conditions, a random part of many; of a target the condition alone,
    the middle of its ranges."""
    config = directory.config()
    if config.data is None:
        middle = [[0.5 * (column.low + column.high) for column in problem.conditions]]
        return None, np.array(middle) if problem.conditions else None
    test = open_rows(config.data, recorded=directory.support).test
    chosen = np.random.default_rng(seed).permutation(len(test.x))[:_ROWS]
    rows = np.asarray(test.x)[np.sort(chosen)].reshape(len(chosen), -1)
    if test.condition is None:
        return rows, None
    return rows, np.asarray(test.condition, np.float64)[np.sort(chosen)]
