"""The leaderboard of runs, from their files alone. Needs no JAX."""

import math

import msgspec

from energeia.estimate import Estimate
from energeia.recipes.catalogue import find
from energeia.recipes.options.families import FAMILIES
from energeia.recipes.options.stack import STACK
from energeia.records import Evaluation, LeaderboardRow
from energeia.runs.seeds import with_spread
from energeia.runs.storage.directory import RunDirectory, Status

FEW = 500
"""Validation rows that tell models apart by a tenth of a nat or so."""
TIE = 0.01
"""Nats per row that are not worth a slower model."""
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
        data=_checksum(directory),
        validation=_validation(directory, status, found),
        caution="" if found is None else "; ".join(found.cautions),
        warnings=warnings,
    )


def _likelihood(status: Status, found: Evaluation | None) -> Estimate:
    if found is not None:
        return found.log_likelihood
    return Estimate.none(status.message if status.state == "failed" else "not evaluated yet")


def _checksum(directory: RunDirectory) -> str:
    """Of the rows of a run; empty where it has none, or failed before it wrote them down."""
    return directory.data.sha256 if (directory.path / "data.json").is_file() else ""


def _validation(
    directory: RunDirectory, status: Status, found: Evaluation | None
) -> Estimate | None:
    """Of an exact density, whose held-out loss is minus the log-likelihood in the user's units, or
    its bound where rows have errors."""
    bounded = found is not None and found.log_likelihood.kind == "lower bound"
    # Of rows with errors most densities have a bound that is close.
    if found is None or not (
        found.log_likelihood.kind == "exact" or (bounded and directory.config().rows.errors)
    ):
        return None
    if status.held_out is None or not math.isfinite(status.held_out):
        return None
    return Estimate(-status.held_out, None, found.log_likelihood.kind, directory.data.valid)


def quickest_of_best(
    validation: dict[str, float], seconds: dict[str, float], rows: int
) -> str | None:
    """The quickest of the models whose validation log-likelihood is within ``TIE`` of the best.

    Fewer than ``FEW`` validation rows choose by chance, and a stack, where there is one, is never
    far from its best member.

    >>> quickest_of_best({"made": -3.2, "mixture": -3.205, "flow": -3.5}, {"made": 9.0}, 800)
    'mixture'
    """
    if rows < FEW and STACK in validation:
        return STACK
    best = max(validation.values(), default=0.0)
    tied = [name for name, value in validation.items() if value >= best - TIE]
    return min(tied, key=lambda name: seconds.get(name, 0.0), default=None)


def recommended(rows: list[LeaderboardRow]) -> LeaderboardRow | None:
    """The exact model to use, by validation rows; test rows have no part in the choice.

    None where there is no choice, or where the runs are of different rows.
    """
    exact = {line.run: line for line in rows if line.validation is not None}
    if len(exact) < 2 or len({line.data for line in exact.values()}) > 1:
        return None
    stacks = {run: STACK for run, line in exact.items() if line.family == STACK}
    if len(stacks) > 1:
        return None
    names = {run: stacks.get(run, run) for run in exact}
    found = {names[run]: line.validation for run, line in exact.items() if line.validation}
    values = {name: estimate.value or 0.0 for name, estimate in found.items()}
    costs = {names[run]: line.seconds or 0.0 for run, line in exact.items()}
    # A stack costs what its members cost.
    costs |= dict.fromkeys(stacks.values(), sum(line.seconds or 0.0 for line in rows))
    fewest = min(estimate.n or 0 for estimate in found.values())
    chosen = quickest_of_best(values, costs, fewest)
    return next(line for run, line in exact.items() if names[run] == chosen)


def ranked(directories: list[RunDirectory]) -> list[LeaderboardRow]:
    """Best first: exact values and lower bounds before estimates, none last.

    Runs that differ in their seed alone are one row, with their spread.
    Models whose log-likelihood is below that of the best baseline say so.
    """
    rows = with_spread([row(directory) for directory in directories])
    chosen = recommended(rows)
    rows = [msgspec.structs.replace(line, recommended=line is chosen) for line in rows]
    baseline = best_baseline(rows)
    if baseline is not None:
        rows = [_against(line, baseline) for line in rows]
    return sorted(rows, key=_sort_key)


def is_baseline(line: LeaderboardRow) -> bool:
    """Whether a model is a simple one that others have to beat."""
    return FAMILIES[line.family].simple


def best_baseline(rows: list[LeaderboardRow]) -> LeaderboardRow | None:
    """The baseline of the highest log-likelihood; None where no baseline has one."""
    simple = [line for line in rows if is_baseline(line) and line.log_likelihood.finite]
    return max(simple, key=lambda line: line.log_likelihood.value or 0.0, default=None)


def nats_behind(line: LeaderboardRow, baseline: LeaderboardRow) -> float | None:
    """How far a log-likelihood is below that of the baseline, if by more than two errors."""
    found, simple = line.log_likelihood, baseline.log_likelihood
    if is_baseline(line) or not (found.finite and simple.finite):
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
        "a baseline: prefer the latter, or train longer"
    )
    return msgspec.structs.replace(line, warnings=(text, *line.warnings))


def _sort_key(line: LeaderboardRow) -> tuple[int, float]:
    found = line.log_likelihood
    value = found.value if found.finite and found.value is not None else float("-inf")
    return _RANK[found.kind], -value
