"""Training of a run: records progress, saves checkpoints, and resumes bit for bit."""

import math
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import msgspec

from energeia._core import clock
from energeia._core.errors import EnergeiaError, TrainingFailed
from energeia._core.precision import use_precision
from energeia._core.trees import parameter_count
from energeia.contracts import Batch
from energeia.data.findings import sentences
from energeia.recipes.assembly import Assembly
from energeia.runs.building import augmentation, build, build_on_target, keys_of
from energeia.runs.estimates import announce_estimate
from energeia.runs.initial import with_initial
from energeia.runs.interrupt import Interruptible
from energeia.runs.opening import Rows, as_floats, standardized
from energeia.runs.progress import ProgressLine
from energeia.runs.sessions import Session
from energeia.runs.storage import checkpoint
from energeia.runs.storage.config import RunConfig
from energeia.runs.storage.directory import DataRecord, RunDirectory, Status
from energeia.runs.storage.environment import environment
from energeia.runs.targets import TargetSubject
from energeia.runs.timing import choose_timing, plan_sentence, stored, timed
from energeia.runs.weighting import for_losses
from energeia.training.batches import ConditionsOnly
from energeia.training.loop import TrainingProgress, total_rounds, training_chunks
from energeia.training.settings import Training
from energeia.training.state import BestSoFar, Game, State, initial_state

_REPORT_ROWS = 2000


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
    session, directory = _with_timing(session), session.directory
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


def record_finished(session: Session, held_out: float, parameters: int) -> None:
    """Write the records of a run that was not trained here, whose checkpoint is its first."""
    _write_records(session)
    done = Status(
        state="finished", round=1, rounds=1, kept_round=1, held_out=held_out,
        parameters=parameters,
    )  # fmt: skip
    session.directory.write("status.json", done)


def _end(directory: RunDirectory, state: Any, message: str) -> None:
    directory.write("status.json", _restated(directory.status, state, message))


def _train_on(session: Session, before: Status) -> Status:
    """Train from the last checkpoint, or from the start; the status that was written last."""
    began, directory = clock.clock.now(), session.directory
    _write_records(session)
    assembly = assemble(session)
    if session.config.minutes is not None and stored(directory) is None:
        session = _choose_rounds(session, assembly, began)
        before = _restated(before, "running", "", rounds=total_rounds(session.training))
        assembly = assemble(session)  # The schedule of its optimizers follows from the rounds.
    training = session.training
    start = resume_point(session, assembly)
    done = 0 if start is None else int(start.state.round)
    directory.rewind(done)
    status, announced = before, False
    with Interruptible() as signals, ProgressLine(
        session.config.recipe, before.rounds, done, quiet=session.quiet
    ) as line:  # fmt: skip
        for progress in training_progress(session, assembly, start):
            line.show(progress)
            if not announced and session.config.minutes is None and not session.quiet:
                announce_estimate(
                    session.config.recipe, progress, before.rounds - done, training.check_every
                )
            announced = True
            status = _record(directory, progress, before, status, assembly)
            if progress.finished or _due(progress, training) or signals.stopped:
                _save(directory, progress)
            if signals.stopped and not progress.finished:
                raise KeyboardInterrupt
    return status


def _with_timing(session: Session) -> Session:
    """The rounds that were chosen for a run with minutes are those of its configuration, too."""
    timing = stored(session.directory)
    if timing is None:
        return session
    training = timed(session.training, timing)
    if training != session.training:
        session.directory.set_training(training)
    return _with_training(session, training)


def _with_training(session: Session, training: Training) -> Session:
    options: Any = msgspec.structs.replace(session.config.options, training=training)  # pyright: ignore[reportCallIssue]
    return session._replace(config=msgspec.structs.replace(session.config, options=options))


def _choose_rounds(session: Session, assembly: Assembly, began: float) -> Session:
    """Time a trial, which is thrown away, and store the rounds that fit in the minutes."""
    settings, rows = session.training, session.rows.train
    passes = 0 if isinstance(rows, ConditionsOnly) else settings.passes * len(rows.x)
    if not session.quiet:
        text = f"{session.config.recipe}: timing a trial to choose the rounds"
        print(text, file=sys.stderr, flush=True)
    timing = choose_timing(
        session.directory,
        settings,
        session.config.minutes or 0.0,
        began,
        lambda trial: training_progress(_with_training(session, trial), assembly, None),
        most=passes and max(1, passes // settings.batch),
    )
    if not session.quiet:
        print(plan_sentence(session.config.recipe, timing), file=sys.stderr, flush=True)
    return _with_timing(session)


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
