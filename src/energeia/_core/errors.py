"""The errors a user meets: one sentence that says what was found, what was wanted, the repair."""

import difflib
from collections.abc import Iterable


class EnergeiaError(Exception):
    """Base of every error that is the user's to repair; the command line prints it as one line."""


class InputError(EnergeiaError, ValueError):
    """A value handed in is not one that can be used."""


class NotNormalized(EnergeiaError, TypeError):
    """A normalized log-probability was asked of an energy known only up to a constant."""


class NoSuchCapability(EnergeiaError, TypeError):
    """A model was asked for something that its kind cannot give."""


class TrainingFailed(EnergeiaError, ArithmeticError):
    """Training met a value that is not finite and stopped."""


class ChainsStuck(EnergeiaError, ArithmeticError):
    """No chain moved, or chains left for numbers that are not finite."""


class CorruptRun(EnergeiaError, OSError):
    """A file of a run is missing, truncated or altered."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name is nearest to a misspelled one.

    >>> nearest("spline-flwo", ["made", "spline-flow"])
    "did you mean 'spline-flow'?"
    """
    known = list(known)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(sorted(known))}"
