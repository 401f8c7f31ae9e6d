"""Overfitting of a restricted Boltzmann machine on few rows, by number of rounds.

    python studies/machine_passes.py

fits ``rbm`` for several numbers of rounds, without its bound on passes, to three small data sets:
the digits of scikit-learn (17 levels), the same in black and white, and 2,000 samples of the
critical Ising model. Held-out log-likelihoods are estimates by annealed importance sampling.
Also the effect of early stopping by held-out rows on a lattice of 20,000 rows in the ordered
phase, read from a file, without its symmetries. Writes ``studies/machine_passes.md``; half an hour.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np

import energeia
from energeia.data.named.lattice import IsingSource
from energeia.data.sources import open_data
from energeia.evaluation.observables import measure
from energeia.physics.lattice.ising import Ising
from energeia.runs.storage.config import DataConfig

BATCH, ORDERED = 359, 0.55
ROUNDS = (500, 1000, 1500, 3000, 9000)
ISING = "ising:L=8,beta=0.44068679350977,n=2000"
HEAD = (
    "| data | seed | rounds | passes | nats a row, held out | energy distance | memorization "
    "| seconds |"
)


def black_and_white(folder: Path) -> str:
    path = folder / "black-and-white.npy"
    np.save(path, (np.asarray(open_data("digits").rows) > 7).astype(np.int8))
    return str(path)


def one(name: str, spec: str, seed: int, rounds: int, folder: Path) -> str:
    """A row of the table."""
    data = DataConfig(spec=spec, seed=seed)
    training = {"rounds": rounds, "passes": 0, "batch": BATCH}
    run = energeia.fit(
        data, "rbm", out=folder, options={"training": training}, seed=seed, quiet=True
    )
    found, rows = run.evaluate(), run.problem.rows
    distance = next(test for test in found.two_sample if test.name == "energy distance")
    return (
        f"| {name} | {seed} | {rounds} | {BATCH * rounds / rows:.0f} "
        f"| {-found.log_likelihood.value:.2f} | {distance.statistic} | {found.memorization} "
        f"| {run.directory.status.seconds:.0f} |"
    )


def stopped_early(patience: int, folder: Path) -> str:
    """A row of the second table: pulls are deviations over the errors of samples and data."""
    source = IsingSource(Ising(L=8, beta=ORDERED))
    rows = np.asarray(source.draw(5, 20_000), dtype=np.float32)
    folder.mkdir()
    np.save(folder / "rows.npy", rows.reshape(len(rows), -1).astype(np.int8))
    training = {"patience": patience}
    data = DataConfig(spec=str(folder / "rows.npy"))
    run = energeia.fit(data, "rbm", out=folder / "run", options={"training": training}, quiet=True)
    drawn = np.asarray(run.sample(len(rows), seed=1), dtype=np.float32).reshape(len(rows), -1)
    pulls = []
    for quantity, exact in source.observables()[:2]:
        found = measure(quantity, drawn)
        pulls.append(f"{(found.value - exact) / found.stderr / 2**0.5:+.1f}")
    return f"| {patience} | {run.directory.status.round} | {' | '.join(pulls)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=2)
    given = parser.parse_args()
    lines = ["# `rbm` on few rows, by rounds", "", "`python studies/machine_passes.py`", "", HEAD]
    lines.append("|---" * (HEAD.count("|") - 1) + "|")
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        specs = {
            "digits, 17 levels": "digits",
            "digits, black and white": black_and_white(folder),
            "Ising, 2,000 rows": ISING,
        }
        for name, spec in specs.items():
            for seed in range(given.seeds):
                for rounds in ROUNDS:
                    lines.append(one(name, spec, seed, rounds, folder / f"{name}{seed}{rounds}"))
                    print(lines[-1], flush=True)
        lines += [
            "", f"# Stopping early, Ising at beta {ORDERED}", "",
            "| checks of patience, 0 for none | rounds | pull of energy | pull of abs(m) |",
            "|---|---|---|---|",
        ]  # fmt: skip
        for patience in (0, 6):
            lines.append(stopped_early(patience, folder / f"patience{patience}"))
            print(lines[-1], flush=True)
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
