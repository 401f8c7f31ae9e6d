"""How many shots a chain of N qubits needs for a fixed KL divergence per qubit.

    python -m studies.scaling

Critical transverse-field Ising chains, Pauli-6 shots, the Born machine. KL(P || Q) is of Pauli-4
outcomes at fresh strings of the truth, as the mean of r - 1 - log r with r = Q/P: E_P[r] = 1 where
Q is possible only where P is, so r - 1 has no effect on the mean, and it cancels the scatter of
log r to first order. Shots at the required KL are interpolated on log scales.
Fits are kept in ``runs/scaling`` and not repeated; ``studies/scaling.md`` and
``docs/images/shots-scaling.png`` are made of them.
"""

import json
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import jax
import matplotlib as mpl
import numpy as np
import tyro
from scipy.stats import linregress

from energeia.estimate import Estimate
from energeia.physics.quantum.mps_files import load_mps, save_mps
from energeia.physics.quantum.mps_outcomes import log_prob
from energeia.physics.quantum.pauli import spin_chain
from energeia.physics.quantum.povm import pauli_4
from energeia.physics.quantum.spin_chain import ground_state
from studies.tomography import best_of, log_likelihoods, raw_shots

mpl.use("Agg")
import matplotlib.pyplot as plt

KL_PER_QUBIT = 1e-3
LADDER = (500, 1000, 2000, 4000, 8000)
SEEDS = (0, 1, 2)
FRESH = 3000
SHARES = (0.85, 0.1, 0.05)
OPTIONS = {
    "bond": 8,
    "amplitudes": "real",
    "training": {"rounds": 3000, "batch": 100, "check_every": 100, "patience": 10},
}
STARTS = 2
FOLDER = Path("runs/scaling")
FIGURE = Path(__file__).parents[1] / "docs" / "images" / "shots-scaling.png"
Values = dict[tuple[int, int], dict[int, float]]
"""KL per qubit of (N, seed), by shots."""


class Fit(NamedTuple):
    """One model, measured."""

    sites: int
    shots: int
    seed: int
    kl: float
    error: float
    seconds: float


class Truth(NamedTuple):
    """A ground state, new strings of it, and their exact log-probabilities."""

    state: object
    fresh: np.ndarray
    log_p: np.ndarray


def truth_of(sites: int) -> Truth:
    """The truth of a length, found once."""
    state_file, fresh_file = FOLDER / f"tfim-{sites}.npz", FOLDER / f"fresh-{sites}.npz"
    if not fresh_file.is_file():
        state = ground_state(spin_chain(f"tfim:N={sites},J=1,h=1")).state
        save_mps(state_file, state)
        fresh = raw_shots(state, FRESH, 999).pauli_4().outcomes
        np.savez(fresh_file, fresh=fresh, log_p=log_prob(state, pauli_4(), fresh))
    with np.load(fresh_file, allow_pickle=False) as kept:
        return Truth(load_mps(state_file), kept["fresh"], kept["log_p"].astype(float))


def fit_of(truth: Truth, shots: int, seed: int) -> Fit:
    """Train on as many shots, and measure."""
    sites = truth.fresh.shape[1]
    rows = raw_shots(truth.state, shots, 1000 + seed)
    with tempfile.TemporaryDirectory() as folder:
        model, seconds, _ = best_of(STARTS, "born-machine", rows, folder, seed, OPTIONS, SHARES)
    log_r = log_likelihoods(model, truth.fresh).astype(float) - truth.log_p
    found = Estimate.mean(np.expm1(log_r) - log_r, "exact")
    return Fit(sites, shots, seed, found.value, found.stderr, seconds)


def known() -> list[Fit]:
    """The fits in the folder."""
    file = FOLDER / "fits.jsonl"
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return [Fit(**json.loads(line)) for line in lines]


def needed(values: dict[int, float]) -> float:
    """Shots at which KL per qubit is as asked, by log-log interpolation."""
    shots = np.log(sorted(values))
    gaps = np.log([values[n] for n in sorted(values)]) - np.log(KL_PER_QUBIT)
    crossings = np.flatnonzero((gaps[:-1] > 0) & (gaps[1:] <= 0))
    if not crossings.size:
        return float("nan")
    i = crossings[-1]
    return float(np.exp(np.interp(0.0, -gaps[i : i + 2], shots[i : i + 2])))


def by_chain(fits: list[Fit]) -> Values:
    found: Values = {}
    for fit in sorted(fits):
        found.setdefault((fit.sites, fit.seed), {})[fit.shots] = fit.kl / fit.sites
    return found


def table(fits: list[Fit], shots: dict[tuple[int, int], float], slope: float, error: float) -> str:
    spent = sum(fit.seconds for fit in fits)
    lines = [
        f"# Shots for a KL divergence of {KL_PER_QUBIT:g} nats per qubit",
        "",
        "`python -m studies.scaling`: critical transverse-field Ising chains, Pauli-6 shots, the "
        f"Born machine of bond dimension {OPTIONS['bond']} with real amplitudes, "
        f"{OPTIONS['training']['rounds']} rounds at most and early stopping on a tenth of the "
        f"shots, which also choose among {STARTS} starts. KL per qubit in units of 10⁻³ nats, of "
        f"Pauli-4 outcomes at {FRESH:,} fresh strings; mean and standard deviation over "
        f"{len(SEEDS)} seeds, each with its own shots. "
        f"{len(fits)} points, {spent:.0f} s of training and compilation in all, on 2 cores.",
        "",
        "| N | " + " | ".join(f"{n:,} shots" for n in LADDER) + " | shots needed |",
        "|---" * (len(LADDER) + 2) + "|",
    ]
    for sites in sorted({fit.sites for fit in fits}):
        cells = []
        for n in LADDER:
            kl = [1e3 * f.kl / f.sites for f in fits if (f.sites, f.shots) == (sites, n)]
            cells.append(f"{np.mean(kl):.2f} ± {np.std(kl, ddof=1):.2f}")
        own = [value for (size, _), value in shots.items() if size == sites]
        cells.append(f"{np.mean(own):,.0f} ± {np.std(own, ddof=1):,.0f}")
        lines.append(f"| {sites} | " + " | ".join(cells) + " |")
    lines += [
        "",
        f"Shots needed grow as N^({slope:.2f} ± {error:.2f}): least squares of log shots on log N, "
        "one point a length and seed, error from the scatter about the line. The exponent is of "
        "state, model and training together: a longer chain is harder to optimize, too, and a fit "
        "that ends in a local optimum needs more shots. Earlier initializations, many of which "
        "ended in domain walls (see `BornMachine.random`), gave 0.42 ± 0.14 and 0.64 ± 0.12.",
        "",
        "![Shots for a fixed KL per qubit](../docs/images/shots-scaling.png)",
    ]
    return "\n".join(lines) + "\n"


def draw(values: Values, shots: dict[tuple[int, int], float], line) -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.4), layout="constrained")
    colors = {n: f"C{i}" for i, n in enumerate(sorted({sites for sites, _ in values}))}
    for (sites, seed), ladder in values.items():
        left.loglog(list(ladder), list(ladder.values()), "o-", ms=3, lw=1, color=colors[sites],
                    label=None if seed else f"N = {sites}")  # fmt: skip
    left.axhline(KL_PER_QUBIT, color="black", linewidth=1, linestyle=":")
    left.set_xticks(LADDER, [f"{n:,}" for n in LADDER])
    left.set_xticks([], minor=True)
    left.set(xlabel="shots", ylabel="KL(P‖Q) per qubit, nats")
    left.legend(frameon=False)
    at = np.geomspace(min(colors), max(colors), 2)
    for (sites, _), value in shots.items():
        right.loglog(sites, value, "o", ms=4, color=colors[sites])
    right.loglog(at, np.exp(line.intercept) * at**line.slope, color="black", linewidth=1,
                 label=f"N^({line.slope:.2f} ± {line.stderr:.2f})")  # fmt: skip
    right.set(xlabel="N", ylabel=f"shots for {KL_PER_QUBIT:g} nats per qubit")
    right.set_xticks(list(colors), [str(n) for n in colors], minor=False)
    right.set_xticks([], minor=True)
    right.set_yticks(LADDER, [f"{n:,}" for n in LADDER])
    right.set_yticks([], minor=True)
    right.legend(frameon=False)
    figure.savefig(FIGURE, dpi=110)


def main(sites: tuple[int, ...] = (10, 20, 40, 80)) -> None:
    """Fit what is missing, then write table and figure.

    Args:
        sites: the lengths of the chains.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    jax.config.update("jax_compilation_cache_dir", str(FOLDER.resolve() / "jax"))
    for size in sites:
        truth = truth_of(size)
        done = {(fit.sites, fit.shots, fit.seed) for fit in known()}
        for shots, seed in ((n, s) for n in LADDER for s in SEEDS):
            if (size, shots, seed) in done:
                continue
            began = time.perf_counter()
            fit = fit_of(truth, shots, seed)
            with (FOLDER / "fits.jsonl").open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(fit._asdict()) + "\n")
            print(fit, f"{time.perf_counter() - began:.0f} s", flush=True)
    fits = known()
    values = by_chain(fits)
    shots = {chain: needed(ladder) for chain, ladder in values.items()}
    if not np.all(np.isfinite(list(shots.values()))):
        raise SystemExit(f"a ladder does not pass {KL_PER_QUBIT:g}: lengthen LADDER; {shots}")
    line = linregress(np.log([size for size, _ in shots]), np.log(list(shots.values())))
    text = table(fits, shots, line.slope, line.stderr)
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")
    draw(values, shots, line)
    print(text)


if __name__ == "__main__":
    tyro.cli(main)
