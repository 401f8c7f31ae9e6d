"""Standard errors of measured columns: checks, and which columns may have them. Needs no JAX."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from energeia._core.errors import InputError
from energeia.support import Real, Support, describe


def noise_of(
    errors: Float[np.ndarray, "rows m"] | None, columns: Sequence[int], width: int, spec: str
) -> Float[np.ndarray, "rows d"] | None:
    """The errors of all ``width`` columns, zero for those that are not among ``columns``.

    Raises:
        InputError: if one is negative, not finite, or all are zero.
    """
    if errors is None:
        return None
    bad = ~(np.isfinite(errors) & (errors >= 0))
    if bad.any():
        raise InputError(
            f"{int(bad.any(axis=1).sum())} rows of {spec} have errors that are negative or not "
            f"finite (the first: row {int(np.flatnonzero(bad.any(axis=1))[0])}): standard errors "
            "are positive, or zero for exact values, so repair or drop these rows"
        )
    if not errors.any():
        raise InputError(f"all errors in {spec} are zero: leave out --errors")
    noise = np.zeros((len(errors), width))
    noise[:, list(columns)] = errors
    return noise


def require_real(support: Support, names: Sequence[str], columns: Sequence[str]) -> None:
    """Check that what was measured with normal errors is modeled as a real number.

    Raises:
        InputError: naming the first column that is not.
    """
    for name in columns:
        factor = support.columns[list(names).index(name)]
        if not isinstance(factor, Real):
            raise InputError(
                f"column {name} has errors and is modeled as {describe(factor)} where a real "
                f"number was wanted, since normal errors leave any bounds: declare {name}:real, or "
                "leave out its errors"
            )
