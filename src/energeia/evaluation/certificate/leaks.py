"""Whether draws lie in the support, and the density is zero outside it."""

import numpy as np
from jaxtyping import Float

from energeia._core.batching import map_rows
from energeia.evaluation.certificate.lines import compared
from energeia.evaluation.certificate.subject import Subject
from energeia.evaluation.likelihood import log_probs
from energeia.records import CertificateLine
from energeia.support import Support

INSIDE, FINITE = "draws inside the support", "log-probability of own draws"


def inside_line(support: Support, draws: Float[np.ndarray, "n d"]) -> CertificateLine:
    """The number of draws outside the support, or not finite."""
    finite = np.all(np.isfinite(draws), axis=1)
    inside = np.zeros(len(draws), bool)
    inside[finite] = support.contains(draws[finite])
    note = f"of {len(draws):,} draws"
    if not inside.all():
        row = draws[int(np.argmin(inside))]
        note += f"; the first: {np.array2string(row, precision=6, threshold=6)}"
    return compared(INSIDE, float(np.sum(~inside)), 0.0, note)


def finite_line(subject: Subject) -> CertificateLine:
    """The number of the model's own draws whose log p is not a finite number."""
    draws = subject.draws
    given = subject.at_each(len(draws))
    log_p = map_rows(log_probs, draws, *given, size=1024, carry=subject.model)
    bad = ~np.isfinite(log_p)
    note = f"of {len(draws):,} draws have no finite log p"
    if bad.any():
        row = draws[int(np.argmax(bad))]
        note += f"; the first: {np.array2string(row, precision=6, threshold=6)}"
    return compared(FINITE, float(np.sum(bad)), 0.0, note)
