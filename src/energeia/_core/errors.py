"""Errors a user can repair: one sentence with what was found, what was wanted and the repair."""

import difflib
from collections.abc import Iterable


class EnergeiaError(Exception):
    """Base of every error that the user can repair; the command line prints it as one line."""


class InputError(EnergeiaError, ValueError):
    """An argument, option or data value is invalid."""


class NotNormalized(EnergeiaError, TypeError):
    """A normalized log-probability was requested of an energy known only up to a constant."""


class NoSuchCapability(EnergeiaError, TypeError):
    """A model lacks the requested capability, such as a density or latent variables."""


class TrainingFailed(EnergeiaError, ArithmeticError):
    """Training stopped at a value that is not finite."""


class ChainsStuck(EnergeiaError, ArithmeticError):
    """No chain moved, or chains diverged to values that are not finite."""


class CorruptRun(EnergeiaError, OSError):
    """A file of a run is missing, truncated or altered."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Suggest the known name closest to a misspelled one.

    >>> nearest("spline-flwo", ["made", "spline-flow"])
    "did you mean 'spline-flow'?"
    """
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(sorted(known))}"
