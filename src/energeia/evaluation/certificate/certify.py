"""The certificate of a model: every line, in the order of a table."""

from typing import Any, NamedTuple

import jax
import numpy as np
from jaxtyping import Float

from energeia._core.errors import InputError
from energeia._core.precision import Precision, use_precision
from energeia.contracts import Density, Energy, Generator, LatentModel
from energeia.estimate import Kind
from energeia.evaluation.certificate import importance, invariance, leaks, quadrature
from energeia.evaluation.certificate.agreement import agreement_line
from energeia.evaluation.certificate.chart import chart_of, chart_refusal
from energeia.evaluation.certificate.determinants import determinant_lines
from energeia.evaluation.certificate.hard_points import hard_point_lines
from energeia.evaluation.certificate.lines import not_applicable
from energeia.evaluation.certificate.maps import maps_of
from energeia.evaluation.certificate.round_trip import round_trip_lines
from energeia.evaluation.certificate.solving import FINE, FINEST, finely_solved, solver_line
from energeia.evaluation.certificate.splines import spline_line
from energeia.evaluation.certificate.subject import Subject, widened
from energeia.evaluation.samples import draw
from energeia.records import Certificate, CertificateLine
from energeia.support import Support

DRAWS, OWN = 10_000, 4096
"""Draws that users get, and of the model in 64 bits."""
EXACTNESS = "exactness of the log-probability"


class Given(NamedTuple):
    """What users get from a model, to be compared with the model in 64 bits."""

    draws: Float[np.ndarray, "m d"] | None = None
    """In the user's units."""
    log_probs: Float[np.ndarray, " n"] | None = None
    """Of the rows, in nats."""
    precision: Precision = 32


NOTHING = Given()


def certify(
    model: Any, support: Support, rows: Float[np.ndarray, "n d"],
    condition: Float[np.ndarray, "n c"] | None = None, *, seed: int = 0,
    given: Given = NOTHING,
) -> Certificate:  # fmt: skip
    """Check that a model is what its log-probability says; see ``docs/certificate.md``.

    All is computed in 64 bits, whatever the model was trained with, unless a line says 32.
    ``model``, ``support`` and ``rows`` (held-out ones, used as points and for the scales of
    coordinates) are in the user's units. ``given`` are draws and log-probabilities as users get
    them: draws are checked against the support, by default those in 64 bits. With conditions the
    model is integrated and drawn at the first. Models with a bound or an estimate have one line
    instead of those on exactness.

    Raises:
        InputError: for rows of another width than the support or the model, or fewer than 8.
    """
    rows = np.asarray(rows, np.float64)
    if rows.ndim != 2 or rows.shape[1] != support.width or len(rows) < 8:
        raise InputError(
            f"rows of shape {rows.shape} were given where a certificate wants 8 or more of "
            f"{support.width} columns: give held-out rows of the support"
        )
    key = jax.random.key(seed)
    with use_precision(64):
        coarse = widened(model)
        model = finely_solved(coarse, FINE)
        conditions = None if condition is None else np.asarray(condition, np.float64)
        at = None if conditions is None else conditions[0]
        own = _draws(model, key, at, DRAWS if given.draws is None else OWN)
        shown = own if given.draws is None else np.asarray(given.draws, np.float64)
        lines = [] if shown is None else [leaks.inside_line(support, shown)]
        if own is not None and isinstance(model, Density):
            subject = Subject(model, support, rows, conditions, at, own, key)
            if given.log_probs is not None:
                lines.append(agreement_line(subject, given.log_probs, given.precision))
            lines.append(solver_line(coarse, rows, conditions, key))
            lines += _exact_lines(subject)
        else:
            lines.append(not_applicable(EXACTNESS, _reason(model)))
    return Certificate(kind=_kind(model), lines=tuple(lines), seed=seed, rows=len(rows))


def _exact_lines(subject: Subject) -> list[CertificateLine]:
    finest = subject._replace(model=finely_solved(subject.model, FINEST))
    parts, chart = maps_of(finest), chart_of(subject)
    refusal = chart_refusal(subject, chart)
    lines = [leaks.finite_line(subject), *round_trip_lines(parts), *determinant_lines(parts)]
    integral = quadrature.quadrature_line(subject, chart, refusal)
    lines.append(integral)
    if integral.status == "not applicable":
        lines.append(importance.importance_line(subject, chart, refusal))
    lines.append(invariance.invariance_line(subject, chart, refusal))
    return [*lines, spline_line(subject), *hard_point_lines(subject)]


def _draws(model: Any, key: Any, at: np.ndarray | None, count: int) -> np.ndarray | None:
    if not isinstance(model, Generator):
        return None
    condition = None if at is None else np.broadcast_to(at, (count, len(at)))
    found = draw(model, jax.random.fold_in(key, 0), count, condition).x
    return np.asarray(found, np.float64).reshape(count, -1)


def _kind(model: Any) -> Kind:
    if isinstance(model, Density):
        return "exact"
    if isinstance(model, LatentModel):
        return "lower bound"
    return "estimate" if isinstance(model, Energy) else "none"


def _reason(model: Any) -> str:
    match _kind(model):
        case "lower bound":
            return "a bound: the model has importance weights and no log-probability"
        case "estimate":
            return "an estimate: the energy is known up to log Z, which is estimated"
        case _:
            return "the model is implicit: it has samples and no log-probability"
