"""The Ising model without data: ``made`` on the energy, against enumeration and Kaufman's formula.

    python -m studies.ising_energy                    # 4x4 and 8x8, three seeds: half an hour
    python -m studies.ising_energy --only 16 --seeds 1

Total variation is that over all 65,536 states of a lattice of 4 x 4 in a field. On larger ones
ln Z / N follows from the weights of 20,000 draws, beside the exact value; the shares of draws of
either sign of the magnetization, half each by symmetry, say whether a phase was lost. Lines are
kept in ``ising_energy.jsonl``.
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import tyro

import energeia
from energeia.physics import Ising
from studies import kept
from studies.targets import total_variation

OUT = Path(__file__).with_suffix(".jsonl")
DRAWS = 20_000
STEADY: dict[str, Any] = {"learning_rate": 5e-3, "beta2": 0.99}


def options(size: int) -> dict[str, Any]:
    """Wider networks for larger lattices; the average over all symmetries where that is cheap."""
    training = {"patience": 0, "average": 0.99, "check_every": 250}
    if size == 4:
        training |= {"rounds": 3000, "batch": 1024}
        return {"width": 256, "symmetrize": "mixture", "optimization": STEADY, "training": training}
    rounds, rate = (3000, 3e-3) if size == 8 else (2500, 2e-3)
    training |= {"rounds": rounds, "batch": 512}
    return {
        "width": 16 * size**2, "depth": 1, "anneal": rounds // 2,
        "optimization": STEADY | {"learning_rate": rate}, "training": training,
    }  # fmt: skip


def measured(size: int, beta: float, h: float, seed: int) -> kept.Line:
    """One run."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run = energeia.fit(
            f"ising:L={size},beta={beta},h={h}", "made", subject="target", seed=seed,
            out=Path(folder) / "run", quiet=True, options=options(size),
        )  # fmt: skip
        seconds = time.perf_counter() - start
        apart = total_variation(run) if size == 4 else None
        found = run.reweight(DRAWS, seed=1)
    up = found.mean(lambda x: (x.sum() > 0) + 0.5 * (x.sum() == 0))
    value, error = found.log_partition.value, found.log_partition.stderr
    return {
        "log_z": [value, error], "exact": Ising(size, beta, h=h).log_partition,
        "share": found.ess / DRAWS, "up": [up.value, up.stderr], "total_variation": apart,
        "seconds": seconds, "cores": len(os.sched_getaffinity(0)),
    }  # fmt: skip


def page(lines: list[kept.Line]) -> str:
    """A row for each run."""
    cores = sorted({line["cores"] for line in lines})
    text = [
        "# The Ising model without data\n",
        f"`python -m studies.ising_energy`, {' or '.join(map(str, cores))} core(s): `made` on the "
        f"energy, {DRAWS:,} draws; errors of ln Z / N are those of the weights.\n",
        "| L | beta | h | seed | total variation | ln Z / N by weights | exact | errors apart "
        "| ESS | weight of m > 0 | seconds |",
        "|---" * 11 + "|",
    ]
    for line in lines:
        sites = line["size"] ** 2
        value, error = (number / sites for number in line["log_z"])
        exact, apart = line["exact"] / sites, line["total_variation"]
        text.append(
            f"| {line['size']} | {line['beta']:g} | {line['h']:g} | {line['seed']} | "
            f"{'' if apart is None else f'{apart:.5f}'} | {value:.6f} +- {error:.6f} | "
            f"{exact:.6f} | {(value - exact) / error:.1f} | {line['share']:.3f} | "
            f"{line['up'][0]:.3f} +- {line['up'][1]:.3f} | {line['seconds']:.0f} |"
        )
    return "\n".join(text) + "\n"


def main(only: tuple[int, ...] = (4, 8), seeds: int = 3) -> None:
    """Measure what is missing."""
    points = {4: [(0.6, 0.1)], 8: [(0.28, 0.0), (0.4407, 0.0), (0.6, 0.0)], 16: [(0.4407, 0.0)]}
    plan: list[kept.Line] = [
        {"size": size, "beta": beta, "h": h, "seed": seed}
        for size in only for beta, h in points[size] for seed in range(seeds)
    ]  # fmt: skip
    kept.each(OUT, plan, measured, page)


if __name__ == "__main__":
    tyro.cli(main)
