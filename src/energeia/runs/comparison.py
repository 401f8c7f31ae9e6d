"""Comparison of one recipe of each family, and of the baselines, on the same rows."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from energeia._core import clock
from energeia._core.errors import EnergeiaError, InputError
from energeia._core.ranges import Scale, require_in
from energeia.evaluation.budget import EvaluationBudget
from energeia.evaluation.prepared import PreparedData
from energeia.recipes.catalogue import find, one_per_family, require, unsupported_reason
from energeia.recipes.options.base import Recipe
from energeia.recipes.options.families import FAMILIES
from energeia.recipes.options.stack import STACK
from energeia.runs.evaluating import evaluate_run, prepare_data
from energeia.runs.leaderboard import LeaderboardRow, ranked
from energeia.runs.loading import load
from energeia.runs.members import like_first, require_members
from energeia.runs.opening import Rows, announce, data_config, from_file, open_rows
from energeia.runs.runner import run_session
from energeia.runs.sessions import Session, new_session
from energeia.runs.shares import Shares, plan_jobs
from energeia.runs.stacking import stack
from energeia.runs.storage.config import DataConfig, RunConfig
from energeia.runs.storage.directory import RunDirectory, find_runs, fresh_folder
from energeia.runs.storage.kept import beside, keep_rows
from energeia.support import Support

_log = logging.getLogger("energeia")


class Comparison(NamedTuple):
    """The result of a comparison; every run has a folder below ``path``."""

    path: Path
    rows: list[LeaderboardRow]
    directories: list[RunDirectory]
    skipped: dict[str, str]
    """Recipes that were asked for and do not fit the data, with the reason."""


def compare(
    data: Any, *, recipes: Sequence[str] = (), out: str | Path | None = None,
    scale: float = 1.0, seed: int = 0, seeds: int = 1, minutes: float | None = None,
    resume: bool = False, quiet: bool = False,
    precision: Literal[32, 64] = 32, budget: EvaluationBudget | None = None,
    reading: DataConfig | None = None,
    on_step: Callable[[str], Any] = lambda _: None,
) -> Comparison:  # fmt: skip
    """Fit one recipe of each family, and every baseline, to the same rows, and evaluate them on
    the same held-out rows.

    Args:
        data: a file, a named source, an array, a data frame, or a ``DataConfig``; rows from memory
            are kept in ``out``.
        recipes: these instead of one of each family that fits; those that do not fit are skipped.
        out: folder of the runs; a fresh one under ``runs`` by default.
        scale: multiplies the rounds of every recipe and, below one, the importance weights of
            its evaluation.
        seed: the seed of all random numbers.
        seeds: trainings of each recipe, with seeds ``seed``, ``seed + 1``, ... on the same rows, in
            folders ``made``, ``made-seed1``, ...; the leaderboard has their spread.
        minutes: about how long all takes, evaluations included, in place of the rounds of each
            recipe; ``scale`` then changes the evaluation alone. Reading the rows is not counted.
        resume: keep finished runs in ``out`` and continue interrupted ones.
        quiet: no progress on standard error.
        precision: bits of a number, in training and in all that is asked of the runs.
        budget: sizes of the evaluation, in place of the scaled ones.
        reading: how the data are read: support, conditions, columns to drop, fractions.
        on_step: called with a short description of each step.

    Raises:
        InputError: for data, a seed or a scale that cannot be used, an unknown recipe, recipes of
            which none fits, or an ``out`` that is taken.
        KeyboardInterrupt: after an interruption; ``resume=True`` continues.
    """
    require_members(seed, seeds, minutes)
    require_in(Scale, scale, "scale")
    where, kept = data_config(data, reading, seed)
    rows = open_rows(where, kept, recorded=_recorded(out) if resume else None)
    announce(rows.data)
    chosen, skipped = _chosen(recipes, rows)
    for name, reason in skipped.items():
        on_step(f"{name} is skipped: {reason}")
    path = Path(out) if out else fresh_folder("runs", rows.data.provenance.spec.partition(":")[0])
    if path.exists() and any(path.iterdir()) and not resume:
        raise InputError(f"{path} is not empty: continue it with --resume or choose another --out")
    if kept is not None:
        rows = from_file(rows, keep_rows(path, kept.values, kept.names))
        where = beside(where)
    plan = plan_jobs(chosen, path, seeds, minutes)
    prepared = prepare_data(rows, rows.test, seed, budget or EvaluationBudget().scaled(scale))
    for recipe, index, directory in plan.jobs:
        on_step(f"{recipe.family}: {recipe.name}" + (f", seed {seed + index}" if index else ""))
        config = RunConfig(
            recipe=recipe.name,
            data=where,
            options=scaled(recipe, scale, len(rows.train.x), in_minutes=minutes is not None),
            seed=seed + index,
            precision=precision,
            minutes=plan.minutes_of(recipe, directory),
        )
        first = RunDirectory(path / recipe.name)
        config = like_first(config, first) if index else config
        _one(directory, config, rows, prepared, quiet=quiet, resume=resume, shares=plan.shares)
    directories = [job.directory for job in plan.jobs]
    members = [RunDirectory(path / name) for name in _stackable(chosen)]
    directories += _stacked(path / STACK, members, rows, prepared, seed, on_step)
    return Comparison(path, ranked(directories), directories, skipped)


def _stacked(
    path: Path, directories: list[RunDirectory], rows: Rows, prepared: PreparedData, seed: int,
    on_step: Callable[[str], Any],
) -> list[RunDirectory]:  # fmt: skip
    """The run that mixes all exact ones, evaluated; none where there are fewer than two, or where
    it fails, which does not stop a comparison.
    """
    done = RunDirectory(path)
    try:
        found = done if done.exists() else stack(path, directories, rows)
        if found is not None and found.evaluation is None:
            on_step(f"{STACK}: the exact models, mixed")
            _evaluate(found, rows, prepared, seed)
    except EnergeiaError as problem:
        _log.warning("%s: %s", STACK, problem)
        return [done] if done.exists() else []
    return [] if found is None else [found]


def _stackable(chosen: list[Recipe]) -> list[str]:
    """Of baselines one alone, since each that is added makes the stack slower: the mixture, of
    which a normal distribution is a part, where it is among them."""
    simple = [recipe.name for recipe in chosen if FAMILIES[recipe.family].simple]
    kept = "mixture" if "mixture" in simple else next(iter(simple), None)
    return [recipe.name for recipe in chosen if recipe.name == kept or recipe.name not in simple]


def _recorded(out: str | Path | None) -> Support | None:
    """The support of the runs that a comparison holds already, for those that it lacks."""
    found = [run.support for run in find_runs(out)] if out else []
    return next((support for support in found if support is not None), None)


def _chosen(names: Sequence[str], rows: Rows) -> tuple[list[Recipe], dict[str, str]]:
    """The recipes to fit, and why others that were named are not."""
    support, conditional = rows.problem.support, rows.problem.condition_dimension > 0
    fields = rows.problem.fields
    if not names:
        return one_per_family(support, conditional, fields), {}
    recipes = [find(name) for name in names]
    reasons = {r.name: unsupported_reason(r, support, conditional, fields=fields) for r in recipes}
    chosen = [recipe for recipe in recipes if reasons[recipe.name] is None]
    if not chosen:
        require(recipes[0], rows.problem)
    return chosen, {name: reason for name, reason in reasons.items() if reason is not None}


def scaled(recipe: Recipe, scale: float, rows: int, *, in_minutes: bool = False) -> msgspec.Struct:
    """A recipe's default options, rounds multiplied, batches at most a quarter of the rows.

    Where few rounds are left they are one chunk: whole chunks of the default would be more. In a
    run with minutes, rounds and passes stay as they are, since the minutes choose the rounds.
    """
    options: Any = recipe.options()
    batch = max(1, min(options.training.batch, rows // 4))
    training = msgspec.structs.replace(options.training, batch=batch)
    if in_minutes and recipe.trained_in_rounds:
        return msgspec.structs.replace(options, training=training)
    training = training.bounded(rows)
    rounds = max(1, round(training.rounds * scale))
    check_every = min(training.check_every, rounds)
    training = msgspec.structs.replace(training, rounds=rounds, check_every=check_every)
    return msgspec.structs.replace(options, training=training)


def _one(
    directory: RunDirectory, config: RunConfig, rows: Rows, prepared: PreparedData, *,
    quiet: bool, resume: bool, shares: Shares | None,
) -> None:  # fmt: skip
    """Train and evaluate one recipe; a failure is recorded and does not stop the others."""
    try:
        train_or_resume(directory, config, rows, quiet=quiet, resume=resume)
        if directory.evaluation is None:
            began = clock.clock.now()
            _evaluate(directory, rows, prepared, config.seed)
            if shares is not None:
                shares.evaluated(clock.clock.now() - began)
    except EnergeiaError as problem:
        _log.warning("%s: %s", config.recipe, problem)
        if not directory.exists():
            raise


def _evaluate(directory: RunDirectory, rows: Rows, prepared: PreparedData, seed: int) -> None:
    model = load(directory.path).law_of_rows
    evaluate_run(model, directory, rows.train, rows.test, rows.data.source, prepared, seed)


def train_or_resume(
    directory: RunDirectory, config: RunConfig, rows: Rows, *, quiet: bool, resume: bool
) -> None:
    """Train a new run, or continue an interrupted one."""
    if not directory.exists():
        run_session(new_session(directory.path, config, rows, quiet=quiet))
    elif resume and directory.status.state != "finished":
        run_session(Session(directory, directory.config(), rows, quiet))
