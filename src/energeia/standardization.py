"""Rows in the user's units and standardized rows, in float64 on the host. Needs no JAX.

A device computes in float32, which holds neither 1e-40 nor the difference of 1e9 and 1e9 + 1e-3.
So rows are standardized before they are cast, and draws are brought back after they left it.
"""

import msgspec
import numpy as np
from jaxtyping import Float

from energeia.conditions import ConditionColumn, condition_features
from energeia.support import Alphabet, Real, Support

LARGEST = 1e300
"""The largest number that is standardized: twice as much is still far from an overflow."""


class Standardization(msgspec.Struct, frozen=True):
    """z = (link(x) - location) / scale for continuous columns, with x in the user's units.

    The link is the chart of each factor (``Factor.link``): the logarithm for positive columns, the
    logit for intervals, the log-ratios of a composition, the identity for real ones. A circle
    becomes an angle in [-pi, pi], and a direction is divided by its norm; neither is scaled.
    Discrete columns stay as they are where float32 holds their values exactly, and become codes
    0 .. K-1 where it does not. Without ``location`` and ``scale`` every column stays as it is.

    >>> from energeia.support import Real
    >>> standardization = Standardization(Support(((Real(), 1),)), (1e9,), (1e-3,))
    >>> standardization.encode(np.array([[1e9 + 2e-3]])).round(3)
    array([[2.]])
    >>> round(float(standardization.decode(np.array([[2.0]]))[0, 0] - 1e9), 5)
    0.002
    """

    support: Support
    """What the columns are in the user's units."""
    location: tuple[float, ...] = ()
    scale: tuple[float, ...] = ()
    conditions: tuple[ConditionColumn, ...] = ()
    """What is known of the conditions; without it they stay as they are, too."""
    measured: bool = False
    """Whether standard errors of the columns come before the conditions, as numbers of them."""

    @property
    def identity(self) -> bool:
        """Whether rows stay as they are."""
        return not self.scale

    @property
    def standardized(self) -> Support:
        """What the columns are once they are standardized."""
        return self.support if self.identity else self.support.linked

    def encode(self, x: Float[np.ndarray, "rows d"]) -> Float[np.ndarray, "rows c"]:
        """Standardized rows; a value outside the support becomes NaN or an infinity."""
        if self.identity:
            return x
        rows, parts = np.asarray(x, dtype=np.float64), []
        with np.errstate(divide="ignore", invalid="ignore"):
            for factor, values in self.support.split(rows):
                parts.append(factor.link(values).reshape(len(rows), -1))
        return (np.concatenate(parts, axis=1) - np.asarray(self.location)) / np.asarray(self.scale)

    def decode(self, z: Float[np.ndarray, "rows c"]) -> Float[np.ndarray, "rows d"]:
        """Rows in the user's units, float64; discrete columns hold their exact values."""
        if self.identity:
            return z
        t = np.asarray(z, dtype=np.float64) * np.asarray(self.scale) + np.asarray(self.location)
        parts = []
        with np.errstate(over="ignore", under="ignore"):
            for factor, coordinates in self.support.split_coordinates(t):
                parts.append(factor.unlink(coordinates).reshape(len(t), -1))
        return np.concatenate(parts, axis=1)

    def encode_condition(self, condition: Float[np.ndarray, "rows c"] | None) -> np.ndarray | None:
        """What models see of conditions, see ``condition_features``; None for None."""
        if condition is None:
            return None
        given = np.asarray(condition, np.float64)
        if not self.measured:
            return condition_features(self.conditions, given)
        errors, own = np.split(given, [self.support.width], axis=1)
        own = condition_features(self.conditions, own) if own.shape[1] else own
        return np.concatenate([self.encode_errors(errors), own], axis=1)

    def encode_errors(self, errors: Float[np.ndarray, "rows d"]) -> Float[np.ndarray, "rows c"]:
        """Standard errors of standardized columns; only real columns have some."""
        if self.identity:
            return errors
        parts = []
        for factor, values in self.support.split(np.asarray(errors, np.float64)):
            none = np.zeros((*values.shape[:2], *factor.coordinate_shape))
            parts.append((values if isinstance(factor, Real) else none).reshape(len(values), -1))
        return np.concatenate(parts, axis=1) / np.asarray(self.scale)


def needs_codes(support: Support) -> bool:
    """Whether some alphabet holds values that float32 does not."""
    return any(isinstance(factor, Alphabet) and not factor.exact for factor, _ in support.runs)
