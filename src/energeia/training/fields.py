"""Optional fields of rows: whether an objective honors them, and weights of mean one."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from energeia._core.errors import InputError
from energeia._core.fields import OPTIONAL_FIELDS
from energeia.contracts import Batch, Objective


def checked_fields(objective: Objective, rows: Batch) -> Batch:
    """Rows as training takes them, their weights divided by the mean weight.

    Raises:
        InputError: for a field other than weights that the objective does not honor, and for
            weights that are negative, not finite, or all zero.
    """
    for name, plural in OPTIONAL_FIELDS.items():
        if name == "weight":
            continue  # Without its help, rows are drawn in proportion to their weights.
        if getattr(rows, name) is not None and name not in objective.honors:
            raise InputError(
                f"rows with {plural} were given to {type(objective).__name__}, which does not "
                f"honor them: leave out {name}, or choose another objective"
            )
    if rows.weight is None:
        return rows
    weight = np.asarray(rows.weight, dtype=np.float64)
    if weight.shape != (len(rows.x),):
        raise InputError(
            f"weights of shape {weight.shape} were given with {len(rows.x)} rows: give one a row"
        )
    if not np.all(weight >= 0) or not 0 < (mean := float(weight.mean())) < np.inf:
        raise InputError(
            "weights of a loss are finite, none negative and not all zero, which these are not: "
            "replace negative ones by energeia.data.nonnegative_weights"
        )
    return rows._replace(weight=weight / mean)  # pyright: ignore[reportArgumentType]


def draws_by_weight(objective: Objective, rows: Batch) -> bool:
    """Whether rows are drawn in proportion to their weights, since the objective knows of none.

    Then every batch is a sample of the weighted density, whatever is done with it.
    """
    return rows.weight is not None and "weight" not in objective.honors


def on_device(values: Any) -> jax.Array:
    """Numbers in the precision of the run; what is true or false stays so."""
    kind = bool if np.dtype(values.dtype) == np.dtype(bool) else jnp.result_type(float)
    if isinstance(values, jax.Array):
        return values.astype(kind)
    # Converted by numpy, since JAX would compile a program for each shape.
    return jax.device_put(np.array(values, dtype=kind))
