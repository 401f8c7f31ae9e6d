"""Warnings about the reliability of a reconstructed state."""

import math
from collections.abc import Sequence

from energeia.estimate import Estimate
from energeia.evaluation.quantum import shadows
from energeia.evaluation.quantum.reduced import selection_quantile
from energeia.physics.quantum.pauli import PauliString
from energeia.physics.quantum.povm import Povm
from energeia.tomography_records import StateRecord

_SIGMAS = 3.0
_NULL_SIGMAS = 2.0
"""Below zero, for an eigenvalue: the smallest one of a noisy null space lies there by itself."""
_CONFIDENCE = 1.0 - 1e-4
"""That no eigenvalue of any block lies further below by chance."""
_LARGE_ERROR = 0.2
"""For a Pauli string, whose value lies within one: the error of fewer than 25 shots."""
_RATIO_GAP = 0.05
_FEW_WEIGHTS = 0.01
_ROUNDING = 1e-5


def of_energy(energy: Estimate | None, ground: Estimate | None) -> list[str]:
    """An energy below the exact lowest one, beyond its error: no state has it."""
    if energy is None or ground is None or energy.value is None or ground.value is None:
        return []
    gap = energy - ground
    slack = _SIGMAS * (gap.stderr or 0.0) + _ROUNDING * abs(ground.value)
    if (gap.value or 0.0) >= -slack:
        return []
    return [
        f"the energy {energy} lies below the exact ground energy {ground.value:.6g}: no quantum "
        "state has these outcome probabilities"
    ]


def of_density_matrices(
    smallest: Estimate | None, sites: Sequence[int], blocks: int = 1
) -> list[str]:
    """A density matrix with an eigenvalue below zero, beyond what noise does.

    ``smallest`` is the lowest of ``blocks`` blocks, its error widened for that choice; the number
    of errors that noise explains is that of the lowest of as many.
    """
    limit = _NULL_SIGMAS + selection_quantile(blocks, _CONFIDENCE)
    if smallest is None or distance_in_errors(smallest) > -limit / selection_quantile(blocks):
        return []
    return [
        f"the density matrix of sites {', '.join(map(str, sites))} has the eigenvalue {smallest}, "
        "below zero by more than noise explains: no quantum state has these outcome probabilities"
    ]


def distance_in_errors(estimate: Estimate) -> float:
    """The value in standard errors, with an allowance for rounding."""
    value, stderr = estimate.value or 0.0, estimate.stderr or 0.0
    return value / (stderr + _ROUNDING)


def of_support(povm: Povm, observables: Sequence[Sequence[PauliString]], shots: int) -> list[str]:
    """Strings on so many sites that few shots determine them, whatever the observed error."""
    if not shots:
        return []
    found = []
    for string in (s for operator in observables for s in operator if s.coefficient):
        error = shadows.white_error(povm, string, shots) / abs(string.coefficient)
        if error > _LARGE_ERROR:
            found.append(
                f"{string} acts on {string.weight} sites: its error from {shots} {povm.name} "
                f"strings is about {error:.2g} where the value lies within 1, and the observed "
                "error may miss rare strings"
            )
    return found


def of_ratio(ratio: Estimate) -> list[str]:
    """E_Q[P/Q] that differs from one, or is dominated by a few draws."""
    if ratio.value is None:
        return []
    error = ratio.stderr or 0.0
    gap = abs(ratio.value - 1.0)
    if not gap <= _RATIO_GAP + _SIGMAS * error:
        return [
            f"E_Q[P/Q] is {ratio} where 1 is expected: the model gives too little "
            "probability to some outcomes of the state, or rare draws of large weight did not occur"
        ]
    # ESS / n of n weights whose mean has the relative error e: 1 / (1 + n e^2).
    relative = error / max(ratio.value, 1e-300)
    effective = 1.0 / (1.0 + ratio.n * relative**2)
    if math.isnan(effective) or effective < _FEW_WEIGHTS:
        return [
            f"E_Q[P/Q] is {ratio}, dominated by {effective:.1%} of the draws: averages "
            "reweighted from this model are unreliable"
        ]
    return []


def of_seeds(seeds: int) -> list[str]:
    """A comparison with one training seed."""
    if seeds > 1:
        return []
    return ["one training seed: the variation between trainings is not known; add --seeds 3"]


def of_shots(shots: int, alphabet: int) -> list[str]:
    """Too few shots for a chain of any length."""
    if shots >= 100 * alphabet:
        return []
    return [f"only {shots} shots: even single-site frequencies have errors above 5%"]


def of_truth(truth: StateRecord, shots: StateRecord) -> list[str]:
    """Shots that do not come from the state they are compared with."""
    found = []
    for exact, observed in zip(truth.correlations, shots.correlations, strict=True):
        gap = observed - exact
        if abs(gap.value or 0.0) > 5.0 * (gap.stderr or math.inf):
            found.append(
                f"a correlator of the shots, {observed}, disagrees with the truth, "
                f"{exact.value:.4g}: they are not shots of this state, or the stated measurement "
                "is wrong"
            )
            break
    return found
