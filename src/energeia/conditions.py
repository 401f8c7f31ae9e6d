"""What a run has seen of each condition column, and how models see it. Needs no JAX."""

import logging

import msgspec
import numpy as np
from jaxtyping import Float

from energeia._core.errors import InputError
from energeia._core.moments import mean_and_deviation

LABELS = 32
"""At most this many distinct whole numbers are labels of classes; more are a quantity."""
_log = logging.getLogger("energeia")


class ConditionColumn(msgspec.Struct, frozen=True, kw_only=True):
    """The range of a condition in the training rows, and its labels if it names classes."""

    name: str
    low: float
    high: float
    location: float
    scale: float
    labels: tuple[float, ...] = ()
    """Every value seen, where these are few whole numbers; nothing lies between them."""


def condition_columns(
    rows: Float[np.ndarray, "rows c"], names: tuple[str, ...]
) -> tuple[ConditionColumn, ...]:
    """Range, labels, mean and standard deviation of each condition column.

    >>> condition_columns(np.array([[0.0], [1.0], [1.0]]), ("phase",))[0].labels
    (0.0, 1.0)
    """
    return tuple(_column(np.asarray(c, np.float64), n) for c, n in zip(rows.T, names, strict=True))


def _column(values: np.ndarray, name: str) -> ConditionColumn:
    seen = np.unique(values)
    labels = seen if len(seen) <= LABELS and np.all(seen == np.round(seen)) else ()
    mean, deviation = mean_and_deviation(values[:, None])
    return ConditionColumn(
        name=name,
        low=float(seen[0]),
        high=float(seen[-1]),
        location=float(mean[0]),
        scale=float(deviation[0]) or 1.0,
        labels=tuple(float(v) for v in labels),
    )


def standardize(
    columns: tuple[ConditionColumn, ...], condition: Float[np.ndarray, "rows c"]
) -> Float[np.ndarray, "rows c"]:
    """(c - location) / scale in float64; as they are for a run that has kept no such record."""
    if not columns:
        return condition
    location, scale = ([getattr(c, field) for c in columns] for field in ("location", "scale"))
    return (np.asarray(condition, np.float64) - np.asarray(location)) / np.asarray(scale)


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
        if column.labels:
            unseen = values[~np.isin(values, column.labels)]
            if unseen.size:
                seen = ", ".join(f"{v:g}" for v in column.labels)
                raise InputError(
                    f"condition {column.name} was given as {unseen[0]:g}, which no training row "
                    f"has: choose from {seen}"
                )
        elif np.any((values < column.low) | (values > column.high)):
            outside = values[(values < column.low) | (values > column.high)][0]
            _log.warning(
                "condition %s = %g lies outside %g to %g, where the training rows are: the model "
                "extrapolates", column.name, outside, column.low, column.high,
            )  # fmt: skip
