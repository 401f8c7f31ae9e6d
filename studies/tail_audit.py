"""How often the audit of tails finds rows that were moved, and alarms without any.

    python -m studies.tail_audit --trials 1000

compares held-out rows with 2,000 samples of a model, in three columns.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import tyro

from energeia.evaluation.tails import tail_audit

TABLE = Path(__file__).with_suffix(".md")
SAMPLES, COLUMNS = 2_000, 3
Rows = Callable[[np.random.Generator, int], np.ndarray]


def normal(rng: np.random.Generator, n: int) -> np.ndarray:
    """Independent standard normal columns."""
    return rng.normal(size=(n, COLUMNS))


def student(rng: np.random.Generator, n: int) -> np.ndarray:
    """Independent columns of Student's t with 2.5 degrees of freedom."""
    return rng.standard_t(2.5, (n, COLUMNS))


def moved(rng: np.random.Generator, n: int) -> np.ndarray:
    """1% of rows beyond 5 deviations in one column, on either side."""
    rows = normal(rng, n)
    chosen = rng.random(n) < 0.01
    far = 5.0 + rng.exponential(size=int(chosen.sum()))
    rows[chosen, 1] = far * rng.choice([-1.0, 1.0], len(far))
    return rows


CASES: tuple[tuple[str, int, Rows, Rows], ...] = (
    ("normal rows, the true model", 10_000, normal, normal),
    ("Student-t rows, the true model", 10_000, student, student),
    ("1% of normal rows moved, a normal model", 10_000, moved, normal),
    ("1% of normal rows moved, a normal model", 1_000, moved, normal),
    ("Student-t rows, a normal model", 1_000, student, normal),
)


def main(trials: int = 1000) -> None:
    """Write the table."""
    lines = [
        "# Alarms of the tail audit\n",
        f"`python -m studies.tail_audit`: {trials} trials, {SAMPLES:,} samples, three columns.\n",
        "| held-out rows | number | p < 0.05 | p < 0.01 |",
        "|---|---|---|---|",
    ]
    for name, n, rows, model in CASES:
        found = []
        for seed in range(trials):
            rng = np.random.default_rng(seed)
            audit = tail_audit(rows(rng, n), model(rng, SAMPLES))
            found.append(1.0 if audit is None else audit.p_value)
        shares = (np.mean(np.array(found) < level) for level in (0.05, 0.01))
        lines.append(f"| {name} | {n:,} | " + " | ".join(f"{s:.1%}" for s in shares) + " |")
        TABLE.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    tyro.cli(main)
