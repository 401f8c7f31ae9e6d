"""What a run has seen of each condition column, and how models see it. Needs no JAX."""

import logging
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
from jaxtyping import Float

from energeia._core.errors import InputError
from energeia._core.moments import mean_and_deviation
from energeia.support import (
    Alphabet,
    Binary,
    Categorical,
    Circle,
    Factor,
    Real,
    describe,
    functions_of,
)
from energeia.support.kinds import AnyFactor

LABELS = 32
"""At most this many distinct whole numbers are labels of classes; more are a quantity."""
_log = logging.getLogger("energeia")


class ConditionColumn(msgspec.Struct, frozen=True, kw_only=True):
    """What one condition is, its range in the training rows, and the numbers that stand for it."""

    name: str
    low: float
    high: float
    location: float
    scale: float
    labels: tuple[float, ...] = ()
    """Every value seen, where these are few whole numbers; nothing lies between them."""
    factor: AnyFactor | None = None
    """What its values are, of one number each; None for a real number (and in older records)."""

    @property
    def width(self) -> int:
        """How many numbers a model sees: see ``features``."""
        if isinstance(self.factor, Circle):
            return 2
        return 1 + (len(self.labels) if self._indicated else 0)

    @property
    def _indicated(self) -> bool:
        return isinstance(self.factor, Alphabet) and len(self.labels) > 2

    def features(self, values: Any) -> Any:
        """The numbers that a model sees, shape ``(..., width)``, of values ``(...)``.

        The cosine and sine of a periodic value. The others are linked and standardized; of more
        than two labels each also has an indicator, since their order may mean nothing. NumPy and
        JAX arrays alike.
        """
        if isinstance(self.factor, Circle):
            return self.factor.features(values)
        scaled = ((_linked(self.factor, values) - self.location) / self.scale)[..., None]
        if not self._indicated:
            return scaled
        at, labels = functions_of(values), np.asarray(self.labels)
        nearest = at.argmin(abs(values[..., None] - labels), axis=-1)
        indicators = (nearest[..., None] == np.arange(len(labels))).astype(scaled.dtype)
        return at.concatenate([scaled, indicators], axis=-1)


def infer_condition(values: Float[np.ndarray, " rows"]) -> Factor:
    """What a condition is, where nobody has said so: one of a few whole numbers, or a real number.

    >>> infer_condition(np.array([0.0, 1.0, 2.0])), infer_condition(np.array([0.5, 1.0]))
    (Categorical(values=(0.0, 1.0, 2.0)), Real())
    """
    seen = np.unique(values)
    if len(seen) > LABELS or not np.all(seen == np.round(seen)):
        return Real()
    labels = tuple(float(v) for v in seen)
    return Binary(labels) if len(labels) == 2 else Categorical(labels)


def condition_columns(
    rows: Float[np.ndarray, "rows c"],
    names: tuple[str, ...],
    factors: Sequence[Factor] | None = None,
) -> tuple[ConditionColumn, ...]:
    """Range, labels, mean and standard deviation of each condition column.

    ``factors`` say what each is, see ``infer_condition`` for the default.

    >>> condition_columns(np.array([[0.0], [1.0], [1.0]]), ("phase",))[0].labels
    (0.0, 1.0)
    """
    columns = [np.asarray(c, np.float64) for c in rows.T]
    if factors is None:
        factors = [infer_condition(c) for c in columns]
    return tuple(_column(c, n, f) for c, n, f in zip(columns, names, factors, strict=True))


def _column(values: np.ndarray, name: str, factor: Any) -> ConditionColumn:
    mean, deviation = mean_and_deviation(_linked(factor, values)[:, None])
    # A label that no training row has cannot be asked for, even where it was declared.
    labels = np.unique(values) if factor.discrete else ()
    return ConditionColumn(
        name=name,
        low=float(np.min(values)),
        high=float(np.max(values)),
        location=float(mean[0]),
        scale=float(deviation[0]) or 1.0,
        labels=tuple(float(v) for v in labels),
        factor=factor,
    )


def _linked(factor: Factor | None, values: Any) -> Any:
    """The chart of a continuous condition; labels stay the numbers they are."""
    if factor is None or isinstance(factor, Alphabet):
        return values
    return factor.link(values)


def condition_features(columns: tuple[ConditionColumn, ...], condition: Any) -> Any:
    """What models see of conditions ``(..., c)``, the features of all columns side by side.

    Conditions stay as they are for a run that has kept no record of them.
    """
    if not columns:
        return condition
    at = functions_of(condition)
    return at.concatenate(
        [column.features(condition[..., i]) for i, column in enumerate(columns)], axis=-1
    )


def check_conditions(
    columns: tuple[ConditionColumn, ...], condition: Float[np.ndarray, "rows c"]
) -> None:
    """Refuse conditions that mean nothing to the model; warn of those that it has not seen.

    A label of a class that was not among the training rows is refused: nothing is known of it.
    A quantity outside its range in training is an extrapolation, of which there is a warning.

    Raises:
        InputError: for NaN, infinity, or a label that was never seen.
    """
    if not np.all(np.isfinite(condition)):
        raise InputError(
            "a condition holds NaN or infinity where finite numbers are wanted: give one finite "
            "number for each condition column"
        )
    for column, values in zip(columns, condition.T, strict=False):
        _check_inside(column, values)
        if column.labels:
            unseen = values[~np.isin(values, column.labels)]
            if unseen.size:
                seen = ", ".join(f"{v:g}" for v in column.labels)
                raise InputError(
                    f"condition {column.name} was given as {unseen[0]:g}, which no training row "
                    f"has: choose from {seen}"
                )
        elif not isinstance(column.factor, Circle):
            outside = values[(values < column.low) | (values > column.high)]
            if outside.size:
                _warn_outside(column, outside[0])


def _warn_outside(column: ConditionColumn, value: float) -> None:
    _log.warning(
        "condition %s = %g lies outside %g to %g, where the training rows are: the model "
        "extrapolates", column.name, value, column.low, column.high,
    )  # fmt: skip


def _check_inside(column: ConditionColumn, values: np.ndarray) -> None:
    """Refuse values that a positive, bounded or periodic condition cannot have."""
    if column.factor is None or isinstance(column.factor, Alphabet):
        return
    outside = values[~column.factor.contains(values)]
    if outside.size:
        raise InputError(
            f"condition {column.name} was given as {outside[0]:g}, which is not "
            f"{describe(column.factor)}: give a value inside"
        )
