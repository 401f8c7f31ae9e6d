"""A model that was trained on an energy against that energy: free energy, log Z, means."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import msgspec
import numpy as np

from energeia.contracts import Density, Energy
from energeia.energies.target import Target
from energeia.estimate import Estimate
from energeia.evaluation.independence import IndependenceChain
from energeia.evaluation.reweighting import Reweighted, reweight
from energeia.records import FEW_DRAWS, Evaluation, ObservableRow, TargetRow
from energeia.stats.weights import FEWEST_WEIGHTS

_DRAWS = 20_000
_CONDITIONS = 5
_BINS = 40
_FAR = 4
"""Standard errors of log Z beyond which it is not a matter of chance."""
_NOTICEABLE = 0.005
"""Shares that round to 0% are the rounding of energies, where the error of log Z vanishes."""


class TargetEvaluation(NamedTuple):
    """What a model says of its target, with draws for pictures."""

    evaluation: Evaluation
    x: np.ndarray
    """Draws of the model, shape ``(n, d)``."""
    weighted: np.ndarray
    """The same resampled by their weights: in the limit of many, draws of the target."""


def evaluate_target(
    model: Density, target: Target, energy: Energy, *, seed: int = 0, draws: int = _DRAWS
) -> TargetEvaluation:
    """Free energy, log Z, divergence and reweighted means of a normalized model, and its draws.

    At each of five conditions across their ranges where there are conditions, which are given to
    ``model`` and ``energy`` standardized. All weights are those of independent draws of the model:
    a mode that it never draws shows in none of the numbers, and the warnings say so.

    Raises:
        InputError: if a weight is not a number.
    """
    key, rows, every = jax.random.key(seed), [], []
    for index, condition in enumerate(_conditions(target)):
        standardized = None
        if condition is not None:
            units = [(c.location, c.scale) for c in target.conditions]
            standardized = jnp.asarray(
                [(v - m) / s for v, (m, s) in zip(condition, units, strict=True)], float
            )
        found = reweight(jax.random.fold_in(key, index), model, energy, draws, standardized)
        rows.append(_row(found, target, condition))
        every.append(found)
    reason = "the run is about an energy and has no rows: see its free energy and log Z"
    evaluation = Evaluation(
        log_likelihood=Estimate.none(reason), target=tuple(rows), warnings=_warnings(rows, draws)
    )
    each = max(1, draws // len(every))
    rng = np.random.default_rng(seed)
    return TargetEvaluation(
        evaluation,
        np.concatenate([found.x[:each] for found in every]),
        np.concatenate([_resampled(found, each, rng) for found in every]),
    )


def _resampled(found: Reweighted, count: int, rng: np.random.Generator) -> np.ndarray:
    shares = np.exp(found.log_weights - np.max(found.log_weights))
    return found.x[rng.choice(len(found.x), size=count, p=shares / shares.sum())]


def _conditions(target: Target) -> list[np.ndarray | None]:
    """None, or conditions from one corner of their ranges to the opposite one."""
    if not target.conditions:
        return [None]
    low, high = (np.array([getattr(c, end) for c in target.conditions]) for end in ("low", "high"))
    return [low + share * (high - low) for share in np.linspace(0.0, 1.0, _CONDITIONS)]


def _row(found: Reweighted, target: Target, condition: np.ndarray | None) -> TargetRow:
    # log w = -log q - E, so the free energy is minus its mean.
    free = Estimate.mean(-found.log_weights, "upper bound", "of -log Z")
    exact, n = target.log_partition(condition), len(found.log_weights)
    log_z = found.log_partition
    if found.ess < FEWEST_WEIGHTS:
        note = f"{log_z.note}; below {FEWEST_WEIGHTS:g}: no error is known"
        log_z = msgspec.structs.replace(log_z, stderr=None, note=note)
    divergence = None
    if exact is not None:
        divergence = msgspec.structs.replace(free + exact, kind="exact", note="")
    names, chain = [c.name for c in target.conditions], found.chain()
    counts, edges = _histogram(found.log_weights - (found.log_partition.value or 0.0))
    return TargetRow(
        condition={} if condition is None else dict(zip(names, map(float, condition), strict=True)),
        free_energy=free,
        log_partition=log_z,
        exact_log_partition=exact,
        divergence=divergence,
        effective_fraction=found.ess / n,
        largest_share=found.largest_share,
        acceptance=chain.acceptance,
        longest_rejection=chain.longest_rejection,
        weight_edges=edges,
        weight_counts=counts,
        observables=tuple(_means(found, chain, what, value) for what, value in target.observables),
    )


def _histogram(relative: np.ndarray) -> tuple[tuple[int, ...], tuple[float, ...]]:
    """Counts and edges; infinite weights, of draws beyond a hard wall, are in no bin."""
    counts, edges = np.histogram(relative[np.isfinite(relative)], bins=_BINS)
    return tuple(map(int, counts)), tuple(map(float, edges))


def _means(
    found: Reweighted, chain: IndependenceChain, what: Any, exact: float | None
) -> ObservableRow:
    plain = found._replace(log_weights=np.zeros_like(found.log_weights))
    return ObservableRow(
        name=what.name,
        unit=what.unit,
        model=found.mean(what, "reweighted to the target"),
        data=plain.mean(what, "plain mean of the model's draws"),
        exact=None if exact is None else Estimate.exact(exact),
        chain=chain.mean(what),
    )


def _missed(row: TargetRow) -> float | None:
    """1 - Z / Z_exact where Z is significantly too small: the probability of what is not drawn."""
    exact, found = row.exact_log_partition, row.log_partition
    if exact is None or found.value is None or found.stderr is None:
        return None
    gap = exact - found.value
    share = -float(np.expm1(-gap))
    return share if gap > _FAR * found.stderr and share > _NOTICEABLE else None


def _warnings(rows: list[TargetRow], draws: int) -> tuple[str, ...]:
    """What the numbers do not know, and where too few draws count."""
    few = [row for row in rows if row.effective_fraction < FEW_DRAWS]
    missed = [share for row in rows if (share := _missed(row)) is not None]
    messages = [
        "weights of the model's own draws do not see a mode that it lost: log Z and the means are "
        "those of the modes that it draws"
    ]
    if missed:
        messages.append(
            f"log Z is more than {_FAR} errors below its exact value"
            + (f" at {len(missed)} of {len(rows)} conditions" if len(rows) > 1 else "")
            + f": the model misses {'up to' if len(missed) > 1 else 'about'} {max(missed):.0%} of "
            "the target's probability"
        )
    if few:
        least = min(row.effective_fraction for row in few)
        messages.append(
            f"only {least:.2%} of {draws} draws count"
            + (f" at {len(few)} of {len(rows)} conditions" if len(rows) > 1 else "")
            + ": log Z and reweighted means may be far off"
        )
    return tuple(messages)
