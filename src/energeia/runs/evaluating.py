"""Evaluation of a run; results and samples are stored in its folder."""

from typing import Any

import jax
import msgspec
import numpy as np

from energeia._core.errors import InputError
from energeia._core.precision import use_precision
from energeia._core.ranges import Seed, require_in
from energeia.contracts import Batch, Energy
from energeia.energies.target import Target
from energeia.evaluation.budget import EvaluationBudget
from energeia.evaluation.landscape import scan_landscape
from energeia.evaluation.latent_scan import PAIRS, scan_latents
from energeia.evaluation.prepared import PreparedData
from energeia.evaluation.suite import evaluate_in_detail
from energeia.evaluation.target import evaluate_target
from energeia.records import Evaluation
from energeia.runs.opening import Rows, as_floats, batch_of, open_for, open_rows
from energeia.runs.storage.directory import RunDirectory
from energeia.runs.targets import open_subject
from energeia.standardization import Standardization

_KEPT_SAMPLES = 2000


def evaluate(
    model: Any, directory: RunDirectory, data: Any = None, *, seed: int = 0,
    budget: EvaluationBudget | None = None,
) -> Evaluation:  # fmt: skip
    """Evaluate a run by its model of standardized rows: on its held-out rows, or on other data.

    Rows of a named source follow from ``seed`` and are never those that the run was trained on.

    Raises:
        InputError: for data that cannot be read or do not fit the run.
    """
    require_in(Seed, seed, "seed")
    config = directory.config()
    if config.data is None:
        raise InputError(
            f"{directory.path} was trained on the target {config.spec}, without rows to compare "
            "others with: evaluate it without --data, or score the rows"
        )
    own = open_rows(config.data, recorded=directory.support)
    if data is None:
        held_out, source = own.test, own.data.source
    else:
        other = open_for(data, directory.problem, config.data, seed=seed)
        held_out, source = batch_of(other), other.source
    prepared = prepare_data(own, held_out, seed, budget)
    return evaluate_run(model, directory, own.train, held_out, source, prepared, seed)


def evaluate_on_target(
    model: Any, directory: RunDirectory, target: Energy | Target | None = None, *, seed: int = 0,
    allow_import: bool = False,
) -> Evaluation:  # fmt: skip
    """Evaluate a run on an energy against it, and write the results to its folder.

    Raises:
        InputError: for a target that is not at hand.
    """
    require_in(Seed, seed, "seed")
    config = directory.config()
    assert config.target is not None  # the caller has looked
    with use_precision(config.precision):
        subject = open_subject(config.target, target, allow_import=allow_import)
        found = evaluate_target(model, subject.target, subject.energy, seed=seed)
    directory.write("evaluation.json", found.evaluation)
    rng = np.random.default_rng(seed)
    for name, rows in (("samples.npy", found.x), ("held_out.npy", found.weighted)):
        directory.save_rows(name, as_floats(rng.permutation(rows)[:_KEPT_SAMPLES]))
    return found.evaluation


def prepare_data(
    rows: Rows, held_out: Batch, seed: int, budget: EvaluationBudget | None
) -> PreparedData:
    """Statistics of the rows, shared by all models that are evaluated on them."""
    train, held_out = _given_errors(rows.train, held_out)
    return PreparedData(train, held_out, budget=budget, seed=seed, support=rows.data.support)


def _given_errors(train: Batch, held_out: Batch) -> tuple[Batch, Batch]:
    """Rows whose errors are numbers of their conditions; none in rows that come without."""
    if train.noise is None:
        return train, held_out
    exact = held_out.noise is None

    def given(rows: Batch) -> Batch:
        noise = np.zeros(rows.x.shape) if exact else np.asarray(rows.noise)
        own = () if rows.condition is None else (np.asarray(rows.condition),)
        return rows._replace(condition=np.concatenate([noise, *own], axis=1), noise=None)  # pyright: ignore[reportArgumentType]

    return given(train), given(held_out)


def evaluate_run(
    model: Any, directory: RunDirectory, train: Batch, held_out: Batch, source: Any,
    prepared: PreparedData, seed: int,
) -> Evaluation:  # fmt: skip
    """Evaluate the model of a run, of standardized rows, and write the results to its folder."""
    with use_precision(directory.config().precision):
        return _evaluate_run(model, directory, train, held_out, source, prepared, seed)


def _evaluate_run(
    model: Any, directory: RunDirectory, train: Batch, held_out: Batch, source: Any,
    prepared: PreparedData, seed: int,
) -> Evaluation:  # fmt: skip
    units = directory.problem.standardization
    if train.noise is not None:
        units = msgspec.structs.replace(units, measured=True)
    train, held_out = _given_errors(train, held_out)
    details = evaluate_in_detail(
        model, held_out, train, seed=seed, source=source, prepared=prepared, standardization=units
    )
    directory.write("evaluation.json", details.evaluation)
    rows = as_floats(held_out.x[:_KEPT_SAMPLES])
    directory.save_held_out(rows, held_out.weight)
    if details.samples is not None:
        directory.save_rows("samples.npy", as_floats(details.samples.x[:_KEPT_SAMPLES]))
    scan = scan_landscape(model, rows, jax.random.key(seed), units)
    for name, array in ({} if scan is None else scan._asdict()).items():
        directory.save_rows(f"landscape_{name}.npy", array)
    if details.evaluation.latent is not None:
        _keep_latents(model, directory, held_out, units, details.evaluation.latent.order)
    return details.evaluation


def _keep_latents(
    model: Any, directory: RunDirectory, held_out: Batch, units: Standardization,
    order: tuple[int, ...],
) -> None:  # fmt: skip
    """Write what a report shows of a latent space."""
    x = units.encode(np.asarray(held_out.x[:PAIRS]))
    condition = units.encode_condition(held_out.condition)  # pyright: ignore[reportArgumentType]
    scan = scan_latents(model, x, condition, order, units)
    for name, array in ({} if scan is None else scan._asdict()).items():
        directory.save_rows(f"latent_{name}.npy", array)
