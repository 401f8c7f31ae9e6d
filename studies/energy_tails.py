"""Whether the log Z reported for `ebm` covers that of its energy, heavy tails included.

    python -m studies.energy_tails --seeds 40

trains a small `ebm` on 4,000 rows for each seed. log p = -E - log Z, so the error of its
log-likelihood is that of log Z, whose truth is a sum over a grid, uniform in asinh of the columns.
Results are kept in ``energy_tails.jsonl``, so that the study goes on where it was stopped.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import jax
import numpy as np
import tyro

from energeia.data.named.toy import toy
from energeia.runs.run import Run
from energeia.runs.verbs import fit

TABLE = Path(__file__).with_suffix(".md")
LINES = Path(__file__).with_suffix(".jsonl")
OPTIONS = {
    "width": 32, "depth": 1, "chains": 128,
    "training": {"rounds": 400, "batch": 256, "check_every": 200},
}  # fmt: skip
SIZES = {"chains": 128, "temperatures": 300}


def rows_of(name: str, n: int, seed: int) -> np.ndarray:
    """Independent rows of a distribution whose columns have spreads of order one."""
    rng = np.random.default_rng(seed)
    if name.startswith("Student t"):
        return rng.standard_t(2.5, (n, int(name[-1])))
    if name == "moons":
        return np.asarray(toy("moons").draw(seed, n))
    columns = int(name[-1])
    return rng.choice([-2.0, 1.0], (n, 1)) + 0.5 * rng.normal(size=(n, columns))


def log_z(run: Run, columns: int) -> float:
    """log of the integral of exp(-E) over the user's x, by a sum over a grid."""
    far, count = (16.0, 40_001) if columns == 1 else (9.0, 901)
    u = np.linspace(-far, far, count)
    grid = np.stack(np.meshgrid(*[u] * columns, indexing="ij"), -1).reshape(-1, columns)
    scale = 0.5
    minus = -np.asarray(run.energy(scale * np.sinh(grid)), np.float64)
    jacobian = np.sum(np.log(scale * np.cosh(grid)), axis=1)
    return float(np.logaddexp.reduce(minus + jacobian) + columns * np.log(u[1] - u[0]))


def one(name: str, seed: int) -> dict:
    """One trained energy: the log Z that is reported, and the true one."""
    rows = rows_of(name, 4000, seed)
    with tempfile.TemporaryDirectory() as folder:
        run = fit(rows, "ebm", out=Path(folder) / "run", options=OPTIONS, seed=seed, quiet=True)
        model: Any = run.standardized_model
        found = model.estimate_log_partition(jax.random.key(seed), **SIZES).value
        truth = log_z(run, rows.shape[1])
    return {
        "data": name, "seed": seed, "value": found.value, "stderr": found.stderr, "truth": truth,
        "note": found.note,
    }  # fmt: skip


def table(lines: list[dict]) -> str:
    """A line for each distribution."""
    out = [
        "# log Z of `ebm` against that of its own energy\n",
        "`python -m studies.energy_tails`: whether the reported log Z, within two errors, holds "
        "the sum of exp(-E) over a grid.\n",
        "| data | seeds | a number | of these covered | largest miss (nats) | largest error |",
        "|---|---|---|---|---|---|",
    ]
    for name in dict.fromkeys(line["data"] for line in lines):
        mine = [line for line in lines if line["data"] == name]
        told = [line for line in mine if line["value"] is not None]
        misses = [abs(line["value"] - line["truth"]) for line in told]
        errors = [line["stderr"] or 0.0 for line in told]
        covered = sum(m <= 2 * e for m, e in zip(misses, errors, strict=True))
        out.append(
            f"| {name} | {len(mine)} | {len(told)} | {covered} | {max(misses, default=0):.3f} | "
            f"{max(errors, default=0):.3f} |"
        )
    return "\n".join(out) + "\n"


def main(seeds: int = 40, data: tuple[str, ...] = (
    "Student t, d = 1", "Student t, d = 2", "mixture, d = 1", "mixture, d = 2", "moons",
)) -> None:  # fmt: skip
    """Train what is missing and write the table."""
    known = [json.loads(text) for text in LINES.read_text().splitlines()] if LINES.exists() else []
    done = {(line["data"], line["seed"]) for line in known}
    for name in data:
        for seed in range(seeds):
            if (name, seed) not in done:
                known.append(one(name, seed))
                with LINES.open("a") as file:
                    file.write(json.dumps(known[-1]) + "\n")
                TABLE.write_text(table(known))


if __name__ == "__main__":
    tyro.cli(main)
