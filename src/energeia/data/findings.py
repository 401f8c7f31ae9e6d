"""Bounds and periods that the values of a column show so clearly that they are applied. Needs no
JAX.

A sample cannot prove a bound, so each rule wants mass where a real number of the same width would
have none, or the whole of a usual unit. What is less clear is suggested (``inference.suggest``).
"""

import re
import shlex
from collections.abc import Collection, Iterator, Sequence

import msgspec
import numpy as np

from energeia.data.inference import TURNS, Summary
from energeia.standardization import LARGEST
from energeia.support import Above, Circle, Factor, Integer, Interval, Positive, Real, Support
from energeia.support.declaration import declared, where_of
from energeia.support.product import join

FEWEST = 100
"""Rows below which nothing is found."""
LOOKED_AT = 20_000
"""At most this many rows, evenly spaced, are looked at; ends are those of all rows."""
SKEWED = 0.5
"""The least skewness of a positive column, of values brought to their 0.5% and 99.5% quantiles."""
BETTER = 0.05
"""How many nats a row a log-normal describes a positive column better than a normal."""
WHOLE_TURN = 0.97
"""The part of a turn that the values of an angle span at least."""
NEAR_END, AT_END = 0.05, 0.1
"""Of an angle, this part of a turn at either end holds at least ``AT_END`` of its fair share."""
NEAR_BOUND, AT_BOUND = 0.25, 0.03
"""Within this many standard deviations of a bound lie at least ``AT_BOUND`` of the rows."""
EDGE_ROWS, LEAST_EDGE = 0.03, 50
"""A column is dense at a round number if this part of the rows next to it, and as many rows, are
nearly evenly spread, the first of them as close to the number as the others to each other."""
NEAREST = 6.0
"""In these spacings: one column in e^6 is missed, 6 / k of those with an edge elsewhere found."""
FEWEST_LEVELS, NEAR_ZERO = 8, 0.2
"""Least whole numbers from lowest to highest of a count; its lowest is at most this part of its
highest."""
UPPER, RARE, LOPSIDED = 0.8, 0.05, 0.1
"""In the upper fifth of the values of a count are at most ``RARE`` of the rows, and its skewness is
at least ``LOPSIDED``."""
_NATURAL = ((0.0, 1.0), (-1.0, 1.0), (0.0, 100.0))
_SHOWN = 6


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One column whose support was found from its values and applied."""

    column: int
    name: str
    support: str
    """As it would be declared, such as ``circle(0,360)``."""
    reason: str
    """What its values show, such as ``positive and skewed``."""
    undo: str = "real"
    """What it would be otherwise."""


def find(
    rows: np.ndarray, summary: Summary, support: Support, names: Sequence[str],
    but: Collection[int] = (),
) -> tuple[dict[int, Factor], tuple[Finding, ...]]:  # fmt: skip
    """The factor of each column whose values leave little doubt, and what is said of it.

    Columns that are neither real nor whole numbers, or together a direction or a composition, are
    left alone, and those in ``but``.

    >>> from energeia.data.inference import infer, summarize
    >>> x = np.random.default_rng(0).exponential(size=(500, 1))
    >>> summary = summarize(x)
    >>> factors, (finding,) = find(x, summary, infer(summary, alike=False), ("t",))
    >>> factors, finding.reason
    ({0: Positive()}, 'positive and skewed')
    """
    left = {*but, *(i for start, stop, _ in summary.groups for i in range(start, stop))}
    kinds = enumerate(support.columns)
    looked_at = [i for i, kind in kinds if isinstance(kind, Real | Integer) and i not in left]
    if summary.rows < FEWEST or not looked_at:
        return {}, ()
    seen = np.asarray(rows[:: -(-len(rows) // LOOKED_AT)])
    factors, said = {}, []
    for i in looked_at:
        values, kind = seen[:, i].astype(np.float64), support.columns[i]
        evident = _count if isinstance(kind, Integer) else _evident
        for factor, reason in evident(values, float(summary.low[i]), float(summary.high[i])):
            factors[i], text, undo = factor, declared(factor), declared(kind)
            said.append(Finding(column=i, name=names[i], support=text, reason=reason, undo=undo))
            break
    return factors, tuple(said)


def applied(support: Support, factors: dict[int, Factor]) -> Support:
    """The support with the factors that were found in the place of real numbers."""
    cells = support.cells
    for column, factor in factors.items():
        cells[column] = (factor, 0)
    return join(cells)


def sentences(findings: Sequence[Finding], names: Sequence[str]) -> tuple[str, ...]:
    """What was found and how to undo it, one sentence for each kind.

    >>> found = Finding(column=0, name="t", support="positive", reason="positive and skewed")
    >>> sentences([found], ("t", "u"))
    ('t is positive and skewed: taken as positive; --support t:real undoes it',)
    """
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for each in findings:
        kinds.setdefault((each.support, each.reason), []).append(each)
    return tuple(_sentence(members, names) for members in kinds.values())


def flag(declarations: str) -> str:
    """The option ``--support`` for a shell.

    >>> flag("t:positive"), flag("phi:circle(0,360); t:positive")
    ('--support t:positive', '--support "phi:circle(0,360); t:positive"')
    """
    if re.fullmatch(r"[\w.:,+/-]+", declarations):
        return f"--support {declarations}"
    plain = not set(declarations) & set('"$`\\!')
    return f'--support "{declarations}"' if plain else f"--support {shlex.quote(declarations)}"


def _sentence(members: Sequence[Finding], names: Sequence[str]) -> str:
    shown = [
        f"column {each.column}" if each.name == f"x{each.column}" else each.name
        for each in members[:_SHOWN]
    ]
    rest = len(members) - len(shown)
    if rest:
        shown.append(f"{rest} more")
    who = " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))
    undo = "--no-findings"
    if not rest:
        undo = flag("; ".join(f"{where_of(each.column, names)}:{each.undo}" for each in members))
    verb = "is" if len(members) == 1 else "are"
    return f"{who} {verb} {members[0].reason}: taken as {members[0].support}; {undo} undoes it"


def _evident(values: np.ndarray, low: float, high: float) -> Iterator[tuple[Factor, str]]:
    """The supports of which the values give evidence, the first of which is taken."""
    spread = float(np.std(values / max(abs(low), abs(high)))) * max(abs(low), abs(high))
    if not 0.0 < spread < np.inf:
        return
    for start, stop in TURNS:
        if low >= start and high < stop and _is_turn(values, low, high, start, stop):
            yield Circle(start, stop), f"spread over the whole turn [{start:.4g}, {stop:.4g})"
    for start, stop in _NATURAL:
        if start < low and high < stop and _is_bounded(values, spread, start, stop):
            yield Interval(start, stop), f"in ({start:g}, {stop:g}) and dense at its ends"
    edge = _edge(values, low)
    if edge is not None and _is_positive(values - edge):
        yield Above(edge), f"dense just above {edge:g} and skewed"
    if low > 0 and _is_positive(values):
        yield Positive(), "positive and skewed"


def _edge(values: np.ndarray, low: float) -> float | None:
    """A round number, not zero, from which on there are rows, and below which there is none.

    Of k rows next to it, a quarter of their width holds a quarter of them, up to chance and a slope
    of one half; a tail that ends there by chance holds few. The number is round in units of that
    width, and the first row is within ``NEAREST`` mean spacings of it.
    """
    k = max(LEAST_EDGE, int(EDGE_ROWS * len(values)))
    if len(values) < 2 * k:
        return None
    first = np.partition(values, k)[: k + 1]
    width = float(np.max(first)) - low
    if not 0 < width < LARGEST / 10:
        return None
    digits = 10.0 ** np.floor(np.log10(width))
    unit = digits * next(m for m in (1, 2, 5, 10) if m * digits >= width)
    # A ratio of whole numbers is the nearest number in float64 to what is written.
    edge = float(f"{np.floor(low / unit) * unit:.12g}")
    if edge == 0 or not 0 < low - edge < NEAREST * width / k:
        return None
    near = np.sum(first < edge + width / 4)
    return edge if near >= 0.75 * k / 4 - 2 * np.sqrt(k / 4) and near >= k / 8 else None


def _count(values: np.ndarray, low: float, high: float) -> Iterator[tuple[Factor, str]]:
    """A count, where whole numbers that are not negative become rare towards the largest."""
    levels = high - low + 1
    if not 0 <= low <= NEAR_ZERO * high or levels < FEWEST_LEVELS:
        return
    rare = np.mean(values > low + UPPER * (high - low)) <= RARE
    if rare and np.mean(((values - values.mean()) / values.std()) ** 3) >= LOPSIDED:
        # A count may start at one, but hardly at a number that few rows have.
        start = int(low) if np.mean(values == low) >= 0.5 / levels else 0
        yield Integer.count(int(high), start), f"rare towards {high:g}, the largest"


def _is_positive(values: np.ndarray) -> bool:
    """Whether values are skewed, and better described by a log-normal than by a normal.

    The mean difference of the two log-likelihoods at their maxima is
    log std(x) - log std(log x) - mean(log x). A column far from zero, skewed or not, has almost
    none: its logarithm has the shape of itself. Quantiles as limits, since one glitch makes any
    column skewed.
    """
    limits = np.quantile(values, 0.005, method="higher"), np.quantile(values, 0.995, method="lower")
    x = np.clip(values, *limits) / np.max(values)
    spread = np.std(x)
    if spread == 0 or np.mean(((x - x.mean()) / spread) ** 3) < SKEWED:
        return False
    logs = np.log(x)
    return bool(np.log(spread) - np.log(np.std(logs)) - np.mean(logs) > BETTER)


def _is_turn(values: np.ndarray, low: float, high: float, start: float, stop: float) -> bool:
    """Whether values fill a turn, and their density goes on where its ends meet."""
    period = stop - start
    if high - low < WHOLE_TURN * period:
        return False
    first = int(np.sum(values < start + NEAR_END * period))
    last = int(np.sum(values >= stop - NEAR_END * period))
    least = max(5.0, AT_END * NEAR_END * len(values))
    if min(first, last) < least or np.mean(values == low) + np.mean(values == high) > 0.02:
        return False
    return bool(abs(first - last) <= 4 * np.sqrt(first + last) + 0.25 * (first + last))


def _is_bounded(values: np.ndarray, spread: float, start: float, stop: float) -> bool:
    """Whether mass stands close to both ends, or to one that is not zero.

    Mass close to zero alone is that of a positive number. Where an end is negative, some rows are,
    too: a single one is no evidence of it.
    """
    near = NEAR_BOUND * spread
    at_low, at_high = np.mean(values < start + near), np.mean(values > stop - near)
    if min(at_low, at_high) >= AT_BOUND:
        return True
    if start < 0 and np.mean(values < 0) < AT_BOUND:
        return False
    return bool(at_high >= AT_BOUND or (start < 0 and at_low >= AT_BOUND))
