"""The leaderboard of runs, from their files alone. Needs no JAX."""

import math

import msgspec

from energeia.estimate import Estimate
from energeia.recipes.catalogue import find
from energeia.records import Evaluation, LeaderboardRow
from energeia.runs.seeds import with_spread
from energeia.runs.storage.directory import RunDirectory, Status

BASELINE = "mixture"
"""The family of simple densities that other models have to beat."""
_RANK = {"exact": 0, "lower bound": 0, "upper bound": 1, "estimate": 1, "none": 2}


def row(directory: RunDirectory) -> LeaderboardRow:
    """One line of the leaderboard."""
    config, status, found = directory.config(), directory.status, directory.evaluation
    warnings = () if found is None else found.warnings
    if status.state != "finished":
        warnings = (f"{status.state} at round {status.round}: {status.message}", *warnings)
    return LeaderboardRow(
        recipe=config.recipe,
        family=find(config.recipe).family,
        run=str(directory.path),
        log_likelihood=_likelihood(status, found),
        two_sample={} if found is None else {t.name: t.statistic for t in found.two_sample},
        seconds=status.seconds or None,
        compile_seconds=status.compile_seconds or None,
        samples_per_second=None if found is None else found.samples_per_second,
        parameters=status.parameters or None,
        caution="" if found is None else "; ".join(found.cautions),
        warnings=warnings,
    )


def _likelihood(status: Status, found: Evaluation | None) -> Estimate:
    if found is not None:
        return found.log_likelihood
    return Estimate.none(status.message if status.state == "failed" else "not evaluated yet")


def ranked(directories: list[RunDirectory]) -> list[LeaderboardRow]:
    """Best first: exact values and lower bounds before estimates, none last.

    Runs that differ in their seed alone are one row, with their spread.
    Where there is a mixture, models whose log-likelihood is below its own say so.
    """
    rows = with_spread([row(directory) for directory in directories])
    baseline = next((line for line in rows if line.family == BASELINE), None)
    if baseline is not None:
        rows = [_against(line, baseline) for line in rows]
    return sorted(rows, key=_sort_key)


def nats_behind(line: LeaderboardRow, baseline: LeaderboardRow) -> float | None:
    """How far a log-likelihood is below that of the baseline, if by more than two errors."""
    found, simple = line.log_likelihood, baseline.log_likelihood
    if line.family == BASELINE or not (found.finite and simple.finite):
        return None
    # Both are means over the same rows, so the error of their difference is smaller than this.
    errors = (found.stderr, simple.stderr, line.spread, baseline.spread)
    error = math.hypot(*(part or 0.0 for part in errors))
    behind = (simple.value or 0.0) - (found.value or 0.0)
    return behind if behind > 2 * error else None


def _against(line: LeaderboardRow, baseline: LeaderboardRow) -> LeaderboardRow:
    behind = nats_behind(line, baseline)
    if behind is None:
        return line
    bound = ", of which it is a lower bound," if line.log_likelihood.kind == "lower bound" else ""
    text = (
        f"its log-likelihood{bound} is {behind:.3g} nats a row below that of {baseline.recipe}, "
        "the baseline: prefer the latter, or train longer"
    )
    return msgspec.structs.replace(line, warnings=(text, *line.warnings))


def _sort_key(line: LeaderboardRow) -> tuple[int, float]:
    found = line.log_likelihood
    value = found.value if found.finite and found.value is not None else float("-inf")
    return _RANK[found.kind], -value
