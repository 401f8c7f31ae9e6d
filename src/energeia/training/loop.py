"""The training loop: chunks of compiled rounds, with a check after each.

Between chunks Python computes the held-out loss, keeps the best state, stops early, and stops on a
value that is not finite. The loop writes no files; its caller (``runs.runner``) does.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import equinox as eqx
import jax
import numpy as np

from energeia._core import clock
from energeia._core.errors import TrainingFailed
from energeia._core.ranges import require_ranges
from energeia._core.trees import own_copy
from energeia._core.types import PRNGKey
from energeia._core.unoptimized import run_unoptimized
from energeia.contracts import Batch, Modules
from energeia.training.batches import ConditionsOnly, batches
from energeia.training.engine import build_engine
from energeia.training.fields import checked_fields, draws_by_weight, on_device
from energeia.training.held_out import make_held_out
from energeia.training.rounds import Augment, make_round
from energeia.training.settings import Training
from energeia.training.shuffling import random_rows, rows_by_weight, seed_of
from energeia.training.state import BestSoFar, Game, State, evaluated_arrays, initial_state

_EVIDENCE = 2.0
"""Nats of all held-out rows together by which a trained state has to beat the initial one."""


class TrainingProgress(NamedTuple):
    """The state of training after a chunk."""

    round: int
    metrics: dict[str, float]
    """Means over the chunk."""
    held_out: float | None
    improved: bool
    finished: bool
    state: State
    best_so_far: BestSoFar
    mode: str
    compile_seconds: float
    run_seconds: float
    """Run time of the chunk, without compilation."""


class Trained(NamedTuple):
    """Trained modules and the history of training."""

    modules: Modules
    history: list[TrainingProgress]
    """The arrays of all states but the last have been donated."""


def total_rounds(settings: Training) -> int:
    """The rounds asked for, rounded up to whole chunks."""
    return math.ceil(settings.rounds / settings.check_every) * settings.check_every


def train(
    game: Game, modules: Modules, rows: Batch | ConditionsOnly, held_out: Batch | None,
    settings: Training, key: PRNGKey, augment: Augment | None = None,
) -> Trained:  # fmt: skip
    """Train to the end without writing to disk.

    Args:
        game: the objective and its players.
        modules: the modules of the game, by name.
        rows: training rows, ``x`` of shape ``(n, *shape)``, whose weights have any common factor;
            ``ConditionsOnly`` for training on an energy.
        held_out: rows for the held-out loss, by which the best state is kept, or None.
        settings: length of training and batch size.
        key: the source of all randomness.
        augment: a random symmetry of one configuration, ``augment(key, x)``, or None.

    Raises:
        InputError: for a field of the rows that the objective does not honor, or bad weights.
        TrainingFailed: at the first loss or gradient that is not finite.
    """
    training_progress = list(training_chunks(game, modules, rows, held_out, settings, key, augment))
    last = training_progress[-1]
    return Trained(trained_modules(modules, last.state, last.best_so_far), training_progress)


def trained_modules(modules: Modules, state: State, best_so_far: BestSoFar) -> Modules:
    """The modules with the best held-out arrays, or the averaged, or the last ones."""
    arrays = evaluated_arrays(state) if best_so_far.arrays is None else best_so_far.arrays
    return eqx.combine(arrays, eqx.filter(modules, eqx.is_array, inverse=True))


def training_chunks(
    game: Game, modules: Modules, rows: Batch | ConditionsOnly, held_out: Batch | None,
    settings: Training, key: PRNGKey, augment: Augment | None = None,
    start: tuple[State, BestSoFar] | None = None,
) -> Iterator[TrainingProgress]:  # fmt: skip
    """Train chunk by chunk; resume from ``start`` as if never stopped.

    The ``state`` of a ``TrainingProgress`` is donated to the next chunk: copy or save it before
    continuing the iteration.
    """
    require_ranges(settings, lambda option: f"training.{option}")
    if isinstance(rows, Batch):
        settings = settings.bounded(len(rows.x))
        rows = checked_fields(game.objective, rows)
    held_out = None if held_out is None else checked_fields(game.objective, held_out)
    by_weight = isinstance(rows, Batch) and draws_by_weight(game.objective, rows)

    def initialize(key: PRNGKey, modules: Modules, first: Batch) -> State:
        return initial_state(key, game, modules, first, average=settings.average > 0)

    init_key, run_key, check_key = jax.random.split(key, 3)
    moves = sum(player.repeats for player in game.players)
    source = batches(
        rows, settings.batch, moves, settings.resident_mb, seed_of(run_key), by_weight=by_weight
    )
    if held_out is not None and draws_by_weight(game.objective, held_out):
        held_out = rows_by_weight(held_out, len(held_out.x), seed_of(check_key))
    if start is None:
        first = first_batch(rows, settings.batch, init_key, by_weight=by_weight)
        start = run_unoptimized(initialize, init_key, modules, first), BestSoFar()
    state, best_so_far = start
    run_round = make_round(game, modules, source, settings.average, augment)
    held_out_loss = make_held_out(game.objective, modules, held_out, check_key)
    if held_out_loss is not None and settings.patience and best_so_far.arrays is None:
        # Where training begins at a simple model, a few rows may allow no better one.
        best_so_far = _first_best(state, float(held_out_loss(evaluated_arrays(state))))
    engine = build_engine(run_round, source, run_key, settings.check_every, settings.mode, state)
    while int(state.round) < total_rounds(settings) and not _exhausted(best_so_far, settings):
        before, began = int(state.round), clock.clock.now()
        state, metrics = engine.run(state)
        seconds = clock.clock.now() - began
        _check_finite(metrics, before)
        score = None if held_out_loss is None else float(held_out_loss(evaluated_arrays(state)))
        margin = _EVIDENCE / len(held_out.x) if held_out is not None else 0.0
        best_so_far, improved = _updated_best(
            best_so_far, score, state, margin, keep=settings.patience > 0
        )
        finished = int(state.round) >= total_rounds(settings) or _exhausted(best_so_far, settings)
        means = {name: float(np.mean(value)) for name, value in metrics.items()}
        yield TrainingProgress(
            int(state.round), means, score, improved, finished, state, best_so_far,
            engine.mode, engine.compile_seconds, seconds,
        )  # fmt: skip


def first_batch(
    rows: Batch | ConditionsOnly, size: int, key: PRNGKey, *, by_weight: bool = False
) -> Batch:
    """The batch from which the memory of an objective is initialized."""
    if isinstance(rows, ConditionsOnly):
        return rows.batch(key, size)
    choose = rows_by_weight if by_weight else random_rows
    chosen = choose(rows, size, seed_of(key))
    return jax.tree.map(on_device, chosen)


def _exhausted(best_so_far: BestSoFar, settings: Training) -> bool:
    return bool(settings.patience) and best_so_far.misses >= settings.patience


def _updated_best(
    best_so_far: BestSoFar, score: float | None, state: State, margin: float, *, keep: bool
) -> tuple[BestSoFar, bool]:
    """Keep a copy of the best arrays; NaN is never the best.

    The initial state is left for one that is better by ``margin``.
    """
    if score is None or not keep:
        return best_so_far, False
    if score < best_so_far.loss - (0.0 if best_so_far.round else margin):
        return BestSoFar(own_copy(evaluated_arrays(state)), score, int(state.round), 0), True
    return best_so_far._replace(misses=best_so_far.misses + 1), False


def _first_best(state: State, score: float) -> BestSoFar:
    """The state that training starts from, unless its loss is not a number."""
    if not math.isfinite(score):
        return BestSoFar()
    return BestSoFar(own_copy(evaluated_arrays(state)), score, int(state.round), 0)


def _check_finite(metrics: dict[str, np.ndarray], before: int) -> None:
    """Find the first round and player whose loss or gradient is not finite.

    Raises:
        TrainingFailed: naming both.
    """
    bad = {
        name: int(np.argmin(np.isfinite(value)))
        for name, value in metrics.items()
        if name.endswith(("/loss", "/gradient_norm")) and not np.all(np.isfinite(value))
    }
    if bad:
        name = min(bad, key=lambda n: bad[n])
        player, quantity = name.split("/")
        raise TrainingFailed(
            f"the {quantity.replace('_', ' ')} of player {player!r} is {metrics[name][bad[name]]} "
            f"in round {before + bad[name] + 1}: lower its learning rate or its clip"
        )
