"""The log-likelihood of rows, computed by the model's capabilities."""

import functools
import operator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
from jaxtyping import Array, Float

from energeia._core.batching import map_rows
from energeia.bijections.continuous import continuous_maps
from energeia.contracts import Density, Energy, LatentModel
from energeia.estimate import Estimate, Kind
from energeia.evaluation.budget import EvaluationBudget
from energeia.models.capabilities import LogPartition
from energeia.stats.weights import RunningLogSums, from_sums

_CHUNK = 50  # most weights of one row that are held in memory together
_ROWS = 64
_SOLVED = 50
"""How many times fewer weights there are where an equation is solved for each."""
CONDITIONS = 32
"""Conditions at most for which log Z is estimated, each at the cost of one model's."""


class LogLikelihood(NamedTuple):
    """Log-probabilities of rows in nats and the user's units, with their mean."""

    estimate: Estimate
    rows: Float[np.ndarray, " rows"]
    """NaN where the model gives none."""
    kind: Kind
    """Of each row's number."""
    warnings: tuple[str, ...] = ()
    log_partition: tuple[Estimate, Estimate] | None = None
    """Lower and upper side of log Z, for an energy."""
    common: Estimate = Estimate.exact(0.0)
    """The log Z subtracted from every row: its error is not averaged over rows."""


def log_likelihood(
    model: Any, x: Any, condition: Any = None, *, key: Array, budget: EvaluationBudget | None = None
) -> LogLikelihood:
    """log p(x) of each row: exact, a bound, an estimate, or none with the reason.

    * ``Density``: exact.
    * ``LatentModel``: log (1/K) sum_k p(x, z_k) / q(z_k | x), a lower bound in expectation
      (Burda et al. 2016, eq. 8), with K from ``budget``; its remaining bias is stated.
    * ``LogPartition``: -E(x) - log Z, an estimate, or none where log Z is not known to a nat; with
      conditions log Z is estimated for each of up to 32 that the rows have.
    * anything else: ``Estimate.none`` with the reason.

    ``x`` has shape ``(rows, *model.shape)``; memory does not grow with K or with rows.
    """
    rows = np.asarray(x)
    if isinstance(model, Density):
        terms = map_rows(log_probs, rows, *_given(condition), size=1024, carry=model)
        return _gather(np.asarray(terms, dtype=np.float64), "exact", "")
    if isinstance(model, LatentModel):
        return _importance(model, rows, condition, key, budget or EvaluationBudget())
    if isinstance(model, LogPartition):
        return _normalized(model, rows, condition, key, budget or EvaluationBudget())
    return _no_likelihood(model, len(rows))


def _no_likelihood(model: Any, rows: int, reason: str = "") -> LogLikelihood:
    if reason:
        return LogLikelihood(Estimate.none(reason), np.full(rows, np.nan), "none")
    if isinstance(model, Energy):
        reason = "an energy without its partition function has no likelihood"
    else:
        reason = "the distribution is implicit: it has samples but no density"
    return LogLikelihood(Estimate.none(reason), np.full(rows, np.nan), "none")


def reweighted(found: LogLikelihood, weight: Float[np.ndarray, " rows"] | None) -> LogLikelihood:
    """The same with rows counted by their weights, as they were given, in the mean."""
    if weight is None or found.kind == "none":
        return found
    mean = Estimate.weighted_mean(found.rows, weight, found.kind, found.estimate.note)
    return found._replace(estimate=mean - msgspec.structs.replace(found.common, value=0.0))


def divergence(
    exact: Float[np.ndarray, " rows"],
    found: LogLikelihood,
    weight: Float[np.ndarray, " rows"] | None = None,
) -> Estimate | None:
    """KL(data || model) = E_data[log p_data - log p_model] in nats, from the paired terms.

    Pairing cancels the scatter of log p_data, so the error is far smaller than that of the mean
    log-likelihood. The error of a log Z that is common to all rows is added to that of their mean.
    A lower bound on the likelihood makes this an upper bound.
    """
    if found.kind == "none":
        return None
    apart = found.rows - np.asarray(exact, dtype=np.float64)
    if weight is None:
        terms = Estimate.mean(apart, found.kind)
    else:
        terms = Estimate.weighted_mean(apart, weight, found.kind)
    return msgspec.structs.replace(found.common, value=0.0) - terms


def _gather(terms: np.ndarray, kind: Kind, note: str) -> LogLikelihood:
    bad = int(np.sum(~np.isfinite(terms)))
    zero = int(np.sum(np.isneginf(terms)))
    warnings = []
    if zero:
        warnings.append(f"{zero} of {len(terms)} held-out rows have probability zero")
    if bad > zero:
        warnings.append(
            f"the log-likelihood of {bad - zero} of {len(terms)} held-out rows is not a number"
        )
    return LogLikelihood(Estimate.mean(terms, kind, note), terms, kind, tuple(warnings))


def _importance(
    model: LatentModel, rows: np.ndarray, condition: Any, key: Array, budget: EvaluationBudget
) -> LogLikelihood:
    weights = budget.weights_for(len(rows))
    if continuous_maps(model):
        weights = max(1, weights // _SOLVED)
    steps = -(-weights // _CHUNK)
    chunk = -(-weights // steps)
    count = steps * chunk
    index = np.arange(len(rows))
    first, second = map_rows(
        _weights, index, rows, *_given(condition), size=_ROWS, carry=(model, key, steps, chunk)
    )
    found = from_sums(first, second, count)
    bias, ess = float(np.mean(found.bias)), float(np.median(found.ess))
    note = f"IWAE-{count}, bias about {bias:.2g} nats, median effective weights {ess:.3g}"
    found_likelihood = _gather(found.value, "lower bound", note)
    few = float(np.mean(found.ess < 5.0))
    if few > 0.1:
        warned = (
            f"for {few:.0%} of held-out rows the effective number of {count} importance weights "
            "is below 5: "
            "the bound may lie far below the likelihood",
        )
        return found_likelihood._replace(warnings=found_likelihood.warnings + warned)
    return found_likelihood


def _normalized(
    model: LogPartition, rows: np.ndarray, condition: Any, key: Array, budget: EvaluationBudget
) -> LogLikelihood:
    """-E - log Z of every row; the error of log Z is one for all rows of a condition."""
    conditions, which = [None], np.zeros(len(rows), int)
    if condition is not None:
        conditions, which = np.unique(np.asarray(condition), axis=0, return_inverse=True)
        if len(conditions) > CONDITIONS:
            reason = (
                f"log Z differs at each condition and is estimated for {CONDITIONS} of them at "
                f"most, but the rows have {len(conditions)}: score rows of fewer conditions"
            )
            return _no_likelihood(model, len(rows), reason)
    keys = [key] if condition is None else jax.random.split(key, len(conditions))
    parts = [
        model.estimate_log_partition(k, c, chains=budget.chains, temperatures=budget.temperatures)
        for k, c in zip(keys, conditions, strict=True)
    ]
    found = [part for part in parts if part is not None]
    if len(found) < len(parts):
        return _no_likelihood(model, len(rows))
    warnings = tuple(dict.fromkeys(warning for part in found for warning in part.warnings))
    sides = found[0].sides if condition is None else None
    unknown = next((part.value for part in found if part.value.value is None), None)
    if unknown is not None:
        answer = _no_likelihood(model, len(rows), unknown.note)
        return answer._replace(warnings=warnings, log_partition=sides)
    minus_energy = -np.asarray(
        map_rows(energies, rows, *_given(condition), size=1024, carry=model), dtype=np.float64
    )
    note = found[0].note if len(found) == 1 else f"log Z at each of {len(found)} conditions"
    answer = _gather(minus_energy, "estimate", note)
    shares = np.bincount(which.ravel(), minlength=len(found)) / len(rows)
    log_z = [msgspec.structs.replace(part.value, note="") for part in found]
    common = functools.reduce(
        operator.add, [z * share for z, share in zip(log_z, shares, strict=True)]
    )
    return answer._replace(
        estimate=answer.estimate - common,
        rows=answer.rows - np.array([z.value for z in log_z])[which.ravel()],
        common=common,
        warnings=(*answer.warnings, *warnings),
        log_partition=sides,
    )


def energies(model: Energy, x: Array, *condition: Array) -> Array:
    """The energy of each row."""
    return jax.vmap(model.energy)(jnp.asarray(x, dtype=float), *condition)


def _given(condition: Any) -> tuple[np.ndarray, ...]:
    return () if condition is None else (np.asarray(condition),)


def log_probs(model: Density, x: Array, *condition: Array) -> Array:
    """log p of each row; one function for all who ask, so that it is compiled once."""
    return jax.vmap(model.log_prob)(jnp.asarray(x, dtype=float), *condition)


def _weights(carry: Any, index: Array, x: Array, *condition: Array) -> tuple[Array, Array]:
    model, key, steps, chunk = carry

    def one_row(i: Array, row: Array, *given: Array) -> RunningLogSums:
        own = jax.random.fold_in(key, i)

        def step(stream: RunningLogSums, number: Array) -> tuple[RunningLogSums, None]:
            keys = jax.random.split(jax.random.fold_in(own, number), chunk)
            return stream.add(jax.vmap(lambda k: model.log_weight(k, row, *given))(keys)), None

        return jax.lax.scan(step, RunningLogSums.empty(()), jnp.arange(steps))[0]

    stream = jax.vmap(one_row)(index, jnp.asarray(x, dtype=float), *condition)
    return stream.log_sum, stream.log_sum_squares
