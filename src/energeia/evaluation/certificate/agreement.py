"""Whether the numbers that users get are those of the model that is certified."""

import numpy as np
from jaxtyping import Float

from energeia._core.batching import map_rows
from energeia._core.precision import Precision
from energeia.evaluation.certificate.lines import compared
from energeia.evaluation.certificate.subject import Subject
from energeia.evaluation.likelihood import log_probs
from energeia.records import CertificateLine

NAME = "log-probability of the run against 64 bits"
LIMITS = {32: 1e-3, 64: 1e-9}
"""In nats per row."""


def agreement_line(
    subject: Subject, found: Float[np.ndarray, " n"], bits: Precision
) -> CertificateLine:
    """The mean over held-out rows of the absolute difference, in nats.

    ``found`` are the log-probabilities of the rows in the run's own precision, of rows that were
    standardized on the host.
    """
    given = () if subject.condition is None else (subject.condition,)
    exact = map_rows(log_probs, subject.rows, *given, size=1024, carry=subject.model)
    with np.errstate(invalid="ignore"):
        apart = np.where(found == exact, 0.0, np.abs(np.asarray(found, np.float64) - exact))
    note = f"nats per row, over {len(apart):,} rows; at most {np.max(apart):.2g}"
    return compared(NAME, float(np.mean(apart)), LIMITS[bits], note)
