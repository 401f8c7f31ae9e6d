"""Lines of a certificate: a measured number beside its limit."""

import math

from energeia.records import CertificateLine


def compared(name: str, measured: float, limit: float, note: str = "") -> CertificateLine:
    """A line that passed if ``measured`` is at most ``limit``; NaN and infinity fail.

    >>> compared("round trip", 1e-12, 1e-10).status, compared("round trip", math.nan, 1.0).status
    ('passed', 'failed')
    """
    measured = float(measured)
    status = "passed" if measured <= limit else "failed"
    if not math.isfinite(measured):
        note = "; ".join(filter(None, [f"the measured number is {measured}", note]))
        return CertificateLine(name=name, status="failed", limit=float(limit), note=note)
    return CertificateLine(
        name=name, status=status, measured=measured, limit=float(limit), note=note
    )


def not_applicable(name: str, reason: str) -> CertificateLine:
    """A line that says nothing of this model, and why."""
    return CertificateLine(name=name, status="not applicable", note=reason)
