"""phi^4 without data: ``equivariant-flow`` on the action, and what its weights make exact.

    python -m studies.fields                            # L = 8, three seeds: 30 minutes or so
    python -m studies.fields --sizes 32 --minutes 60    # on an accelerator

Each run has default options but for its length: as many rounds as fit in ``--minutes``. Of 10,000
draws: the effective share, the acceptance and the longest rejection of a Metropolis chain of them,
ln Z, and the susceptibility by weights, beside that of Hamiltonian chains on the action;
then the same with twice the steps of the solver. Lines are kept in ``fields.jsonl``.
"""

import os
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import tyro

import energeia
from energeia.bijections.continuous import ContinuousMap, with_maps
from energeia.evaluation.reweighting import Reweighted, reweight
from energeia.mcmc import Hmc, sample
from energeia.physics import FieldSusceptibility
from energeia.physics.lattice.phi_four import PhiFour
from studies import kept

OUT = Path(__file__).with_suffix(".jsonl")
DRAWS, COUPLINGS = 10_000, (8.0, 6.008)
KNOWN = {(8, 8.0): "9.291(5)", (8, 6.008): "15.991(5)"}
Pair = tuple[float, float]


def chains(size: int, lam: float, seed: int) -> Pair:
    """The susceptibility by 256 chains that start independently, with its error over chains."""
    action, key = PhiFour(size, -4.0, lam), jax.random.key(seed)
    starts = 0.5 * jax.random.normal(key, (256, size, size))
    found = sample(jax.random.fold_in(key, 1), action, Hmc(0.1, 12), starts, 400, thin=5, burn=2000)
    values = np.asarray(jax.vmap(jax.vmap(FieldSusceptibility().value))(found.positions), float)
    return float(values.mean()), float(values.mean(axis=1).std() / 16.0)


def told(found: Reweighted) -> dict[str, Any]:
    """The numbers of one set of weights."""
    chain, by_weights = found.chain(), found.mean(FieldSusceptibility())
    return {
        "share": found.ess / len(found.x), "acceptance": chain.acceptance,
        "longest": chain.longest_rejection, "largest": found.largest_share,
        "log_z": [found.log_partition.value, found.log_partition.stderr],
        "susceptibility": [by_weights.value, by_weights.stderr],
    }  # fmt: skip


def measured(size: int, lam: float, seed: int, minutes: float) -> kept.Line:
    """One run."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        run = energeia.fit(
            f"phi4:L={size},m2=-4,lam={lam}", "equivariant-flow", subject="target", seed=seed,
            out=Path(folder) / "run", quiet=True, minutes=minutes,
        )  # fmt: skip
        seconds = time.perf_counter() - start
        found, action = run.reweight(DRAWS), PhiFour(size, -4.0, lam)
        fine = with_maps(run.standardized_model, ContinuousMap.refined)
        finer = reweight(jax.random.key(0), fine, _flat(action), DRAWS)
        rounds = run.directory.status.round
    line = told(found) | {"finer": told(finer), "seconds": seconds, "rounds": rounds}
    line["chains"] = chains(size, lam, seed + 100)
    return line | {"cores": len(os.sched_getaffinity(0)), "device": jax.devices()[0].platform}


def _flat(action: PhiFour) -> energeia.contracts.Energy:
    return energeia.energy(lambda x: action.energy(jnp.asarray(x)), action.L**2)


def page(lines: list[kept.Line]) -> str:
    """A row for each run."""
    cores = sorted({f"{line['cores']} core(s), {line['device']}" for line in lines})
    text = [
        "# phi^4 without data\n",
        f"`python -m studies.fields`, {' and '.join(cores)}: `equivariant-flow` by default on "
        f"m2 = -4; {DRAWS:,} draws. In brackets, with twice the steps of the solver.\n",
        "| L | lam | seed | ESS | acceptance | longest rejection | ln Z | known | "
        "susceptibility by weights | by chains | rounds | seconds |",
        "|---" * 12 + "|",
    ]
    for line in lines:
        finer = line["finer"]
        text.append(
            f"| {line['size']} | {line['lam']:g} | {line['seed']} | {line['share']:.3f} "
            f"({finer['share']:.3f}) | {line['acceptance']:.3f} ({finer['acceptance']:.3f}) | "
            f"{line['longest']} | {_pm(line['log_z'], 4)} ({_pm(finer['log_z'], 4)}) | "
            f"{KNOWN.get((line['size'], line['lam']), '')} | "
            f"{_pm(line['susceptibility'], 3)} ({_pm(finer['susceptibility'], 3)}) | "
            f"{_pm(line['chains'], 3)} | {line['rounds']} | {line['seconds']:.0f} |"
        )
    return "\n".join(text) + "\n"


def _pm(pair: Pair, digits: int) -> str:
    return f"{pair[0]:.{digits}f} +- {pair[1]:.{digits}f}"


def main(
    sizes: tuple[int, ...] = (8,), couplings: tuple[float, ...] = COUPLINGS, seeds: int = 3,
    minutes: float = 5.0,
) -> None:  # fmt: skip
    """Measure what is missing."""
    plan: list[kept.Line] = [
        {"size": size, "lam": lam, "seed": seed, "minutes": minutes}
        for size in sizes for lam in couplings for seed in range(seeds)
    ]  # fmt: skip
    kept.each(OUT, plan, measured, page)


if __name__ == "__main__":
    tyro.cli(main)
