"""The stack of a comparison: its exact models mixed, weighted by validation rows."""

from pathlib import Path
from typing import Any

import equinox as eqx
import jax.numpy as jnp
import msgspec
import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from energeia._core.batching import map_rows
from energeia._core.precision import use_precision
from energeia._core.trees import Frozen, parameter_count
from energeia.contracts import Density, Modules
from energeia.evaluation.likelihood import log_probs
from energeia.recipes.catalogue import find
from energeia.recipes.options.stack import STACK, StackMember, StackOptions
from energeia.recipes.stack import WEIGHTS
from energeia.runs.building import skeleton
from energeia.runs.loading import load
from energeia.runs.opening import Rows, standardized
from energeia.runs.restoring import is_shape, restored_modules
from energeia.runs.run import Run
from energeia.runs.runner import record_finished
from energeia.runs.sessions import Session
from energeia.runs.storage import checkpoint
from energeia.runs.storage.config import RunConfig
from energeia.runs.storage.directory import RunDirectory
from energeia.runs.weighting import for_losses

_PSEUDO = 1.0
"""Rows' worth of a prior for equal weights."""
_STEPS = 500


def stack(path: Path, directories: list[RunDirectory], rows: Rows) -> RunDirectory | None:
    """Mix the models of finished runs that are exact densities; None for fewer than two, and for
    rows with errors, of which most models have a bound alone.

    The weights maximize the likelihood of the validation rows, which no gradient has seen. The run
    in ``path`` holds a copy of all arrays, so it needs those of its members no more.
    """
    if set(rows.problem.fields) - find(STACK).honors:
        return None
    finished = [d for d in directories if d.exists() and d.status.state == "finished"]
    members = [run for run in map(load, (d.path for d in finished)) if _exact(run)]
    if len(members) < 2:
        return None
    _, valid = for_losses(rows.train, rows.valid, rows.problem.support)
    held = standardized(rows.problem, valid)
    first = members[0].config
    given = () if held.condition is None else (np.asarray(held.condition),)
    with use_precision(first.precision):
        logs = np.stack([
            map_rows(log_probs, np.asarray(held.x), *given, size=1024, carry=m.standardized_model)
            for m in members
        ]).astype(np.float64)  # fmt: skip
        weights = stacking_weights(logs, None if held.weight is None else np.asarray(held.weight))
        config = _config(members)
        modules = _filled(config, members, weights)
        terms = np.asarray(logsumexp(logs + np.log(weights)[:, None], axis=0))
        # As many weights were fitted to these rows as there are members, less one.
        loss = -np.average(terms, weights=held.weight) + (len(members) - 1) / len(terms)
        # The configuration, by which a folder is a run, comes last: half a stack is none, since
        # training could not finish it.
        session = Session(RunDirectory(path), config, rows, quiet=True)
        session.directory.require_free()
        _save(session, modules, float(loss))
        return RunDirectory.create(path, config)


def stacking_weights(
    logs: Float[np.ndarray, "members rows"], weight: Float[np.ndarray, " rows"] | None = None
) -> Float[np.ndarray, " members"]:
    """The weights w of sum_m w_m q_m(x) that maximize its likelihood, a concave function.

    By expectation maximization, with a prior of one row in favor of equal weights.

    >>> logs = np.log(np.array([[0.9, 0.9, 0.1], [0.1, 0.1, 0.9]]))
    >>> stacking_weights(np.tile(logs, 100)).round(1).tolist()
    [0.7, 0.3]
    """
    members = len(logs)
    found = np.full(members, 1.0 / members)
    counts = np.ones(logs.shape[1]) if weight is None else np.maximum(weight, 0.0)
    # A row that a member excludes, or gives no number, counts for the others.
    logs = np.nan_to_num(logs, nan=-np.inf, neginf=-1e30)
    for _ in range(_STEPS):
        joint = logs + np.log(found)[:, None]
        shares = np.exp(joint - logsumexp(joint, axis=0))
        found = shares @ counts + _PSEUDO / members
        found = found / np.sum(found)
    return found


def _exact(run: Run) -> bool:
    return isinstance(run.standardized_model, Density)


def _config(members: list[Run]) -> RunConfig:
    first = members[0].config
    parts = tuple(
        StackMember(
            recipe=m.config.recipe, options=msgspec.to_builtins(m.config.options),
            seed=m.config.seed,
        )
        for m in members
    )  # fmt: skip
    return msgspec.structs.replace(
        first, recipe=STACK, options=StackOptions(members=parts), init="", minutes=None
    )


def _filled(config: RunConfig, members: list[Run], weights: np.ndarray) -> Modules:
    """The modules of all members as they were trained, and their weights."""
    problem = members[0].problem
    static = eqx.filter(skeleton(config, problem).modules, is_shape, inverse=True)
    arrays: dict[str, Any] = {WEIGHTS: Frozen(jnp.log(jnp.asarray(weights, float)))}
    for run in members:
        own = skeleton(run.config, problem).modules
        saved = checkpoint.load_last(run.directory.checkpoints)
        arrays[run.config.recipe] = eqx.filter(restored_modules(own, saved), eqx.is_array)
    return eqx.combine(arrays, static)


def _save(session: Session, modules: Modules, loss: float) -> None:
    state = {"arrays": eqx.filter(modules, eqx.is_array)}
    header = {"round": 1, "mode": "scan", "best_loss": None, "best_round": 1, "misses": 0}
    checkpoint.save(session.directory.checkpoints, {"state": state}, header)
    record_finished(session, loss, parameter_count(modules))
