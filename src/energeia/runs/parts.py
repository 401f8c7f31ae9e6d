"""Train modules of one's own on data, without a recipe and without a run folder."""

from typing import Any, NamedTuple

import jax
import msgspec
import numpy as np

from energeia._core.errors import InputError
from energeia.contracts import Batch, Modules, Objective, Shaped
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.runs.opening import Rows
from energeia.runs.progress import ProgressLine
from energeia.runs.weighting import for_losses
from energeia.training.loop import (
    TrainingProgress,
    total_rounds,
    trained_modules,
    training_chunks,
)
from energeia.training.player import Player, optimizer
from energeia.training.settings import Optimization, Training
from energeia.training.state import Game

DEFAULT_TRAINING = Training(rounds=2000, batch=256, check_every=100, patience=10)


class Fitted(NamedTuple):
    """Trained modules, what was seen on the way, and rows that training never saw."""

    model: Any
    """The trained model; None where modules were given by name and none is called ``model``."""
    modules: Modules
    history: list[dict[str, float]]
    """Metrics every ``check_every`` rounds: ``round``, the players' means, ``held_out``."""
    test: Batch


def fit_parts(
    rows: Rows,
    model: Any,
    *,
    objective: Objective | None = None,
    players: tuple[Player, ...] | None = None,
    training: Training | None = None,
    optimization: Optimization | None = None,
    seed: int = 0,
    quiet: bool = False,
) -> Fitted:
    """Train a module, or modules by name, on opened rows; nothing is written.

    Raises:
        InputError: if the rows do not have the model's shape, modules come without an objective,
            or a player has no module to move.
        TrainingFailed: at a value that is not finite.
    """
    modules: Modules = model if isinstance(model, dict) else {"model": model}
    if objective is None and isinstance(model, dict):
        raise InputError(
            f"modules {', '.join(modules)} were given without an objective: give objective="
        )
    game_objective = objective or MaximumLikelihood()
    weighted = (*for_losses(rows.train, rows.valid, rows.problem.support), rows.test)
    train, valid, test = (shaped(b, modules.get("model")) for b in weighted)
    settings = training or msgspec.structs.replace(
        DEFAULT_TRAINING, batch=min(DEFAULT_TRAINING.batch, len(train.x))
    )
    settings = settings.bounded(len(train.x))
    movers = players or default_players(game_objective, modules, optimization, settings)
    game, history, last = Game(game_objective, movers), [], None
    with ProgressLine("fit", total_rounds(settings), 0, quiet=quiet) as line:
        for last in training_chunks(game, modules, train, valid, settings, jax.random.key(seed)):
            line.show(last)
            history.append(_entry(last))
    assert last is not None  # there is at least one chunk
    trained = trained_modules(modules, last.state, last.best_so_far)
    return Fitted(trained.get("model"), trained, history, test)


def default_players(
    objective: Objective, modules: Modules, optimization: Optimization | None, training: Training
) -> tuple[Player, ...]:
    """One player for each of the objective's, moving the module of its name.

    Raises:
        InputError: if there is no module of that name.
    """
    missing = [name for name in objective.players if name not in modules]
    if missing:
        raise InputError(
            f"the objective's player {missing[0]!r} has no module of its name to move (modules: "
            f"{', '.join(modules)}): rename one, or give players="
        )
    settings = optimization or Optimization()
    return tuple(
        Player(name, (name,), optimizer(settings, training.rounds)) for name in objective.players
    )


def shaped(batch: Batch, model: Any) -> Batch:
    """Rows in the shape of a model's configurations; as they are where there is no model.

    Raises:
        InputError: if they have another number of columns.
    """
    if not isinstance(model, Shaped):
        return batch
    shape, width = tuple(model.shape), int(batch.x.shape[1])
    if int(np.prod(shape)) != width:
        raise InputError(
            f"rows of {width} columns were given to a model of shape {shape}: bring rows of "
            "that shape"
        )
    if len(shape) == 1:
        return batch
    fields = {name: getattr(batch, name) for name in ("x", "observed", "noise")}
    like_x = {k: np.asarray(v).reshape(-1, *shape) for k, v in fields.items() if v is not None}
    return batch._replace(**like_x)


def _entry(progress: TrainingProgress) -> dict[str, float]:
    held = {} if progress.held_out is None else {"held_out": progress.held_out}
    return {"round": progress.round, **progress.metrics, **held}
