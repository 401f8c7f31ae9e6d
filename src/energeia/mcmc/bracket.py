"""log Z from both sides: the two estimates, a certificate, and when to distrust them."""

import math
from typing import NamedTuple

import numpy as np
from jaxtyping import Array, Float

from energeia.estimate import Estimate, Kind
from energeia.stats.weights import FEWEST_WEIGHTS, log_mean_exp, reliable_error

_GAP = 2.5
"""Combined errors between the two sides."""
_LOOSE = 1.0
"""Nats between the two sides beyond which log Z is not known."""
_FRACTION = 0.2
"""Of the chains, as effective sample size."""
_LARGEST = 0.1
"""Share of the largest weight."""
_DRIFT = 2.8
"""Errors: the larger of two changes exceeds it in 1% of runs, in 3% with resampled starts."""


class AnnealedRun(NamedTuple):
    """The results of many annealed chains."""

    positions: Float[Array, "chains d"]
    """Final positions: at the target (forward) or at the base (reverse)."""
    log_weights: Float[Array, " chains"]
    """Forward: of Z / Z_0. Reverse: of Z_0 / Z."""
    acceptance: Float[Array, " temperatures"]
    """Mean acceptance at each temperature."""


class Bracket(NamedTuple):
    """Estimates of log Z from below and above, in nats."""

    lower: Estimate
    """Forward: a stochastic lower bound, always."""
    upper: Estimate
    """Reverse: an upper bound from exact draws of the target, else an estimate."""
    certificate: Estimate
    """log Z is above this with probability ``1 - delta``, whatever the spread of the weights."""
    forward: AnnealedRun
    reverse: AnnealedRun
    drift: float = 0.0
    """How far the energies of the forward runs still move at the target, see ``energy_drift``; 0
    where the reverse runs start from exact draws."""


def bracket_side(
    log_weights: Float[Array, " chains"] | np.ndarray, base: float, sign: int, kind: Kind, note: str
) -> Estimate:
    """base + sign log mean w, with the error of log mean w by the delta method.

    The error is None where the effective sample size is below 10: a few weights make up the mean,
    and their spread does not estimate its error. A forward side stays a lower bound on average.

    >>> import numpy as np
    >>> print(bracket_side(np.array([0.0, -40.0, -50.0, -60.0]), 2.0, 1, "lower bound", "AIS"))
    >= 0.613706
    """
    found = log_mean_exp(np.asarray(log_weights, dtype=np.float64))
    error, count = reliable_error(found), len(log_weights)
    note = f"{note}, effective sample size {float(found.ess):.3g} of {count} chains"
    if error is None:
        note += f", below {FEWEST_WEIGHTS:g}: no error is known"
    return Estimate(base + sign * float(found.value), error, kind, count, note)


def spanning(bracket: Bracket) -> Estimate:
    """log Z with an interval that spans both sides: their middle, half the gap plus an error.

    The errors of the two sides know nothing of the gap between them, so the interval covers it:
    value +- error reaches from the lower side less its error to the upper side plus its own. Sides
    more than one nat apart leave log Z unknown, and the estimate is ``none`` with the reason. The
    error is None where that of one of the sides is.
    """
    lower, upper = bracket.lower, bracket.upper
    assert lower.value is not None
    assert upper.value is not None
    gap = upper.value - lower.value
    if not abs(gap) <= _LOOSE:
        return Estimate.none(
            f"the two sides of log Z, {lower.value:.6g} (forward AIS) and {upper.value:.6g} "
            f"(reverse), lie {abs(gap):.3g} nats apart, and no error covers more than {_LOOSE:g}: "
            "anneal through more temperatures"
        )
    error = None
    if lower.stderr is not None and upper.stderr is not None:
        error = 0.5 * abs(gap) + max(lower.stderr, upper.stderr)
    note = "log Z: the middle of both sides, whose gap is part of the error"
    return Estimate(lower.value + 0.5 * gap, error, "estimate", min(lower.n, upper.n), note)


def energy_drift(
    before: Float[Array, " chains"] | np.ndarray, after: Float[Array, " chains"] | np.ndarray
) -> float:
    """The change of the mean of E, or of (E - <E>)^2, in its own errors; the larger of the two.

    Chains that reach the target's distribution by annealing keep both while they go on at the
    target, whether or not they pass between its modes.

    >>> import numpy as np
    >>> energies = np.random.default_rng(0).normal(size=(2, 400))
    >>> energy_drift(*energies) < 3 < energy_drift(energies[0], 2.0 * energies[1])
    True
    """
    both = np.asarray([before, after], dtype=np.float64)
    both = np.stack([both, (both - both.mean()) ** 2])
    change = both[:, 1] - both[:, 0]
    error = np.std(change, axis=1, ddof=1) / math.sqrt(change.shape[1])
    still = np.all(change == 0.0, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        return float(np.max(np.where(still, 0.0, np.abs(change.mean(axis=1)) / error)))


def bracket_warnings(bracket: Bracket) -> tuple[str, ...]:
    """The signs that log Z is further off than its errors say; none if there are none.

    Thresholds are set by a Gaussian in 10 dimensions, where 128 chains through 300 temperatures are
    flagged in about 5% of runs, and by Neal's funnel in 10 dimensions, where MALA from a standard
    normal misses log Z by 6 errors and is flagged in about three runs of four. A mode that no chain
    reaches shows in none of these signs.
    """
    lower, upper = bracket.lower, bracket.upper
    assert lower.value is not None
    assert upper.value is not None
    gap = upper.value - lower.value
    if not math.isfinite(gap):
        return ("log Z is not a finite number: the likelihood is not known",)
    found = [*_uneven("forward", bracket.forward), *_uneven("reverse", bracket.reverse)]
    error = math.hypot(lower.stderr or 0.0, upper.stderr or 0.0)
    if abs(gap) > _GAP * error or abs(gap) + 2.0 * error > _LOOSE:
        found.append(
            f"the two sides of log Z lie {gap:.3g} +- {error:.2g} nats apart: the likelihood is "
            "known no better, anneal through more temperatures"
        )
    if not bracket.drift <= _DRIFT:
        found.append(
            f"the energies of annealed chains still change at the target, by {bracket.drift:.1f} "
            "errors: chains lag behind the annealing, and both sides of log Z with them"
        )
    return tuple(found)


def _uneven(side: str, run: AnnealedRun) -> list[str]:
    """Weights that a few chains carry: their spread understates the error of their mean."""
    logs = np.asarray(run.log_weights, dtype=np.float64)
    found = log_mean_exp(logs)
    largest = math.exp(float(np.max(logs) - found.value)) / len(logs)
    if largest <= _LARGEST and found.ess >= _FRACTION * len(logs):
        return []
    return [
        f"{side} annealing has an effective sample size of {float(found.ess):.3g} of {len(logs)} "
        f"chains, the largest weight being {largest:.0%} of all: its error is too small, anneal "
        "through more temperatures"
    ]


def certificate(log_weights: Float[np.ndarray, " chains"], runs: int, delta: float) -> Estimate:
    """A lower bound on log Z that fails with probability at most ``delta``.

    Each group's mean weight is unbiased for Z, so P(all groups exceed Z e^a) <= e^(-a runs), and
    log Z >= min - ln(1/delta) / runs. On minus the log-weights of reverse runs from exact draws,
    the same argument bounds log Z from above.

    >>> import numpy as np
    >>> print(certificate(np.zeros(16), runs=8, delta=0.05).value)
    -0.37446653...
    """
    groups = np.array_split(np.asarray(log_weights, dtype=np.float64), runs)
    worst = min(float(log_mean_exp(group).value) for group in groups)
    note = f"certified with probability {1 - delta:g} from {runs} independent runs"
    return Estimate(worst - math.log(1 / delta) / runs, 0.0, "lower bound", runs, note)
