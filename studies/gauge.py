"""U(1) gauge theory without data: ``equivariant-flow`` on the action of 8 x 8 at beta = 2.

    python -m studies.gauge                  # three seeds, ten minutes or less each

Each run has as many rounds as fit in ``--minutes``. Of 10,000 draws: the effective share, the
acceptance and the longest rejection of a Metropolis chain of them, ln Z and <Q^2> by weights and by
that chain, beside the exact values of the character expansion, then the same with twice the steps
of the solver. Lines are kept in ``gauge.jsonl``.
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
import tyro

import energeia
from energeia.bijections.continuous import ContinuousMap, with_maps
from energeia.evaluation.reweighting import Reweighted, reweight
from energeia.physics import TopologicalCharge, U1Gauge
from studies import kept

OUT = Path(__file__).with_suffix(".jsonl")
DRAWS = 10_000


def told(found: Reweighted, size: int) -> dict[str, Any]:
    """The numbers of one set of weights."""
    charge, chain = TopologicalCharge((2, size, size)), found.chain()
    by_weights, by_chain = (part.mean(charge) for part in (found, chain))
    return {
        "share": found.ess / len(found.x), "acceptance": chain.acceptance,
        "longest": chain.longest_rejection, "largest": found.largest_share,
        "log_z": [found.log_partition.value, found.log_partition.stderr],
        "charge": [by_weights.value, by_weights.stderr],
        "charge_by_chain": [by_chain.value, by_chain.stderr],
    }  # fmt: skip


def measured(size: int, beta: float, seed: int, minutes: float) -> kept.Line:
    """One run."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run = energeia.fit(
            f"u1:L={size},beta={beta}", "equivariant-flow", subject="target", seed=seed,
            out=Path(folder) / "run", quiet=True, minutes=minutes,
        )  # fmt: skip
        seconds, found = time.perf_counter() - start, run.reweight(DRAWS)
        fine = with_maps(run.standardized_model, ContinuousMap.refined)
        energy = energeia.energy(U1Gauge(size, beta).energy, 2 * size**2)
        finer = reweight(jax.random.key(0), fine, energy, DRAWS)
        rounds = run.directory.status.round
    line = told(found, size) | {"finer": told(finer, size), "seconds": seconds, "rounds": rounds}
    return line | {"cores": len(os.sched_getaffinity(0))}


def page(lines: list[kept.Line]) -> str:
    """A row for each run."""
    cores = sorted({line["cores"] for line in lines})
    text = [
        "# U(1) gauge theory without data\n",
        f"`python -m studies.gauge`, {' or '.join(map(str, cores))} core(s): `equivariant-flow` by "
        f"default; {DRAWS:,} draws. In brackets, with twice the steps of the solver.\n",
        "| L | beta | seed | ESS | acceptance | longest rejection | ln Z | exact "
        "| <Q^2> by weights | by the chain | exact | rounds | seconds |",
        "|---" * 13 + "|",
    ]
    for line in lines:
        exact, finer = U1Gauge(line["size"], line["beta"]).solution, line["finer"]
        text.append(
            f"| {line['size']} | {line['beta']:g} | {line['seed']} | {line['share']:.3f} "
            f"({finer['share']:.3f}) | {line['acceptance']:.3f} ({finer['acceptance']:.3f}) | "
            f"{line['longest']} | {_pm(line['log_z'])} ({_pm(finer['log_z'])}) | "
            f"{exact.log_partition:.3f} | {_pm(line['charge'])} ({_pm(finer['charge'])}) | "
            f"{_pm(line['charge_by_chain'])} | {exact.charge_2:.4f} | {line['rounds']} | "
            f"{line['seconds']:.0f} |"
        )
    return "\n".join(text) + "\n"


def _pm(pair: list[float]) -> str:
    return f"{pair[0]:.3f} +- {pair[1]:.3f}"


def main(size: int = 8, beta: float = 2.0, seeds: int = 3, minutes: float = 10.0) -> None:
    """Measure what is missing."""
    plan: list[kept.Line] = [
        {"size": size, "beta": beta, "seed": seed, "minutes": minutes} for seed in range(seeds)
    ]
    kept.each(OUT, plan, measured, page)


if __name__ == "__main__":
    tyro.cli(main)
