"""The minutes of a comparison, divided among its trainings after what evaluation takes."""

import sys
from pathlib import Path
from typing import NamedTuple

from energeia._core import clock
from energeia.recipes.options.base import Recipe
from energeia.runs.seeds import member_path
from energeia.runs.storage.directory import RunDirectory

_EVALUATION = 0.25
"""Fraction of the minutes kept for evaluations before the first of them was timed."""
_LEAST = 0.25
"""Fraction of an equal share that every training gets, however long the others took."""


class Share(NamedTuple):
    """What one training gets."""

    minutes: float
    least: bool
    """Whether less was left, and it gets the least."""


class Shares:
    """What is left of some minutes, in equal parts for the trainings to come.

    Before each training, the mean time of the evaluations so far is kept for every evaluation to
    come, and the rest is divided equally: time that early stopping saves goes to later trainings.
    """

    def __init__(self, minutes: float, trainings: int, evaluations: int) -> None:
        self._limit, self._began = 60.0 * minutes, clock.clock.now()
        self._trainings, self._evaluations = trainings, evaluations
        self._least = _LEAST * self._limit / max(trainings, 1)
        self._evaluated: list[float] = []

    @property
    def per_evaluation(self) -> float:
        """Seconds that an evaluation to come is expected to take."""
        if self._evaluated:
            return sum(self._evaluated) / len(self._evaluated)
        return _EVALUATION * self._limit / max(self._evaluations, 1)

    def take(self) -> "Share":
        """The minutes of the next training, which is counted as begun."""
        left = self._limit - (clock.clock.now() - self._began)
        left -= self.per_evaluation * (self._evaluations - len(self._evaluated))
        share = left / max(self._trainings, 1)
        self._trainings -= 1
        return Share(max(share, self._least) / 60.0, share < self._least)

    def evaluated(self, seconds: float) -> None:
        """Report how long an evaluation took."""
        self._evaluated.append(seconds)


class Job(NamedTuple):
    """One training of a comparison."""

    recipe: Recipe
    index: int
    """Of its seed."""
    directory: RunDirectory


class Plan(NamedTuple):
    """The trainings of a comparison, and what divides its minutes among them."""

    jobs: list[Job]
    shares: Shares | None

    def minutes_of(self, recipe: Recipe, directory: RunDirectory) -> float | None:
        """The minutes of a training that is about to begin; None where rounds are known."""
        if self.shares is None or directory.exists() or not recipe.trained_in_rounds:
            return None
        share = self.shares.take()
        if share.least:
            text = f"{recipe.name}: a quarter of an equal share, since evaluations take about "
            text += f"{self.shares.per_evaluation:.0f} s each: give more minutes"
            print(text, file=sys.stderr, flush=True)
        return share.minutes


def plan_jobs(chosen: list[Recipe], path: Path, seeds: int, minutes: float | None) -> Plan:
    """Every training, in order; with minutes, recipes that are not trained in rounds are first, so
    that their evaluations are timed before the minutes are divided."""
    if minutes is not None:
        chosen = sorted(chosen, key=lambda recipe: recipe.trained_in_rounds)
    jobs = [
        Job(recipe, index, RunDirectory(member_path(path / recipe.name, index)))
        for recipe in chosen
        for index in range(seeds)
    ]
    if minutes is None:
        return Plan(jobs, None)
    left = [job for job in jobs if job.directory.evaluation is None]
    trainings = [j for j in left if j.recipe.trained_in_rounds and not j.directory.exists()]
    return Plan(jobs, Shares(minutes, len(trainings), len(left)))
