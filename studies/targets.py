"""Training on energies without rows, against what is known of them exactly.

    python -m studies.targets

trains ``made`` on the 4x4 Ising model and ``realnvp`` and ``spline-flow`` on a planar double well,
named, as a Python function and over a range of barriers, with default options and two seeds each,
and writes ``studies/targets.md``. Five minutes or so on two cores.
"""

import itertools
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import tyro

import energeia
from energeia.records import TargetRow

TABLE = Path(__file__).with_suffix(".md")
Line = tuple[str, str, int, str, TargetRow, str, float]


def well(x: jax.Array) -> jax.Array:
    """The target ``double-well`` as a function of one's own."""
    return 4.0 * jnp.sum((x**2 - 1) ** 2)


CASES: tuple[tuple[str, Any, str], ...] = (
    ("ising:L=4", "ising:L=4", "made"),
    ("double-well", "double-well", "realnvp"),
    ("double-well", "double-well", "spline-flow"),
    ("a Python function", energeia.energy(well, 2), "realnvp"),
    ("double-well:height=2..6", "double-well:height=2..6", "spline-flow"),
)


def total_variation(run: energeia.runs.Run) -> float:
    """1/2 sum |q - p| over all states of a run's lattice."""
    target = energeia.data.open_target(run.config.spec)
    states = np.array(list(itertools.product([-1.0, 1.0], repeat=target.support.width)))
    minus_e = -np.asarray(jax.vmap(target.energy.energy)(jnp.asarray(states)), np.float64)
    exact = np.exp(minus_e - np.logaddexp.reduce(minus_e))
    return 0.5 * float(np.abs(np.exp(run.log_prob(states).astype(np.float64)) - exact).sum())


def lines(name: str, target: Any, recipe: str, seed: int, folder: Path) -> list[Line]:
    """One trained run, a line for each condition."""
    start = time.perf_counter()
    run = energeia.fit(target, recipe, subject="target", out=folder, seed=seed, quiet=True)
    seconds = time.perf_counter() - start
    apart = f"{total_variation(run):.4f}" if name.startswith("ising") else ""
    return [
        (name, recipe, seed, _condition(row), row, apart, seconds) for row in run.evaluate().target
    ]


def _condition(row: TargetRow) -> str:
    return ", ".join(f"{key} = {value:g}" for key, value in row.condition.items())


def table(found: list[Line]) -> str:
    """The lines as Markdown."""
    head = [
        "# Training on energies without rows",
        "",
        "`python -m studies.targets`: default options, 20,000 draws of the model. KL is exact "
        "where log Z is known; total variation is by enumeration of all states.",
        "",
        "| target | recipe | seed | condition | log Z | exact | KL(model to target) | effective "
        "fraction of draws | total variation | seconds, compilation included |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    rows = []
    for name, recipe, seed, condition, row, apart, seconds in found:
        exact = "" if row.exact_log_partition is None else f"{row.exact_log_partition:.5f}"
        rows.append(
            f"| {name} | {recipe} | {seed} | {condition} | {row.log_partition} | {exact} | "
            f"{row.divergence or ''} | {row.effective_fraction:.1%} | {apart} | {seconds:.0f} |"
        )
    return "\n".join([*head, *rows, ""])


def main(seeds: int = 2) -> None:
    """Train, and write the table.

    Args:
        seeds: training seeds of each case.
    """
    found: list[Line] = []
    with tempfile.TemporaryDirectory() as folder:
        for index, (name, target, recipe) in enumerate(CASES):
            for seed in range(seeds):
                found += lines(name, target, recipe, seed, Path(folder) / f"{index}-{seed}")
                print(found[-1][:4], found[-1][4].log_partition, flush=True)
    TABLE.write_text(table(found), encoding="utf-8")


if __name__ == "__main__":
    tyro.cli(main)
