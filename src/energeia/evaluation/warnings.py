"""Warnings about the reliability of an evaluation."""

import math
from typing import Any

import msgspec
import numpy as np
from jaxtyping import Bool, Float

from energeia.contracts import Batch
from energeia.data.weights import effective_number
from energeia.estimate import Estimate
from energeia.evaluation.prepared import FARTHEST, PreparedData
from energeia.records import ChainSummary, LatentSummary, ObservableRow, TailAudit, TwoSample
from energeia.stats.neighbors import duplicates

_FEW = 200
_R_HAT = 1.1
_SIGMAS = 3.0
_TAIL = 0.01


def of_samples(
    x: Float[np.ndarray, "n ..."], finite: Bool[np.ndarray, " n"], prepared: PreparedData
) -> list[str]:
    """Samples that are not finite, leave the support, or repeat more than data do."""
    found = []
    bad = int(np.sum(~finite))
    if bad:
        found.append(f"{bad} of {len(x)} samples are not finite and were left out of comparisons")
    flat = np.asarray(x)[finite].reshape((int(finite.sum()), -1))
    if prepared.support is not None and len(flat):
        outside = int(np.sum(~prepared.support.contains(flat)))
        if outside:
            found.append(f"{outside} of {len(x)} samples lie outside the declared support")
    size = min(len(flat), len(prepared.training))
    if size > 1:
        ours, theirs = duplicates(flat[:size]), duplicates(prepared.training[:size])
        # Repeats are rare events: four Poisson errors, and one per cent of the rows.
        if ours > theirs + 4.0 * np.sqrt(theirs + 1.0) + 0.01 * size:
            found.append(
                f"{ours} of {size} samples repeat an earlier one, against {theirs} of as many "
                "training rows: the sampler has collapsed"
            )
    return found


def of_distant_samples(features: Float[np.ndarray, "n columns"]) -> list[str]:
    """Samples so far from the data that their distance is cut off."""
    distant = int(np.sum(np.any(np.abs(features) >= FARTHEST, axis=1)))
    if not distant:
        return []
    return [
        f"{distant} of {len(features)} samples lie beyond {FARTHEST:.0e} standard deviations of "
        "the training rows and are compared at that distance"
    ]


def of_copies(memorization: Estimate) -> list[str]:
    """Samples significantly nearer to training rows than to held-out rows."""
    if memorization.value is None or not memorization.stderr:
        return []
    sigmas = (memorization.value - 0.5) / memorization.stderr
    if sigmas < _SIGMAS:
        return []
    return [
        f"samples lie nearer to training than to held-out rows with probability {memorization} "
        f"({sigmas:.1f} standard errors above 1/2): the model memorizes rows"
    ]


def of_rows(prepared: PreparedData, held_out_rows: Batch, source: Any = None) -> list[str]:
    """Few rows; held-out rows that training has seen, more than independent draws of ``source``."""
    training, held_out = len(prepared.training), len(prepared.held_out)
    found = []
    if held_out < _FEW:
        found.append(f"only {held_out} held-out rows: tests detect only large differences")
    if training < _FEW:
        found.append(f"only {training} training rows")
    expected, allowed = _chance_repeats(prepared, held_out_rows, source)
    if prepared.repeats > allowed:
        chance = f" ({expected:.1f} are expected of independent draws)" if source else ""
        found.append(
            f"{prepared.repeats} of {held_out} held-out rows repeat one of {training} training "
            f"rows{chance}: unless rows are independent draws, held-out scores are too high"
        )
    return found


def of_weights(prepared: PreparedData, held_out: Batch) -> list[str]:
    """Weighted held-out rows worth few of equal weight, and tests that are left out."""
    found = [prepared.kept.refusal] if prepared.kept.refusal else []
    if held_out.weight is not None:
        worth = effective_number(np.asarray(held_out.weight))
        if worth < _FEW:
            found.append(
                f"the {len(held_out.x)} weighted held-out rows are worth {worth:.3g} of equal "
                "weight: means over them are no better than those of so few"
            )
    return found


def _chance_repeats(prepared: PreparedData, held_out: Batch, source: Any) -> tuple[float, float]:
    """Distinct held-out rows that training rows repeat by chance: expected, and the most allowed.

    Each held-out row x is among n independent training rows with probability q = 1 - (1 - p(x))^n,
    and the n rows make such events exclude each other, so the variance is at most sum of q (1 - q).
    """
    if source is None or held_out.condition is not None:
        return 0.0, 0.0
    if not source.support.all_discrete:
        return 0.0, 0.0
    log_p = source.log_prob(np.asarray(held_out.x[prepared.distinct_held_out]))
    if log_p is None:
        return math.nan, math.inf
    p = np.minimum(np.exp(np.asarray(log_p, np.float64)), 1.0 - 1e-16)
    q = -np.expm1(len(prepared.training) * np.log1p(-p))
    return float(q.sum()), float(q.sum() + 4.0 * np.sqrt(np.sum(q * (1.0 - q)) + 1.0))


def of_baseline(tests: tuple[TwoSample, ...]) -> list[str]:
    """Training and held-out rows that differ significantly in distribution."""
    odd = min(tests, key=lambda test: test.reference_p_value, default=None)
    if odd is None or odd.reference_p_value * len(tests) > 0.05:
        return []
    return [
        f"training and held-out rows differ themselves ({odd.name}, p = "
        f"{odd.reference_p_value:.2g}, the least of {len(tests)} tests): they were not split at "
        "random, or are not independent"
    ]


def of_tails(tails: TailAudit | None) -> list[str]:
    """Held-out rows that lie further out than samples, or not as far."""
    if tails is None or tails.p_value >= _TAIL:
        return []
    return [f"the tails of model and data differ: {'; '.join(tails.sentences()[:2])}"]


def of_chains(chains: ChainSummary | None) -> list[str]:
    """Chains that disagree or hardly move."""
    if chains is None:
        return ["chains do not move or are not finite: their mixing is not known"]
    found = []
    if chains.r_hat > _R_HAT:
        found.append(f"chains disagree (R-hat {chains.r_hat:.3f}): they have not mixed")
    if not chains.acceptance > 0.05:
        found.append(f"chains hardly move: {chains.acceptance:.1%} of proposals are accepted")
    if chains.still_chains:
        found.append(
            f"{chains.still_chains} of {chains.chains} chains never moved in {chains.steps} steps: "
            "the mean acceptance hides them"
        )
    return found


def recordable(fields: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Results for a JSON file, which has no NaN and no infinity: those become ``none``, with the
    value in a note and a warning.
    """
    kept, found = {}, []
    for name, value in fields.items():
        kept[name] = _finite(value)
        if isinstance(value, Estimate) and value.value is not None and not value.finite:
            found.append(f"the {name.replace('_', ' ')} is not a finite number: {kept[name].note}")
    return kept, found


def _finite(value: Any) -> Any:
    """``recordable`` within tuples and records, without warnings."""
    if isinstance(value, tuple):
        return tuple(_finite(item) for item in value)
    if isinstance(value, ObservableRow | LatentSummary):
        changed = {name: _finite(getattr(value, name)) for name in value.__struct_fields__}
        return msgspec.structs.replace(value, **changed)
    if not isinstance(value, Estimate) or value.value is None:
        return value
    if not value.finite:
        note = "; ".join(filter(None, [f"it was {value.value}", value.note]))
        return Estimate.none(note)
    if value.stderr is not None and not math.isfinite(value.stderr):
        return msgspec.structs.replace(value, stderr=None)
    return value
