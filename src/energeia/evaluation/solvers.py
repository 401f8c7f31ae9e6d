"""How far the log-probabilities of continuous flows depend on their solver."""

from typing import Any

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.batching import map_rows
from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.continuous import MOST_STEPS, ContinuousMap, continuous_maps, with_maps
from energeia.contracts import Bijection, Condition, Density, LatentModel, Wrapper
from energeia.estimate import Estimate
from energeia.evaluation.likelihood import LogLikelihood
from energeia.records import SolverCheck

_ROWS = 512


def solver_check(
    model: Any, rows: Float[np.ndarray, "n d"], condition: Any = None, *, key: PRNGKey
) -> SolverCheck | None:
    """The mean change of log p under half the tolerance or twice the steps, over up to 512 rows.

    Of a bound it is the change of one importance weight of each row, of the same random numbers.
    None for models that solve no equation, or have no log-probability. The rows are spread evenly.
    """
    maps = continuous_maps(model)
    if not maps or not isinstance(model, Density | LatentModel):
        return None
    chosen = np.unique(np.linspace(0, len(rows) - 1, min(_ROWS, len(rows))).astype(int))
    given = () if condition is None else (np.asarray(condition)[chosen],)

    def logs(model: Any) -> np.ndarray:
        found = map_rows(_logs, chosen, rows[chosen], *given, size=_ROWS, carry=(model, key))
        return np.asarray(found, np.float64)

    change = logs(with_maps(model, ContinuousMap.refined)) - logs(model)
    counts = logs(with_maps(model, lambda found: _EvaluationCount(found, 1.0)))
    counts = counts - logs(with_maps(model, lambda found: _EvaluationCount(found, 0.0)))
    solved = np.isfinite(counts) & np.isfinite(change)
    return SolverCheck(
        tolerance=max(found.tolerance for found in maps),
        steps=max(found.steps for found in maps),
        evaluations=float(np.mean(counts[solved])) if solved.any() else None,
        change=Estimate.mean(change[solved], "estimate"),
        rows=len(chosen),
        unsolved=tuple(int(row) for row in chosen[~solved]),
    )


def with_solver(found: LogLikelihood, check: SolverCheck | None) -> LogLikelihood:
    """The log-likelihood with what the solver does to it.

    Where the change exceeds the standard error of the mean the kind is "estimate" and the error is
    widened by the change.
    """
    if check is None or found.kind == "none":
        return found
    warnings = found.warnings
    if check.unsolved:
        warnings += (
            f"the solver of the continuous flow needs more than {MOST_STEPS:,} steps at "
            f"{len(check.unsolved)} of {check.rows} rows, of which the first is held-out row "
            f"{check.unsolved[0]}: their log-probability is not a number",
        )
    change, own = check.change, found.estimate
    if change.value is None or not change.finite:
        return found._replace(warnings=warnings)
    refined = f"{2 * check.steps} steps" if check.steps else f"tolerance {check.tolerance / 2:.1g}"
    note = f"changes by {change.value:.2g} nats with {refined}; "
    note += f"{check.evaluations or 0:.0f} evaluations of the velocity a row"
    own = msgspec.structs.replace(own, note="; ".join(filter(None, [own.note, note])))
    if abs(change.value) <= (own.stderr or 0.0):
        return found._replace(estimate=own, warnings=warnings)
    warnings += (
        f"the mean log-probability changes by {change.value:.2g} nats with {refined}, more than "
        f"its standard error of {own.stderr or 0.0:.2g}: it is that of the solver as much as of "
        "the model",
    )
    error = float(np.hypot(own.stderr or 0.0, change.value))
    estimate = Estimate(own.value, error, "estimate", own.n, own.note)
    return found._replace(estimate=estimate, kind="estimate", warnings=warnings)


class _EvaluationCount(Wrapper, Bijection):
    """A continuous map with ``factor`` times its evaluations in the place of its log-determinant.

    The difference of two log-probabilities is then the number of evaluations, wherever in a model
    the map stands.
    """

    inner: ContinuousMap
    factor: float

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        count = self.inner.evaluations(x, condition)
        count = jnp.where(count < 0, jnp.nan, count.astype(x.dtype))
        return self.inner.forward(x, condition)[0], self.factor * count

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        x = self.inner.inverse_point(y, condition)
        return x, -self.forward(x, condition)[1]


def _logs(carry: Any, index: Array, x: Array, *condition: Array) -> Array:
    model, key = carry
    x = jnp.asarray(x, float)
    if isinstance(model, Density):
        return jax.vmap(model.log_prob)(x, *condition)
    keys = jax.vmap(lambda i: jax.random.fold_in(key, i))(index)
    return jax.vmap(model.log_weight)(keys, x, *condition)
