"""Whether held-out rows lie further out than a model's samples, in columns and in density.

If held-out rows and samples have one distribution, then among the m largest of both together the
number of held-out rows is hypergeometric, whatever that distribution is: the test is exact for any
sizes and any tails, and needs no density.
"""

import math
from collections.abc import Sequence
from typing import Literal

import msgspec
import numpy as np
from jaxtyping import Float
from scipy import stats

from energeia.records import TailAudit, TailRow
from energeia.support import Support

_SMALLEST = 6
"""The least number of outermost values that are counted."""
_LARGEST = 0.02
"""Share of all values in the largest count."""
_FEW = 50
"""Distinct values without which a column has no tail."""
_KEPT = 8
"""Rows of a record at most."""
_WITH_TAILS = frozenset({"real", "positive", "above", "interval", "integer"})
LOG_DENSITY = "log-density"


def counts_of(total: int) -> list[int]:
    """How many of the outermost values are looked at: each twice the one before.

    >>> counts_of(12_000)
    [6, 12, 24, 48, 96, 192]
    """
    most = max(_SMALLEST, int(_LARGEST * total))
    return [_SMALLEST * 2**step for step in range(int(math.log2(most / _SMALLEST)) + 1)]


def tail_columns(support: Support) -> list[int]:
    """The columns of real or whole numbers: angles, directions and labels have no tails."""
    return [
        column
        for start, stop, factor, _ in support.blocks
        if factor.name in _WITH_TAILS
        for column in range(start, stop)
    ]


def tail_audit(
    held_out: Float[np.ndarray, "n d"],
    samples: Float[np.ndarray, "m d"],
    columns: Sequence[int] | None = None,
    log_probs: tuple[Float[np.ndarray, " n"], Float[np.ndarray, " m"]] | None = None,
    seed: int = 0,
) -> TailAudit | None:
    """Exceedances of held-out rows in the tails of each column, and of the log-density.

    Of the outermost values of both tables together, the held-out ones are counted at several
    depths. Equal values are ordered at random, which keeps the test exact. Columns of few distinct
    values are left out; ``columns`` are those that have tails, all by default (no angles).
    ``log_probs`` are the model's, of held-out rows and of its samples; a constant in both is
    irrelevant. p-values are two-sided, and corrected for all tails and depths by Bonferroni's
    inequality, so that a perfect model has p < 0.05 in at most 5% of evaluations. None where
    nothing can be tested.

    >>> rng = np.random.default_rng(0)
    >>> held_out, samples = rng.standard_t(3, (4000, 1)), rng.normal(size=(2000, 1))
    >>> tail_audit(held_out, samples).p_value < 1e-6
    True
    >>> tail_audit(rng.normal(size=(4000, 1)), samples).p_value > 0.01
    True
    """
    rng = np.random.default_rng(seed)
    chosen = range(held_out.shape[1]) if columns is None else columns
    found: list[TailRow] = []
    for column in chosen:
        ours, theirs = (np.asarray(t[:, column], np.float64) for t in (held_out, samples))
        middle = np.median(np.concatenate([ours, theirs]))
        apart = np.abs(ours - middle), np.abs(theirs - middle)
        found += _both_tails(f"column {column}", ours, theirs, rng)
        found += _both_tails(f"column {column}", *apart, rng, away=True)
    if log_probs is not None:
        found += _both_tails(LOG_DENSITY, *log_probs, rng)
    if not found:
        return None
    # Both tails were corrected for their depths; now for all tails.
    corrected = sorted(
        (msgspec.structs.replace(row, p_value=min(1.0, row.p_value * len(found))) for row in found),
        key=lambda row: row.p_value,
    )
    kept = tuple(row for row in corrected if row.p_value < 0.05)[:_KEPT] or tuple(corrected[:1])
    return TailAudit(
        p_value=corrected[0].p_value, tails=len(found), held_out=len(held_out),
        samples=len(samples), rows=kept,
    )  # fmt: skip


def _both_tails(
    name: str, ours: np.ndarray, theirs: np.ndarray, rng: np.random.Generator, away: bool = False
) -> list[TailRow]:
    """The upper and the lower tail of numbers, or with ``away`` the upper one of distances."""
    ours, theirs = ours[~np.isnan(ours)], theirs[~np.isnan(theirs)]
    if min(len(ours), len(theirs)) < _FEW or len(np.unique(ours)) < _FEW:
        return []
    values = np.concatenate([ours, theirs]).astype(np.float64)
    is_ours = np.arange(len(values)) < len(ours)
    order = np.lexsort((rng.random(len(values)), values))
    down = values[order][::-1], is_ours[order][::-1]
    if away:
        return [_tail(name, "away", *down)]
    return [_tail(name, "above", *down), _tail(name, "below", values[order], is_ours[order])]


def _tail(
    name: str, side: Literal["above", "below", "away"], values: np.ndarray, is_ours: np.ndarray
) -> TailRow:
    """The depth of one tail at which held-out rows and samples differ most significantly."""
    total, ours = len(values), int(is_ours.sum())
    counts = np.array(counts_of(total))
    seen = np.cumsum(is_ours)[counts - 1]
    law = stats.hypergeom(total, ours, counts)
    p = np.minimum(1.0, 2.0 * np.minimum(law.sf(seen - 1), law.cdf(seen)))
    worst = int(np.argmin(p))
    count = int(counts[worst])
    return TailRow(
        name=name, side=side, beyond=float(values[count - 1]), held_out=int(seen[worst]),
        samples=count - int(seen[worst]), p_value=min(1.0, float(p[worst]) * len(counts)),
    )  # fmt: skip
