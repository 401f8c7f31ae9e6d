"""A restricted Boltzmann machine fitted to the critical Ising model, for several data sets.

    python studies/machine_ising.py --seeds 4

fits ``rbm`` with its defaults to 20,000 exact samples of the 8x8 lattice, draws as many samples,
and compares the energy and |m| with the exact values of the lattice. A pull is a deviation over its
error: first over the error of the samples drawn, then over that error joined with the one of the
training samples, which limits the accuracy of any model. Writes ``studies/machine_ising.md``.
"""

import argparse
import math
import tempfile
import time
from pathlib import Path

import numpy as np

import energeia
from energeia.data.named.lattice import IsingSource
from energeia.evaluation.observables import measure
from energeia.physics.lattice.ising import Ising
from energeia.runs.storage.config import DataConfig

BETA, WIDTH, ROWS = 0.44068679350977, 8, 20_000
NAMES = ("energy per site", "|m|")
SPEC = f"ising:L={WIDTH},beta={BETA},n={ROWS}"


def one(seed: int, folder: Path) -> list[str]:
    """A row of the table for each observable."""
    began = time.perf_counter()
    run = energeia.fit(DataConfig(spec=SPEC, seed=seed), "rbm", out=folder, seed=seed, quiet=True)
    seconds = time.perf_counter() - began
    drawn = np.asarray(run.sample(ROWS, seed=seed), dtype=np.float32).reshape(ROWS, -1)
    lines = []
    for quantity, exact in IsingSource(Ising(L=WIDTH, beta=BETA)).observables():
        if quantity.name not in NAMES:
            continue
        found = measure(quantity, drawn)
        off = found.value - exact
        # As many training rows as rows drawn, of nearly the same spread: the same error again.
        lines.append(
            f"| {seed} | {quantity.name} | {found.value:.5f} +- {found.stderr:.5f} | {exact:.5f} "
            f"| {off / found.stderr:+.2f} | {off / (found.stderr * math.sqrt(2)):+.2f} "
            f"| {seconds:.0f} |"
        )
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--first", type=int, default=10)
    given = parser.parse_args()
    lines = [
        f"# `rbm` on {ROWS:,} exact samples of the {WIDTH}x{WIDTH} critical Ising model",
        "",
        f"`python studies/machine_ising.py --seeds {given.seeds} --first {given.first}`",
        "",
        "| data seed | observable | model | exact | pull, drawn samples | pull, with training "
        "samples | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(given.first, given.first + given.seeds):
            lines += one(seed, Path(folder) / str(seed))
    Path(__file__).with_suffix(".md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
