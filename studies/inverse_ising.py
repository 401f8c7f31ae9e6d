"""The inverse Ising problem: all couplings of a 6 x 6 glass from 50,000 exact configurations.

    python -m studies.inverse_ising

The graph is not given. The error of a coupling is compared with the least that any unbiased
estimate can have, from the inverse of the Fisher information, the covariance of all products of two
spins and of all spins under the true distribution. A bond is taken to be there where its coupling
is more than 4 of its own errors from zero. Required: error at most 1.3 of the bound.
"""

import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tyro

from energeia.energies import fit_spins
from energeia.physics import edwards_anderson

TABLE = Path(__file__).with_suffix(".md")
SIDE, ROWS, REFERENCE, ERRORS = 6, 50_000, 400_000, 4.0


class Line(NamedTuple):
    """One glass."""

    law: str
    beta: float
    seed: int
    error: float
    bound: float
    """Root mean squares over all pairs."""
    claimed: float
    """Root mean square of the errors that the fit states."""
    missed: int
    invented: int
    weakest: float
    """The least |beta J| among the bonds."""
    seconds: float


def fisher_errors(x: np.ndarray, rows: int) -> np.ndarray:
    """Least errors of couplings from ``rows`` configurations, by the covariance over ``x``."""
    pairs = np.triu_indices(x.shape[1], 1)
    total, mean = 0.0, 0.0
    for block in np.array_split(x.astype(np.float64), 100):
        features = np.concatenate([block[:, pairs[0]] * block[:, pairs[1]], block], axis=1)
        total, mean = total + features.T @ features, mean + features.sum(axis=0)
    mean = mean / len(x)
    information: Any = total / len(x) - np.outer(mean, mean)
    return np.sqrt(np.diag(np.linalg.inv(information)) / rows)[: len(pairs[0])]


def measured(law: str, beta: float, seed: int) -> Line:
    """Fit one glass."""
    lattice = edwards_anderson(SIDE, beta, law, seed)  # pyright: ignore[reportArgumentType]
    rows = lattice.draw(seed, ROWS)
    clock = time.perf_counter()
    found = fit_spins(rows)
    seconds = time.perf_counter() - clock
    pairs = np.triu_indices(SIDE**2, 1)
    truth = beta * np.asarray(lattice.energy.couplings, np.float64)[pairs]
    error = np.asarray(found.spins.couplings, np.float64)[pairs] - truth
    seen, there = found.significance[pairs] > ERRORS, truth != 0
    return Line(
        law, beta, seed, float(np.sqrt(np.mean(error**2))),
        float(np.sqrt(np.mean(fisher_errors(lattice.draw(seed + 100, REFERENCE), ROWS) ** 2))),
        float(np.sqrt(np.mean(found.coupling_errors[pairs] ** 2))),
        int(np.sum(there & ~seen)), int(np.sum(seen & ~there)),
        float(np.min(np.abs(truth[there]))), seconds,
    )  # fmt: skip


def main(seeds: int = 3) -> None:
    """Measure and write the page."""
    text = [
        "# The inverse Ising problem", "",
        f"`python -m studies.inverse_ising`: {SIDE} x {SIDE} Edwards-Anderson glasses, {ROWS:,} "
        f"exact configurations, all {SIDE**2 * (SIDE**2 - 1) // 2} couplings and "
        f"{SIDE**2} fields by the pseudo-likelihood. Root mean squares over all pairs.", "",
        "| couplings | beta | seed | error | least possible | ratio | error stated | bonds missed "
        "| bonds invented | weakest bond | seconds |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for law, beta in (("binary", 0.4), ("normal", 0.4), ("normal", 0.8)):
        for seed in range(seeds):
            line = measured(law, beta, seed)
            text.append(
                f"| {law} | {beta} | {seed} | {line.error:.5f} | {line.bound:.5f} | "
                f"{line.error / line.bound:.3f} | {line.claimed:.5f} | {line.missed} of "
                f"{2 * SIDE**2} | {line.invented} | {line.weakest:.3f} | {line.seconds:.1f} |"
            )
            print(text[-1], flush=True)
    TABLE.write_text("\n".join([*text, ""]), encoding="utf-8")


if __name__ == "__main__":
    tyro.cli(main)
