"""Several trainings of one recipe that differ in their seed alone, and their spread. Needs no JAX.

The spread is the standard deviation over seeds of a number: how much another training would have
changed it. The error of a number is that of finitely many held-out rows. The two are independent,
so the error that covers both is sqrt(stderr^2 + (c spread)^2), where c allows for the error of a
standard deviation over few seeds (``interval_of``).
"""

import math
import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from energeia.estimate import Estimate
from energeia.records import LeaderboardRow


def member_path(path: Path, index: int) -> Path:
    """The folder of a member: that of the run itself for the first, beside it for others.

    >>> str(member_path(Path("runs/made"), 0)), str(member_path(Path("runs/made"), 2))
    ('runs/made', 'runs/made-seed2')
    """
    return path if index == 0 else path.with_name(f"{path.name}-seed{index}")


def spread_of(values: Sequence[Estimate]) -> float | None:
    """The standard deviation of values over seeds; None for fewer than two that are finite.

    >>> spread_of([Estimate(1.0, 0.1, "exact", 9), Estimate(2.0, 0.1, "exact", 9)])
    0.7071067811865476
    """
    found = [e.value for e in values if e.finite and e.value is not None]
    return float(np.std(found, ddof=1)) if len(found) > 1 else None


def interval_of(stderr: float | None, spread: float | None, seeds: int) -> float | None:
    """sqrt(stderr^2 + (c spread)^2) with c = 1 + 1 / (2 (seeds - 1)).

    A standard deviation over few seeds is often too small: with c = 1, the value of one of 2, 3 or
    5 seeds is within 50, 57 or 62 % of the mean of all possible ones. This c, to first order the
    quantile of Student's distribution, makes it 67 to 69 % for any number of normal values.

    >>> interval_of(0.0, 0.2, 3), interval_of(0.3, None, 1)
    (0.25, None)
    """
    if stderr is None or spread is None:
        return None
    return math.hypot(stderr, spread * (1.0 + 0.5 / (seeds - 1)))


def with_spread(rows: Sequence[LeaderboardRow]) -> list[LeaderboardRow]:
    """One row for each recipe that was trained with several seeds: the first, with the spread.

    The members of a run in ``made`` are those of the same recipe in ``made-seed1``, ``made-seed2``,
    ... beside it.
    """
    first = {row.run: row for row in rows}
    groups: dict[str, list[LeaderboardRow]] = {}
    for row in rows:
        stem = re.sub(r"-seed[1-9][0-9]*$", "", row.run)
        owner = stem if stem in first and first[stem].recipe == row.recipe else row.run
        groups.setdefault(owner, []).append(row)
    return [_joined(first[run], group) for run, group in groups.items()]


def _joined(row: LeaderboardRow, group: list[LeaderboardRow]) -> LeaderboardRow:
    """The row of the first member with the spread over all."""
    if len(group) == 1:
        return row
    spread = spread_of([member.log_likelihood for member in group])
    finite = sum(member.log_likelihood.finite for member in group)
    tests = {
        name: spread_of([m.two_sample[name] for m in group if name in m.two_sample])
        for name in row.two_sample
    }
    return msgspec.structs.replace(
        row,
        seeds=len(group),
        spread=spread,
        interval=interval_of(row.log_likelihood.stderr, spread, finite),
        two_sample_spread={name: found for name, found in tests.items() if found is not None},
        warnings=(*row.warnings, *_missing(group)),
    )


def _missing(group: list[LeaderboardRow]) -> list[str]:
    """A sentence where members are missing from the spread."""
    lacking = [member.run for member in group if not member.log_likelihood.finite]
    if len(lacking) in (0, len(group)):
        return []
    return [f"the spread over seeds is without {', '.join(lacking)}: no finite log-likelihood"]
