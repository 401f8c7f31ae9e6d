"""Train modules of one's own on data or on an energy, without a recipe and without a folder."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import msgspec
import numpy as np

from energeia._core.errors import InputError
from energeia.contracts import Batch, Energy, Modules, Objective, Shaped
from energeia.energies.reshaped import ReshapedEnergy
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.objectives.reverse_kl import ReverseKL
from energeia.runs.opening import Rows
from energeia.runs.progress import ProgressLine
from energeia.runs.targets import TargetSubject
from energeia.runs.weighting import for_losses
from energeia.training.batches import ConditionsOnly
from energeia.training.loop import (
    TrainingProgress,
    total_rounds,
    trained_modules,
    training_chunks,
)
from energeia.training.player import Player, optimizer
from energeia.training.settings import TARGET_DRAWS, Optimization, Training
from energeia.training.state import Game

DEFAULT_TRAINING = Training(rounds=2000, batch=256, check_every=100, patience=10)


class Fitted(NamedTuple):
    """Trained modules, what was seen on the way, and rows that training never saw."""

    model: Any
    """The trained model; None where modules were given by name and none is called ``model``."""
    modules: Modules
    history: list[dict[str, float]]
    """Metrics every ``check_every`` rounds: ``round``, the players' means, ``held_out``."""
    test: Batch | None
    """None where the modules were trained on an energy."""


def fit_parts(
    data: Rows | TargetSubject,
    model: Any,
    *,
    objective: Objective | None = None,
    players: tuple[Player, ...] | None = None,
    training: Training | None = None,
    optimization: Optimization | None = None,
    seed: int = 0,
    quiet: bool = False,
) -> Fitted:
    """Train a module, or modules by name, on opened rows or on an energy; nothing is written.

    Raises:
        InputError: if the data do not have the model's shape, modules come without an objective,
            or a player has no module to move.
        NotNormalized: if a model without exact log-probabilities is trained on an energy.
        TrainingFailed: at a value that is not finite.
    """
    if objective is None and isinstance(model, dict):
        raise InputError(
            f"modules {', '.join(model)} were given without an objective: give objective="
        )
    modules: Modules = model if isinstance(model, dict) else {"model": model}
    prepare = _on_target if isinstance(data, TargetSubject) else _on_rows
    given = prepare(data, modules.get("model"), training)  # pyright: ignore[reportArgumentType]
    movers = players or default_players(
        objective or given.objective, modules, optimization, given.settings
    )
    game, history, last = Game(objective or given.objective, movers), [], None
    chunks = training_chunks(
        game, modules, given.train, given.valid, given.settings, jax.random.key(seed)
    )
    with ProgressLine("fit", total_rounds(given.settings), 0, quiet=quiet) as line:
        for last in chunks:
            line.show(last)
            history.append(_entry(last))
    assert last is not None  # there is at least one chunk
    trained = trained_modules(modules, last.state, last.best_so_far)
    return Fitted(trained.get("model"), trained, history, given.test)


class _Given(NamedTuple):
    """What modules are trained and checked on, and with what by default."""

    objective: Objective
    train: Batch | ConditionsOnly
    valid: Batch
    test: Batch | None
    settings: Training


def _on_rows(rows: Rows, model: Any, training: Training | None) -> _Given:
    """Rows in the shape of the model, whose likelihood is to grow."""
    weighted = (*for_losses(rows.train, rows.valid, rows.problem.support), rows.test)
    train, valid, test = (shaped(b, model) for b in weighted)
    settings = training or msgspec.structs.replace(
        DEFAULT_TRAINING, batch=min(DEFAULT_TRAINING.batch, len(train.x))
    )
    return _Given(MaximumLikelihood(), train, valid, test, settings.bounded(len(train.x)))


def _on_target(subject: TargetSubject, model: Any, training: Training | None) -> _Given:
    """An energy of configurations in the shape of the model, with conditions in the user's units.

    The gradient of the free energy goes through the model's draws where all columns are continuous.
    """
    target = subject.target
    smooth = not any(factor.discrete for factor, _ in target.support.runs)
    train, held = ConditionsOnly(), target.draw_conditions(0, len(subject.valid.x))
    if target.conditions:
        ends = ([getattr(c, end) for c in target.conditions] for end in ("low", "high"))
        train = ConditionsOnly(*(jnp.asarray(end, float) for end in ends))
    valid = subject.valid._replace(condition=held)  # pyright: ignore[reportArgumentType]
    objective = ReverseKL(in_shape_of(target.energy, model), smooth)
    settings = training or msgspec.structs.replace(DEFAULT_TRAINING, batch=TARGET_DRAWS)
    return _Given(objective, train, valid, None, settings)


def in_shape_of(energy: Energy, model: Any) -> Energy:
    """A flat energy as one of configurations in a model's shape.

    Raises:
        InputError: if they have another number of columns.
    """
    if not isinstance(model, Shaped):
        return energy
    shape, width = tuple(model.shape), energy.shape[0]
    if int(np.prod(shape)) != width:
        raise InputError(
            f"an energy of {width} columns was given with a model of shape {shape}: bring a model "
            "of as many"
        )
    return energy if len(shape) == 1 else ReshapedEnergy(energy, shape)


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
