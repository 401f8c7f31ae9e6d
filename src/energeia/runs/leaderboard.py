"""The leaderboard of runs, from their files alone. Needs no JAX."""

from energeia.estimate import Estimate
from energeia.recipes.catalogue import find
from energeia.records import Evaluation, LeaderboardRow
from energeia.runs.storage.directory import RunDirectory, Status

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
        warnings=warnings,
    )


def _likelihood(status: Status, found: Evaluation | None) -> Estimate:
    if found is not None:
        return found.log_likelihood
    return Estimate.none(status.message if status.state == "failed" else "not evaluated yet")


def ranked(directories: list[RunDirectory]) -> list[LeaderboardRow]:
    """Best first: exact values and lower bounds before estimates, none last."""
    rows = [row(directory) for directory in directories]
    return sorted(rows, key=_sort_key)


def _sort_key(line: LeaderboardRow) -> tuple[int, float]:
    found = line.log_likelihood
    value = found.value if found.finite and found.value is not None else float("-inf")
    return _RANK[found.kind], -value
