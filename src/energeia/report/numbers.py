"""Formatting of numbers on the page and in the terminal."""

import math
from collections.abc import Iterable

from energeia.estimate import Estimate
from energeia.records import LeaderboardRow

_PLACE = {"exact": 0, "lower bound": 0, "upper bound": 1, "estimate": 1, "none": 2}


def place(row: LeaderboardRow) -> tuple[int, float]:
    """The sort key of a row: exact values and lower bounds, then estimates, then none; best
    first."""
    score = row.log_likelihood
    value = score.value if score.value is not None and score.finite else -math.inf
    return _PLACE[score.kind], -value


def headline_tests(rows: Iterable[LeaderboardRow]) -> list[str]:
    """The two-sample tests that a leaderboard shows: the classifier and the energy distance."""
    names = dict.fromkeys(name for row in rows for name in row.two_sample)
    return [n for n in names if "classifier" in n.lower() or n.lower() == "energy distance"]


def number(estimate: Estimate | None) -> str:
    """A value and its error, without the symbol of its kind.

    >>> number(Estimate(-81.84, 0.41, "lower bound", 360)), number(Estimate.none("implicit"))
    ('−81.8 ± 0.4', '—')
    """
    if estimate is None or estimate.value is None:
        return "—"
    if not estimate.finite:
        return f"{estimate.value}".replace("-", "−")
    text = str(estimate)
    for mark in (">= ", "<= ", "~ "):
        text = text.removeprefix(mark)
    if text.startswith("-") and not text.partition(" ")[0].strip("-0."):
        text = text[1:]  # A zero has no sign.
    return text.replace("+-", "±").replace("-", "−")


def over_seeds(row: LeaderboardRow) -> str:
    """The spread of a log-likelihood over seeds, to be put after its value; empty for one seed."""
    if row.spread is None:
        return ""
    digits = max(0, 1 - math.floor(math.log10(row.spread))) if row.spread > 0 else 0
    return f", seeds ± {row.spread:.{digits}f}"


def marked(estimate: Estimate) -> str:
    """A value and its error, with the symbol of its kind.

    >>> marked(Estimate(1.784, 0.05, "upper bound", 360)), marked(Estimate(0.5, 0.1, "exact", 9))
    ('≤ 1.78 ± 0.05', '0.50 ± 0.10')
    """
    mark = {">=": "≥ ", "<=": "≤ ", "~": "~ "}.get(str(estimate).partition(" ")[0], "")
    return mark + number(estimate)


def amount(value: float | None) -> str:
    """A plain number with three figures, or with thousands marked.

    >>> amount(123456.0), amount(12.3456), amount(0.01234), amount(None)
    ('123,456', '12.3', '0.0123', '—')
    """
    if value is None:
        return "—"
    if not math.isfinite(value):
        return str(value)
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}".replace("-", "−")
    return f"{value:.3g}".replace("-", "−")


def probability(p: float) -> str:
    """A p-value: never zero, since a permutation test cannot show that.

    >>> probability(0.2), probability(0.004), probability(1e-5)
    ('0.20', '0.004', '< 0.001')
    """
    if p < 0.001:
        return "< 0.001"
    return f"{p:.2f}" if p >= 0.1 else f"{p:.3f}"
