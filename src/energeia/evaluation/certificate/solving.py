"""Whether a continuous flow's solver is fine enough, and the model with a finer one."""

from typing import Any

import numpy as np
from jaxtyping import Array, Float

from energeia.bijections.continuous import ContinuousMap, with_maps
from energeia.contracts import Density
from energeia.evaluation.certificate.lines import compared, not_applicable
from energeia.evaluation.likelihood import log_likelihood
from energeia.evaluation.solvers import solver_check
from energeia.records import CertificateLine

NAME = "change of log p with a finer solver"
FINE, FINEST = 1e-6, 1e-11
"""Tolerances: of what is integrated, and of maps whose inverse and Jacobian are compared."""


def solver_line(
    model: Density, rows: Float[np.ndarray, "n d"], condition: Any, key: Array
) -> CertificateLine:
    """The mean change under half the tolerance or twice the steps, in nats, against the standard
    error of the mean of log p over the same rows."""
    check = solver_check(model, rows, condition, key=key)
    if check is None:
        return not_applicable(NAME, "the model solves no equation")
    if check.unsolved:
        note = f"the solver gave up at {len(check.unsolved)} of {check.rows} rows"
        return compared(NAME, np.inf, 0.0, f"{note}, first at row {check.unsolved[0]}")
    mean = log_likelihood(model, rows, condition, key=key).estimate
    note = f"nats per row, {check.evaluations:.0f} evaluations of the velocity"
    return compared(NAME, abs(check.change.value or 0.0), mean.stderr or 0.0, note)


def finely_solved(model: Any, tolerance: float) -> Any:
    """The model with its equations solved to a tolerance, but for those of fixed steps."""

    def finer(found: ContinuousMap) -> ContinuousMap:
        return found if found.steps else found.with_tolerance(min(found.tolerance, tolerance))

    return with_maps(model, finer)
