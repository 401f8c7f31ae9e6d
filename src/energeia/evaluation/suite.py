"""Everything that can be measured on one trained model, in one call."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Array

from energeia._core.batching import map_rows
from energeia.contracts import Batch, Density, Generator
from energeia.estimate import Estimate
from energeia.evaluation import observables, two_sample
from energeia.evaluation import warnings as warn
from energeia.evaluation.budget import EvaluationBudget
from energeia.evaluation.chains import chain_report
from energeia.evaluation.coverage import neighborhood
from energeia.evaluation.latent_scan import summarize_latents
from energeia.evaluation.likelihood import (
    LogLikelihood,
    divergence,
    log_likelihood,
    log_probs,
    reweighted,
)
from energeia.evaluation.prepared import PreparedData
from energeia.evaluation.samples import TimedSamples, draw
from energeia.evaluation.solvers import solver_check, with_solver
from energeia.evaluation.tails import tail_audit, tail_columns
from energeia.models.capabilities import ChainDiagnostics
from energeia.records import Evaluation, TailAudit
from energeia.standardization import Standardization
from energeia.support import Support


class EvaluationDetails(NamedTuple):
    """An evaluation with the samples and log-probabilities behind it, for figures."""

    evaluation: Evaluation
    samples: TimedSamples | None
    likelihood: LogLikelihood


def evaluate(
    model: Any,
    held_out: Batch,
    train: Batch,
    *,
    seed: int = 0,
    source: Any = None,
    budget: EvaluationBudget | None = None,
    prepared: PreparedData | None = None,
    standardization: Standardization | None = None,
) -> Evaluation:
    """Likelihood, two-sample tests, coverage, memorization, observables and speed of a model.

    What a model cannot give is ``none`` with the reason; values that are not finite are counted in
    ``warnings``. ``source`` is the distribution of the data, where known: its exact ``log_prob``,
    ``entropy`` and ``observables()`` are compared. Models evaluated on the same rows should share
    one ``prepared``, which caches what does not depend on them. ``standardization`` is that of the
    rows which ``model`` takes and draws, where it is not one of the user's rows; all else is in
    the user's units.

    Raises:
        InputError: for fewer than 4 training or held-out rows.
    """
    return evaluate_in_detail(
        model, held_out, train, seed=seed, source=source, budget=budget, prepared=prepared,
        standardization=standardization,
    ).evaluation  # fmt: skip


def evaluate_in_detail(
    model: Any,
    held_out: Batch,
    train: Batch,
    *,
    seed: int = 0,
    source: Any = None,
    budget: EvaluationBudget | None = None,
    prepared: PreparedData | None = None,
    standardization: Standardization | None = None,
) -> EvaluationDetails:
    """``evaluate``, with the samples and the log-probability of each row.

    Raises:
        InputError: for fewer than 4 training or held-out rows.
    """
    prepared = prepared or PreparedData(train, held_out, budget=budget, seed=seed)
    budget = budget or prepared.budget
    score_key, sample_key, chain_key = jax.random.split(jax.random.key(seed), 3)
    units = standardization or Standardization(Support(()))
    z, condition = units.encode(np.asarray(held_out.x)), units.encode_condition(held_out.condition)  # pyright: ignore[reportArgumentType]
    weight = None if held_out.weight is None else np.asarray(held_out.weight, np.float64)
    found = log_likelihood(model, z, condition, key=score_key, budget=budget)
    solver = solver_check(model, z, condition, key=score_key)
    found = with_solver(reweighted(found, weight), solver)
    drawn = _draw(model, sample_key, budget, prepared, units)
    fields: dict[str, Any] = {"log_likelihood": found.estimate, "solver": solver}
    if found.warnings:
        fields["cautions"] = found.warnings
    warnings = [*warn.of_rows(prepared, held_out, source), *found.warnings]
    warnings += warn.of_weights(prepared, held_out)
    if source is not None:
        fields |= _against_source(found, held_out, source)
    if found.log_partition is not None:
        fields["log_partition"] = found.log_partition
    if weight is None:  # of rows with weights these numbers would be those of the proposal
        fields["latent"] = summarize_latents(model, z[: budget.rows], condition, seed)
    if isinstance(model, ChainDiagnostics) and model.inner.condition_shape is None:
        fields["chains"] = chain_report(model, chain_key)
        warnings += warn.of_chains(fields["chains"])
    if drawn is not None:
        more, warned = _of_samples(drawn, held_out, prepared, source)
        fields |= more
        fields["tails"] = _tails(model, drawn, found, held_out, prepared, units)
        warnings += warn.of_tails(fields["tails"])
        warnings += warned
    else:
        warnings.append("the model has no sampler: its samples are not tested")
    fields, not_finite = warn.recordable(fields)
    return EvaluationDetails(Evaluation(**fields, warnings=(*warnings, *not_finite)), drawn, found)


def _draw(
    model: Any, key: Array, budget: EvaluationBudget, prepared: PreparedData, units: Standardization
) -> TimedSamples | None:
    if not isinstance(model, Generator):
        return None
    condition = prepared.draw_conditions(budget.rows)
    drawn = draw(model, key, budget.rows, units.encode_condition(condition))
    return drawn._replace(x=units.decode(drawn.x), condition=condition)


def _tails(
    model: Any, drawn: TimedSamples, found: LogLikelihood, held_out: Batch,
    prepared: PreparedData, units: Standardization,
) -> TailAudit | None:  # fmt: skip
    """Rows and samples in the tails of columns, and of the log-density where it is exact."""
    kept = prepared.kept.held_out
    flat = np.asarray(drawn.x, np.float64).reshape(len(drawn.x), -1)
    finite = np.isfinite(flat).all(axis=1)
    if prepared.kept.refusal or finite.sum() < 10:
        return None
    densities = None
    if isinstance(model, Density):
        condition = units.encode_condition(drawn.condition)
        given = () if condition is None else (condition[finite],)
        z = units.encode(np.asarray(drawn.x)[finite])
        of_samples = map_rows(log_probs, z, *given, size=1024, carry=model)
        densities = found.rows[kept], np.asarray(of_samples, np.float64)
    rows = np.asarray(held_out.x)[np.sort(kept)].reshape(len(kept), -1)
    columns = None if prepared.support is None else tail_columns(prepared.support)
    return tail_audit(rows, flat[finite], columns, densities, prepared.seed)


def _against_source(found: LogLikelihood, held_out: Batch, source: Any) -> dict[str, Any]:
    """Entropy and exact divergence, where the source has them."""
    if held_out.condition is not None:
        return {}  # its log-density is of all columns together
    fields: dict[str, Any] = {}
    if source.entropy is not None:
        fields["entropy"] = Estimate.exact(source.entropy)
    exact = source.log_prob(np.asarray(held_out.x))
    if exact is not None:
        fields["divergence"] = divergence(exact, found, held_out.weight)  # pyright: ignore[reportArgumentType]
    return fields


def _of_samples(
    drawn: TimedSamples, held_out: Batch, prepared: PreparedData, source: Any
) -> tuple[dict[str, Any], list[str]]:
    fields: dict[str, Any] = {"samples_per_second": drawn.samples_per_second}
    finite = np.all(np.isfinite(drawn.x).reshape((len(drawn.x), -1)), axis=1)
    finite = np.asarray(finite)
    warnings = warn.of_samples(drawn.x, finite, prepared)
    quantities: Sequence[Any] = () if source is None else source.observables()
    if quantities and held_out.condition is None:
        kept = drawn.x[finite] if finite.any() else drawn.x
        fields["observables"] = observables.table(
            quantities,
            kept,
            np.asarray(held_out.x),
            weight=held_out.weight,  # pyright: ignore[reportArgumentType]
        )
    if finite.sum() < 10:
        warnings.append("fewer than 10 finite samples: two-sample tests are left out")
        return fields, warnings
    if prepared.kept.refusal:
        return fields, warnings
    condition = None if drawn.condition is None else drawn.condition[finite]
    rows = prepared.features(Batch(drawn.x[finite], condition))  # pyright: ignore[reportArgumentType]
    rows = rows[: len(prepared.training)]
    warnings += warn.of_distant_samples(rows)
    near = neighborhood(rows, prepared)
    tests = two_sample.with_baseline(
        two_sample.compare(rows, prepared),
        prepared.baseline(two_sample.compare),
        (len(rows), len(prepared.training)),
    )
    fields |= {
        "two_sample": tests,
        "coverage": near.coverage,
        "coverage_reference": near.reference,
        "memorization": near.memorization,
    }
    return fields, [
        *warnings,
        *warn.of_baseline(tests),
        *warn.of_copies(near.memorization),
    ]
