"""Training of a run: records progress, saves checkpoints, and resumes bit for bit."""

import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import msgspec

from energeia._core.errors import EnergeiaError, TrainingFailed
from energeia._core.precision import use_precision
from energeia._core.trees import parameter_count
from energeia.contracts import Batch, Energy
from energeia.data.findings import sentences
from energeia.data.readers import Table
from energeia.energies.target import Target
from energeia.recipes.assembly import Assembly
from energeia.recipes.catalogue import find, require
from energeia.runs.building import augmentation, build, build_on_target, keys_of, skeleton
from energeia.runs.initial import borrow, keep_initial, with_initial
from energeia.runs.interrupt import Interruptible
from energeia.runs.opening import Rows, as_floats, from_file, open_rows, standardized
from energeia.runs.progress import ProgressLine
from energeia.runs.storage import checkpoint
from energeia.runs.storage.config import RunConfig
from energeia.runs.storage.directory import DataRecord, RunDirectory, Status
from energeia.runs.storage.environment import environment
from energeia.runs.storage.files import make_folder
from energeia.runs.storage.kept import keep_rows
from energeia.runs.targets import TargetSubject, open_subject
from energeia.runs.weighting import for_losses
from energeia.training.batches import ConditionsOnly
from energeia.training.loop import TrainingProgress, total_rounds, training_chunks
from energeia.training.settings import Training
from energeia.training.state import BestSoFar, Game, State, initial_state

_REPORT_ROWS = 2000


class Session(NamedTuple):
    """A run that is ready to train."""

    directory: RunDirectory
    config: RunConfig
    rows: Rows | TargetSubject
    """What it is trained on: rows, or an energy."""
    quiet: bool = False

    @property
    def training(self) -> Training:
        """The training settings."""
        return self.config.options.training  # pyright: ignore[reportAttributeAccessIssue]


def new_session(
    path: str | Path, config: RunConfig, rows: Rows | TargetSubject, kept: Table | None = None, *,
    quiet: bool = False,
) -> Session:  # fmt: skip
    """Make the folder of a run and write its configuration, and ``kept`` rows from memory.

    A limit on passes over the rows is converted to rounds, and a batch is lowered to the number of
    training rows where there are fewer; standard error says so.

    Raises:
        InputError: if the folder already holds a run, or the recipe does not fit the data.
    """
    require(find(config.recipe), rows.problem)
    if isinstance(rows, Rows):
        config = _bounded(config, len(rows.train.x))
    RunDirectory(path).require_free()
    if config.init:
        _keep_initial(Path(path), config, rows)
    if kept is not None and isinstance(rows, Rows):
        rows = from_file(rows, keep_rows(Path(path), kept.values, kept.names))
    return Session(RunDirectory.create(path, config), config, rows, quiet)


def _keep_initial(folder: Path, config: RunConfig, subject: Rows | TargetSubject) -> None:
    """Keep the arrays of another run that fit this one; standard error says which do not."""
    energy = subject.energy if isinstance(subject, TargetSubject) else None
    with use_precision(config.precision):
        modules = skeleton(config, subject.problem, energy).modules
    found = borrow(config.init, config.recipe, modules)
    print(f"{config.recipe}: {found.sentence}", file=sys.stderr)
    make_folder(folder)
    keep_initial(folder, found.arrays)


def _bounded(config: RunConfig, count: int) -> RunConfig:
    """A configuration with batches and rounds that ``count`` rows allow."""
    requested: Training = config.options.training  # pyright: ignore[reportAttributeAccessIssue]
    training = requested.bounded(count)
    for sentence in _lowered(requested, training, count):
        print(f"{config.recipe}: {sentence}", file=sys.stderr)
    options: Any = msgspec.structs.replace(config.options, training=training)
    return msgspec.structs.replace(config, options=options)


def _lowered(requested: Training, used: Training, rows: int) -> list[str]:
    """A sentence for each setting that few rows have lowered."""
    messages = []
    if used.batch < requested.batch:
        messages.append(
            f"batches of {used.batch} in place of {requested.batch}, all the training rows"
        )
    if used.rounds < requested.rounds:
        messages.append(
            f"{used.rounds} rounds in place of {requested.rounds}, which are "
            f"{requested.passes} passes over {rows} rows; --training.passes 0 removes that limit"
        )
    return messages


def reopen_session(
    directory: RunDirectory, target: Energy | Target | None = None, *,
    allow_import: bool = False, quiet: bool = False,
) -> Session:  # fmt: skip
    """Reopen the data of a run and check that they have not changed, or find its target again.

    Raises:
        InputError: if the data have changed, or the target cannot be found.
    """
    config = directory.config()
    if config.target is not None:
        subject = open_subject(config.target, target, allow_import=allow_import)
        return Session(directory, config, subject, quiet)
    rows = open_rows(config.rows, recorded=directory.support)
    directory.check_data(rows.data.provenance.sha256)
    return Session(directory, config, rows, quiet)


def _with_recorded_problem(session: Session) -> Session:
    """What a session before this one wrote down of the data stays, its scales above all."""
    if not (session.directory.path / "problem.json").is_file():
        return session
    return session._replace(rows=session.rows._replace(problem=session.directory.problem))


def _write_records(session: Session) -> None:
    """Write records of data and environment, which an earlier, killed session may lack."""
    directory, rows = session.directory, session.rows
    directory.write("problem.json", rows.problem)
    if not (directory.path / "data.json").is_file():
        directory.write("data.json", data_record(rows, session.config))
    directory.write("environment.json", environment())
    if isinstance(rows, Rows):
        directory.save_held_out(as_floats(rows.test.x[:_REPORT_ROWS]), rows.test.weight)


def data_record(rows: Rows | TargetSubject, config: RunConfig) -> DataRecord:
    """The record of a run's data; of a target its columns."""
    if isinstance(rows, TargetSubject):
        columns = rows.target.columns
        return DataRecord(
            spec=config.spec, sha256="", rows=0, train=0, valid=0, test=0, columns=columns
        )
    return DataRecord(
        spec=rows.data.provenance.spec,
        sha256=rows.data.provenance.sha256,
        rows=len(rows.data),
        train=len(rows.train.x),
        valid=len(rows.valid.x),
        test=len(rows.test.x),
        columns=rows.data.columns,
        warnings=rows.data.warnings,
        findings=sentences(rows.data.findings, rows.data.columns),
        weight=rows.data.weight_summary,
    )


def run_session(session: Session) -> Status:
    """Train until the end, an interruption or a failure, from the last checkpoint if there is one.

    Raises:
        InputError: if another process trains this run.
        CorruptRun: if none of its checkpoints is whole.
        KeyboardInterrupt: after an interruption, with everything saved.
        TrainingFailed: at a value that is not finite, naming the last good checkpoint.
    """
    with session.directory.locked():
        session.directory.tidy()
        with use_precision(session.config.precision):
            return _train(_with_recorded_problem(session))


def _train(session: Session) -> Status:
    """Train under the lock of the run's folder, and write down how it ended."""
    directory = session.directory
    total = total_rounds(session.training)
    before = _restated(directory.status, "running", "", rounds=total)
    directory.write("status.json", before)
    try:
        finished = _restated(_train_on(session, before), "finished", "")
    except KeyboardInterrupt:
        _end(directory, "interrupted", "stopped by the user")
        raise
    except TrainingFailed as problem:
        message = f"{problem} (last good checkpoint: {last_good(directory)})"
        _end(directory, "failed", message)
        raise TrainingFailed(message) from None
    except EnergeiaError as problem:
        _end(directory, "failed", str(problem))
        raise
    directory.write("status.json", finished)
    return finished


def _end(directory: RunDirectory, state: Any, message: str) -> None:
    directory.write("status.json", _restated(directory.status, state, message))


def _train_on(session: Session, before: Status) -> Status:
    """Train from the last checkpoint, or from the start; the status that was written last."""
    directory, training = session.directory, session.training
    _write_records(session)
    assembly = assemble(session)
    start = resume_point(session, assembly)
    done = 0 if start is None else int(start.state.round)
    directory.rewind(done)
    status = before
    with Interruptible() as signals, ProgressLine(
        session.config.recipe, before.rounds, done, quiet=session.quiet
    ) as line:  # fmt: skip
        for progress in training_progress(session, assembly, start):
            line.show(progress)
            status = _record(directory, progress, before, status, assembly)
            if progress.finished or _due(progress, training) or signals.stopped:
                _save(directory, progress)
            if signals.stopped and not progress.finished:
                raise KeyboardInterrupt
    return status


def assemble(session: Session) -> Assembly:
    """The modules of a session with their initial arrays, its objective and its players."""
    subject, config = session.rows, session.config
    if isinstance(subject, TargetSubject):
        assembly = build_on_target(config, subject)
    else:
        assembly = build(config, subject.problem, subject.train)
    return with_initial(assembly, session.directory.path) if config.init else assembly


class ResumePoint(NamedTuple):
    """The point at which a run resumes: the state, and the mode of compilation."""

    state: State
    best_so_far: BestSoFar
    mode: str


def training_progress(
    session: Session, assembly: Assembly, start: ResumePoint | None
) -> Iterator[TrainingProgress]:
    """The progress of a run after each chunk, from a starting point."""
    training, problem = session.training, session.rows.problem
    if start is not None:
        # Chunks compiled in another way may round differently: keep the mode of the first session.
        training = msgspec.structs.replace(training, mode=start.mode)
    return training_chunks(
        Game(assembly.objective, assembly.players),
        assembly.modules,
        *_training_rows(session.rows),
        training,
        keys_of(session.config).train,
        augmentation(session.config, problem),
        start and (start.state, start.best_so_far),
    )


def _training_rows(subject: Rows | TargetSubject) -> tuple[Batch | ConditionsOnly, Batch]:
    """Rows for training and for the held-out loss as modules see them."""
    if isinstance(subject, TargetSubject):
        return subject.train, subject.valid
    train, valid = for_losses(subject.train, subject.valid, subject.problem.support)
    return standardized(subject.problem, train), standardized(subject.problem, valid)


def resume_point(session: Session, assembly: Assembly) -> ResumePoint | None:
    """The state of the last whole checkpoint, or None before the first."""
    if not session.directory.rounds_kept:
        return None
    saved = checkpoint.load_last(session.directory.checkpoints)
    game = Game(assembly.objective, assembly.players)
    rows = _batch_shapes(session)
    template = jax.eval_shape(
        lambda key, rows: initial_state(
            key, game, assembly.modules, rows, average=session.training.average > 0
        ),
        keys_of(session.config).train,
        rows,
    )
    state = checkpoint.restore(template, saved, "state.")
    return ResumePoint(state, _restored_best(saved, template), saved.header.mode)


def _batch_shapes(session: Session) -> Batch:
    """One batch as abstract arrays."""
    size, real, rows = session.training.batch, jnp.result_type(float), session.rows.train
    if isinstance(rows, ConditionsOnly):
        return jax.eval_shape(lambda: rows.batch(jax.random.key(0), size))
    return jax.tree.map(lambda r: jax.ShapeDtypeStruct((size, *r.shape[1:]), real), rows)


def _restored_best(saved: checkpoint.Saved, template: State) -> BestSoFar:
    header = saved.header
    if header.best_loss is None:
        return BestSoFar(None, math.inf, 0, header.misses)
    best = checkpoint.restore(template.arrays, saved, "best.")
    return BestSoFar(best, header.best_loss, header.best_round, header.misses)


def _due(progress: TrainingProgress, training: Training) -> bool:
    every = math.ceil(training.checkpoint_every / training.check_every) * training.check_every
    return progress.round % every == 0


def _save(directory: RunDirectory, progress: TrainingProgress) -> None:
    best = progress.best_so_far.arrays
    tree = {"state": progress.state} if best is None else {"state": progress.state, "best": best}
    header = {
        "round": progress.round,
        "mode": progress.mode,
        "best_loss": None if best is None else progress.best_so_far.loss,
        "best_round": progress.best_so_far.round,
        "misses": progress.best_so_far.misses,
    }
    checkpoint.save(directory.checkpoints, tree, header)


def _record(
    directory: RunDirectory, progress: TrainingProgress, before: Status, status: Status,
    assembly: Assembly,
) -> Status:  # fmt: skip
    """Append one check to the logs: reproducible metrics and timings in separate files."""
    held = {} if progress.held_out is None else {"held_out": progress.held_out}
    directory.append("metrics.jsonl", {"round": progress.round, **progress.metrics, **held})
    directory.append("timings.jsonl", {"round": progress.round, "seconds": progress.run_seconds})
    best = progress.best_so_far
    kept = (progress.round, progress.held_out) if best.arrays is None else (best.round, best.loss)
    new = Status(
        state="running",
        kept_round=kept[0],
        held_out=kept[1],
        round=progress.round,
        rounds=before.rounds,
        seconds=status.seconds + progress.run_seconds,
        compile_seconds=before.compile_seconds + progress.compile_seconds,
        parameters=parameter_count(assembly.modules),
    )
    directory.write("status.json", new)
    return new


def _restated(status: Status, state: Any, message: str, **changed: Any) -> Status:
    return msgspec.structs.replace(status, state=state, message=message, **changed)


def last_good(directory: RunDirectory) -> str:
    """The newest checkpoint, for a message."""
    kept = directory.rounds_kept
    return f"round {kept[-1]} in {directory.checkpoints}" if kept else "none yet"
