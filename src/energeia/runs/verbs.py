"""The public functions on data and runs: fit, resume, score, evaluate."""

from functools import partial
from pathlib import Path
from typing import Any, Literal, overload

import msgspec
import numpy as np

from energeia._core.errors import InputError
from energeia._core.precision import use_precision
from energeia.contracts import Bijection, Energy, Objective
from energeia.data.named.catalog import SubjectKind, subject_kind
from energeia.data.simulator import Simulator
from energeia.energies.target import Target
from energeia.evaluation.budget import EvaluationBudget
from energeia.recipes.catalogue import find
from energeia.records import Evaluation
from energeia.runs.loading import load
from energeia.runs.members import fit_members, require_members
from energeia.runs.opening import Rows, announce, data_config, open_for, open_rows, open_rows_for
from energeia.runs.own_flow import CLIPPED, flow_of_rows
from energeia.runs.parts import Fitted, fit_parts
from energeia.runs.run import Run, Scores
from energeia.runs.runner import run_session
from energeia.runs.sessions import Session, new_session, reopen_session
from energeia.runs.simulators import draw_rows
from energeia.runs.storage.config import (
    DataConfig,
    RunConfig,
    SimulatorConfig,
    TargetConfig,
    changed_options,
)
from energeia.runs.storage.directory import RunDirectory, fresh_folder
from energeia.runs.targets import TargetSubject, open_subject, target_config
from energeia.training.player import Player
from energeia.training.settings import Optimization, Training


@overload
def fit(
    data: Any, recipe: str, *, out: str | Path | None = None,
    options: dict[str, Any] | msgspec.Struct | None = None,
    reading: DataConfig | TargetConfig | SimulatorConfig | None = None,
    subject: SubjectKind | Literal[""] = "",
    allow_import: bool = False, init: Run | str | Path | None = None, seed: int = 0,
    seeds: int = 1, minutes: float | None = None, quiet: bool = False,
    precision: Literal[32, 64] = 32,
) -> Run: ...  # fmt: skip


@overload
def fit(
    data: Any, *, flow: Bijection, training: Training | None = None,
    optimization: Optimization | None = None, reading: DataConfig | None = None,
    seed: int = 0, quiet: bool = False, precision: Literal[32, 64] = 32,
) -> Fitted: ...  # fmt: skip


@overload
def fit(
    data: Any, *, model: Any, objective: Objective | None = None,
    players: tuple[Player, ...] | None = None, training: Training | None = None,
    optimization: Optimization | None = None, reading: DataConfig | None = None,
    seed: int = 0, quiet: bool = False, precision: Literal[32, 64] = 32,
) -> Fitted: ...  # fmt: skip


def fit(
    data: Any, recipe: str | None = None, *, model: Any = None, flow: Bijection | None = None,
    objective: Objective | None = None,
    players: tuple[Player, ...] | None = None, training: Training | None = None,
    optimization: Optimization | None = None, out: str | Path | None = None,
    options: dict[str, Any] | msgspec.Struct | None = None,
    reading: Any = None,
    subject: SubjectKind | Literal[""] = "",
    allow_import: bool = False, init: Run | str | Path | None = None, seed: int = 0,
    seeds: int = 1, minutes: float | None = None, quiet: bool = False,
    precision: Literal[32, 64] = 32,
) -> Run | Fitted:  # fmt: skip
    """Train a recipe on data or on an energy and keep the run, or train modules of one's own.

    Args:
        data: a file, a named source such as ``"ising:L=8,beta=0.44"``, an array of shape
            ``(rows, ...)``, a data frame, or a ``DataConfig``. Rows from memory are kept in the
            folder of the run, so that it can be resumed and evaluated. Or an energy, of which
            there are no rows: an ``Energy`` such as ``energeia.energy(function, 2)``, a ``Target``,
            a named target such as ``"double-well:height=4"``, or a ``TargetConfig``. Or a
            ``Simulator``, a named one such as ``"two-moons"``, or a ``SimulatorConfig``, whose
            draws are kept like rows from memory.
        recipe: a name of the catalogue, such as ``"spline-flow"``.
        model: in the place of a recipe: a module, such as a ``Flow``, or a dictionary of modules
            by name; nothing is written, and a ``Fitted`` comes back.
        flow: in the place of a model: a bijection from whitened columns to the base of a flow,
            whose units, whitening and base are those of the recipes.
        objective: what the players of ``model`` lower; by default minus the likelihood of rows,
            or the free energy of a model of an energy.
        players: which modules move, and by which optimizers; by default one for each player of
            the objective, which moves the module of its name.
        training: rounds, batches and checks for ``model``.
        optimization: the optimizer of the default players.
        out: the folder of the run; a fresh one under ``runs`` by default.
        options: options of the recipe, ``{"layers": 4, "training": {"rounds": 500}}``.
        reading: how the data are read: support, conditions, columns to drop, fractions; or where
            an energy is, as a ``TargetConfig``; or how many draws of a simulator to make and what
            to learn of them, as a ``SimulatorConfig``.
        subject: ``"rows"``, ``"target"`` or ``"simulator"`` for a name that is more than one; rows
            by default.
        init: a run, or its folder, from whose kept arrays a recipe starts where name and shape
            are the same; standard error names the rest.
        allow_import: let a target ``"module:attribute"`` be imported.
        seed: the seed of all random numbers, those of a source's rows and of the split included,
            unless ``data`` or ``reading`` is a ``DataConfig``, which has a seed of its own.
        seeds: trainings of the recipe, with seeds ``seed``, ``seed + 1``, ... on the same rows: the
            first in ``out``, which comes back, others in ``out-seed1``, ... beside it.
        minutes: about how long training takes, in place of the rounds of the recipe, for all seeds
            together: a trial is timed, then the rounds are chosen and stored. Reading the rows and
            evaluation are not counted; patience grows with the rounds.
        quiet: no progress on standard error.
        precision: bits of a number, in training and in all that is asked of the run.

    Raises:
        InputError: for data, a recipe or options that cannot be used; the message gives the repair.
        TrainingFailed: at a value that is not finite.
        KeyboardInterrupt: after an interruption; ``resume`` continues.

    >>> import jax.numpy as jnp, numpy as np
    >>> from energeia.bijections import Affine
    >>> from energeia.distributions import StandardNormal
    >>> from energeia.models import Flow
    >>> from energeia.training import Optimization, Training
    >>> x = 3.0 + np.random.default_rng(0).normal(size=(500, 1))
    >>> flow = Flow(StandardNormal((1,)), Affine(jnp.zeros(1), jnp.zeros(1)))
    >>> fast = Optimization(learning_rate=0.1)
    >>> found = fit(x, model=flow, training=Training(rounds=600), optimization=fast, quiet=True)
    >>> bool(abs(found.model.bijection.location[0] + 3.0) < 0.3)
    True
    """
    require_members(seed, seeds, minutes)
    if sum(given is not None for given in (model, recipe, flow)) != 1:
        raise InputError("fit takes a recipe, a model= or a flow=: give one of them")
    if recipe is None and init is not None:
        raise InputError("init= was given with a model=, which has arrays of its own: leave it")
    if recipe is None and (minutes is not None or seeds > 1):
        raise InputError("minutes= and seeds= belong to a recipe: give model= a training= instead")
    kind = _subject_kind(data, reading, subject, allow_import=allow_import)
    if recipe is None:
        with use_precision(precision):
            opened = _opened(data, reading, kind, seed, allow_import=allow_import, quiet=quiet)
            if flow is not None:
                model, optimization = _own_flow(opened, flow, seed), optimization or CLIPPED
            return fit_parts(
                opened, model, objective=objective, players=players, training=training,
                optimization=optimization, seed=seed, quiet=quiet,
            )  # fmt: skip
    path, given = Path(out) if out else fresh_folder("runs", recipe), None
    if kind == "target":
        where, given = _target(data, reading, allow_import=allow_import)
        prepare = partial(_target_session, where, recipe, given)
    else:
        simulator, where, kept = _rows(data, reading, kind, seed, allow_import, quiet)
        prepare = partial(prepare_session, where, recipe, kept, simulator=simulator)
    prepare = partial(prepare, init=_folder(init), quiet=quiet, precision=precision)
    fit_members(path, seeds, seed, minutes, options, prepare)
    return load(path).with_target(given)


def _own_flow(opened: Rows | TargetSubject, flow: Bijection, seed: int) -> Any:
    if not isinstance(opened, Rows):
        raise InputError("flow= was given for an energy: give model=Flow(base, bijection)")
    return flow_of_rows(opened, flow, seed)


def _subject_kind(
    data: Any, reading: Any, wanted: SubjectKind | Literal[""], *, allow_import: bool
) -> SubjectKind:
    """What a run is trained on: what the objects are, or what a name stands for."""
    found: SubjectKind = "rows"
    if isinstance(data, Energy | Target | TargetConfig):
        found = "target"
    elif isinstance(data, Simulator | SimulatorConfig):
        found = "simulator"
    elif isinstance(data, str):
        by_reading: dict[type, SubjectKind] = {TargetConfig: "target", SimulatorConfig: "simulator"}
        wanted = wanted or by_reading.get(type(reading), "")
        found = subject_kind(data, wanted, allow_import=allow_import)
    fitting = {"rows": DataConfig, "target": TargetConfig, "simulator": SimulatorConfig}[found]
    if reading is not None and not isinstance(reading, fitting):
        named = found if found == "rows" else f"a {found}"
        raise InputError(
            f"a {type(reading).__name__} was given for a run on {named}: give a {fitting.__name__}"
        )
    return found


def _rows(
    data: Any, reading: Any, kind: SubjectKind, seed: int, allow_import: bool, quiet: bool
) -> tuple[SimulatorConfig | None, DataConfig, Any]:
    """Where rows are, and rows from memory to be kept; those of a simulator are drawn."""
    if kind == "simulator":
        return draw_rows(data, reading, seed, allow_import=allow_import, quiet=quiet)
    return None, *data_config(data, reading, seed)


def _opened(
    data: Any, reading: Any, kind: SubjectKind, seed: int, *, allow_import: bool, quiet: bool
) -> Rows | TargetSubject:
    """Rows or an energy, ready to train on."""
    if kind == "target":
        where, given = _target(data, reading, allow_import=allow_import)
        return open_subject(where, given, allow_import=where.allow_import)
    _, where, kept = _rows(data, reading, kind, seed, allow_import, quiet)
    rows = open_rows(where, kept)
    announce(rows.data)
    return rows


def _target(
    data: Any, reading: Any, *, allow_import: bool
) -> tuple[TargetConfig, Energy | Target | None]:
    """Where an energy is, and the energy itself where it is an object of a program."""
    where = target_config(data, reading)
    if allow_import:
        where = msgspec.structs.replace(where, allow_import=True)
    return where, data if isinstance(data, Energy | Target) else None


def _target_session(
    where: TargetConfig, recipe: str, given: Energy | Target | None, *, out: Path, options: Any,
    init: str, seed: int, minutes: float | None, quiet: bool, precision: Literal[32, 64],
) -> Session:  # fmt: skip
    """A run on an energy that is ready to train in a new folder."""
    config = RunConfig(
        recipe=recipe, target=where, options=_options(recipe, options, "target"), seed=seed,
        precision=precision, minutes=minutes, init=init,
    )  # fmt: skip
    RunDirectory(out).require_free()
    with use_precision(precision):
        subject = open_subject(where, given, allow_import=where.allow_import)
    return new_session(out, config, subject, quiet=quiet)


def _folder(init: Run | str | Path | None) -> str:
    """The folder of a run to start from, as it is recorded; empty for none."""
    return str(init.path if isinstance(init, Run) else init or "")


def _options(
    recipe: str, options: dict[str, Any] | msgspec.Struct | None, subject: str = "rows"
) -> msgspec.Struct:
    """The options of a recipe from a nested dictionary."""
    if options is None or isinstance(options, dict):
        return changed_options(find(recipe).defaults(subject), options or {}, recipe)
    return options


def prepare_session(
    where: DataConfig, recipe: str, kept: Any = None, *, out: str | Path | None = None,
    options: dict[str, Any] | msgspec.Struct | None = None, init: str = "", seed: int = 0,
    quiet: bool = False, precision: Literal[32, 64] = 32,
    simulator: SimulatorConfig | None = None, minutes: float | None = None,
) -> Session:  # fmt: skip
    """A run that is ready to train in a new folder; ``kept`` are rows from memory, or None.

    Raises:
        InputError: for data, a recipe or options that cannot be used, or a folder that is taken.
    """
    options = _options(recipe, options)
    config = RunConfig(
        recipe=recipe, data=where, simulator=simulator, options=options, seed=seed,
        precision=precision, minutes=minutes, init=init,
    )  # fmt: skip
    path = Path(out) if out else fresh_folder("runs", recipe)
    RunDirectory(path).require_free()  # before any data are read
    where, rows = open_rows_for(find(recipe), where, kept)
    announce(rows.data)
    config = msgspec.structs.replace(config, data=where)
    return new_session(path, config, rows, kept, quiet=quiet)


def resume(
    path: str | Path, *, target: Energy | Target | None = None, allow_import: bool = False,
    quiet: bool = False,
) -> Run:  # fmt: skip
    """Continue a run as if it had not been interrupted, bit for bit on one machine.

    A run on an energy that is an object of a program needs it again, as ``target``; one on
    ``"module:attribute"`` needs ``allow_import`` again.

    Raises:
        InputError: if there is no run, its data have changed, or its target is not at hand.
        CorruptRun: if none of its checkpoints is complete.
        TrainingFailed: at a value that is not finite.
    """
    directory = RunDirectory.open(path)
    if directory.status.state != "finished":
        with use_precision(directory.config().precision):
            session = reopen_session(directory, target, allow_import=allow_import, quiet=quiet)
        run_session(session)
    return load(path).with_target(target)


def score(
    run: Run | str | Path, data: Any, *, seed: int = 0, budget: EvaluationBudget | None = None,
    drop_bad_rows: bool = False,
) -> Scores:  # fmt: skip
    """The log-likelihood of rows, with the columns that the run was trained on.

    Args:
        run: a run, or its folder.
        data: a file, a named source, an array or a data frame; condition columns are where they
            were when the run was trained.
        seed: of a bound's or an estimate's weights.
        budget: how many weights or annealed chains a bound or an estimate may take.
        drop_bad_rows: leave out rows with NaN or infinity.

    Raises:
        InputError: for data that cannot be read or do not fit the run.
    """
    run = opened(run)
    rows = open_for(data, run.problem, run.config.rows, drop_bad_rows=drop_bad_rows, seed=seed)
    x = np.asarray(rows.rows)
    return run.score(
        x, rows.condition, seed=seed, budget=budget, weight=rows.weight, errors=rows.noise
    )


def evaluate(
    run: Run | str | Path, data: Any = None, *, seed: int = 0,
    budget: EvaluationBudget | None = None, target: Energy | Target | None = None,
    allow_import: bool = False,
) -> Evaluation:  # fmt: skip
    """Measure a run, or the run in a folder, against its own held-out rows or against other data.

    A run on an energy is measured against it: ``target`` is the energy where it is an object of a
    program, and ``allow_import`` lets a ``"module:attribute"`` be imported.

    Raises:
        InputError: for data that cannot be read or do not fit the run.
    """
    found = opened(run)
    if target is not None:
        found = found.with_target(target)
    return found.evaluate(data, seed=seed, budget=budget, allow_import=allow_import)


def opened(run: Run | str | Path) -> Run:
    """A run as it is, or opened from its folder."""
    return run if isinstance(run, Run) else load(run)
