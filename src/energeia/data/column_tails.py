"""The tail index of each continuous column. Needs no JAX."""

import msgspec
import numpy as np
from jaxtyping import Float

from energeia.stats.tails import power_tail
from energeia.support import Support

_NUMBERS = 20_000_000
"""Values at most that are looked at; of more, every n-th row."""
_UNBOUNDED = frozenset({"real", "positive", "above"})


class ColumnTail(msgspec.Struct, frozen=True, kw_only=True):
    """A column whose tails fall like |x|^-alpha: its moments of order alpha or higher diverge."""

    column: int
    name: str
    alpha: float
    """Hill's estimate of the tail index."""
    stderr: float
    """For independent rows, that of k numbers beyond a threshold; its bias is not included."""
    k: int


def column_tails(
    rows: Float[np.ndarray, "rows d"], support: Support, names: tuple[str, ...]
) -> tuple[ColumnTail, ...]:
    """The columns of unbounded real numbers whose tails are significantly a power law.

    Rows with NaN or infinity are left out. See ``stats.power_tail`` for the estimate and for what
    counts as a power law.

    >>> from energeia.support import Real
    >>> rows = np.random.default_rng(0).standard_t(2.5, size=(5000, 1))
    >>> [found.column for found in column_tails(rows, Support.of([Real()]), ("x",))]
    [0]
    """
    columns = [
        c for a, b, factor, _ in support.blocks if factor.name in _UNBOUNDED for c in range(a, b)
    ]
    if not columns:
        return ()
    step = max(1, len(rows) * rows.shape[1] // _NUMBERS)
    values = np.asarray(rows[::step])
    values = values[np.isfinite(values).all(axis=1)]
    found = ((c, power_tail(values[:, c])) for c in columns)
    return tuple(
        ColumnTail(column=c, name=names[c], alpha=tail.alpha, stderr=tail.stderr, k=tail.k)
        for c, tail in found
        if tail is not None
    )
