"""The conclusions of a tomography as sentences: which model to use, and how reliable it is."""

from collections.abc import Sequence

from energeia.estimate import Estimate
from energeia.tomography_records import StateRecord, Tomography

_SIGMAS = 2.0
_NEAR = 0.05
"""Correlators that differ by no more than this fraction agree, whatever their errors are."""
_CORRELATION_SIGMAS = 3.0


def conclusions(found: Tomography) -> tuple[str, ...]:
    """The best model, the excess NLL of the network, and the correlator at long distance."""
    models = ranked([m for m in found.models if loss(m) is not None])
    if not models:
        return ("No model has a finite likelihood: none can be recommended.",)
    best = models[0]
    networks = [m for m in models if m.source == "network"]
    return (
        _recommendation(best),
        *([_shortfall(networks[0], best)] if networks and best.source != "network" else []),
        *([_lead(models)] if best.source == "network" and len(models) > 1 else []),
        *_correlation(found, best),
        *_unphysical(models),
    )


def loss(record: StateRecord) -> Estimate | None:
    """The criterion of the ranking, lower is better: KL where the truth is known, held-out NLL."""
    found = record.kl or record.nll
    return found if found is not None and found.finite else None


def ranked(models: Sequence[StateRecord]) -> list[StateRecord]:
    """Best first; models without a finite number last."""
    return sorted(models, key=lambda m: _value(loss(m), float("inf")))


def _recommendation(best: StateRecord) -> str:
    what = "KL divergence from the truth" if best.kl is not None else "held-out NLL"
    return f"Use {best.name}: its {what}, {loss(best)} nats a shot, is the lowest."


def _shortfall(network: StateRecord, best: StateRecord) -> str:
    gap = _gap(network, best)
    if _value(gap, 0.0) <= _SIGMAS * (gap.stderr or 0.0):
        return f"The network {network.name} is within two errors of it ({gap} nats worse)."
    kind = "matrix-product model" if best.source == "matrix-product" else "baseline"
    return (
        f"The network {network.name} falls short of the {kind} {best.name} by {gap} nats a shot: "
        f"for this state, {best.name} is the better model."
    )


def _lead(models: Sequence[StateRecord]) -> str:
    rivals = [m for m in models if m.source != "network"]
    if not rivals:
        return "No baseline was fitted for comparison."
    return f"The best that is not a network, {rivals[0].name}, is {_gap(rivals[0], models[0])} " \
           "nats a shot worse."  # fmt: skip


def _gap(worse: StateRecord, best: StateRecord) -> Estimate:
    """The excess loss of one model, paired shot by shot where that is known."""
    first, second = loss(worse), loss(best)
    if worse.nll_excess is not None and worse.kl is None:
        return worse.nll_excess
    return (first or Estimate.none("")) - (second or Estimate.none(""))


def _correlation(found: Tomography, best: StateRecord) -> list[str]:
    """Whether the best model has the correlations of truth or shots at long distance."""
    if not found.distances:
        return []
    at = found.long_distance
    reference = next((s for s in found.states if s.source == "truth"), found.states[0])
    theirs, ours = reference.correlations[at], best.correlations[at]
    gap = ours - theirs
    return [
        f"At distance {found.distances[at]}, {best.name} {_verdict(gap, theirs)} the "
        f"{reference.name}: <{found.letter}{found.letter}> is {ours} against {theirs}."
    ]


def _verdict(gap: Estimate, theirs: Estimate) -> str:
    """Agreement within errors, or within a stated tolerance, or none."""
    apart, error = abs(_value(gap, 0.0)), gap.stderr or 0.0
    if apart <= _CORRELATION_SIGMAS * error:
        return f"agrees within {_CORRELATION_SIGMAS:g} errors with"
    distance = f"{apart / error:.1f} errors" if error else f"{apart:.2g}"
    if apart <= _NEAR * abs(_value(theirs, 0.0)):
        return f"agrees to {_NEAR:.0%}, though it lies {distance} off, with"
    return f"disagrees, by {distance}, with"


def _unphysical(models: Sequence[StateRecord]) -> list[str]:
    """Models whose outcome probabilities are those of no quantum state."""
    bad = [m.name for m in models if any("no quantum state" in w for w in m.warnings)]
    if not bad:
        return []
    return [f"No quantum state has the outcome probabilities of {', '.join(bad)}."]


def _value(estimate: Estimate | None, otherwise: float) -> float:
    return otherwise if estimate is None or estimate.value is None else estimate.value
