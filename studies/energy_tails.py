"""Whether the log Z reported for `ebm` covers that of its energy, heavy tails included.

    python -m studies.energy_tails --seeds 40

trains a small `ebm` on 4,000 rows for each seed. log p = -E - log Z, so the error of its
log-likelihood is that of log Z, whose truth is a sum over a grid, uniform in asinh of the columns.
Results are kept in ``energy_tails.jsonl``, so that the study goes on where it was stopped.
"""

import json
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import tyro
from jaxtyping import Array

from energeia._core.batching import map_rows
from energeia._core.types import PRNGKey
from energeia.contracts import Batch
from energeia.data.named.toy import toy
from energeia.evaluation.likelihood import energies
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.ebm import build
from energeia.recipes.options.energy import EbmOptions
from energeia.recipes.options.problem import Problem
from energeia.support import Real, Support

TABLE = Path(__file__).with_suffix(".md")
LINES = Path(__file__).with_suffix(".jsonl")
ROWS, BATCH, ROUNDS = 4_000, 256, 400
OPTIONS = EbmOptions(width=32, depth=1, chains=128)
SIZES = {"chains": 128, "temperatures": 300}


def rows_of(name: str, n: int, seed: int) -> np.ndarray:
    """Independent rows of a distribution whose columns have spreads of order one."""
    rng = np.random.default_rng(seed)
    if name.startswith("Student t"):
        return rng.standard_t(2.5, (n, int(name[-1])))
    if name == "moons":
        return np.asarray(toy("moons").draw(rng, n))
    columns = int(name[-1])
    return rng.choice([-2.0, 1.0], (n, 1)) + 0.5 * rng.normal(size=(n, columns))


def log_z(model: Any, columns: int) -> float:
    """log of the integral of exp(-E) over the user's x, by a sum over a grid."""
    far, count = (16.0, 40_001) if columns == 1 else (9.0, 901)
    u = np.linspace(-far, far, count)
    grid = np.stack(np.meshgrid(*[u] * columns, indexing="ij"), -1).reshape(-1, columns)
    scale = 0.5
    x = (scale * np.sinh(grid)).astype(np.float32)
    minus = -np.asarray(map_rows(energies, x, size=8192, carry=model), np.float64)
    jacobian = np.sum(np.log(scale * np.cosh(grid)), axis=1)
    return float(np.logaddexp.reduce(minus + jacobian) + columns * np.log(u[1] - u[0]))


@eqx.filter_jit
def trained(x: Array, key: PRNGKey) -> Any:
    """An ``ebm`` after some rounds: one program for all seeds, unlike a run on disk."""
    build_key, memory_key, loop_key = jax.random.split(key, 3)
    columns = x.shape[1]
    problem = Problem(
        support=Support.of([Real()] * columns), layout=(columns,), rows=ROWS,
        condition_dimension=0,
    )  # fmt: skip
    made = build(OPTIONS, problem, ReferenceRows(x, None), build_key)
    memory = made.objective.init_memory(memory_key, made.modules, Batch(x[:BATCH], None))
    optimizer, name = optax.adam(2e-3, b1=0.5), made.players[0].name
    arrays, fixed = eqx.partition(made.modules, eqx.is_inexact_array)

    def step(carry: Any, key: PRNGKey) -> tuple[Any, None]:
        arrays, state, memory = carry
        row_key, loss_key = jax.random.split(key)
        batch = Batch(x[jax.random.randint(row_key, (BATCH,), 0, ROWS)], None)

        def loss(arrays: Any) -> Any:
            modules = eqx.combine(arrays, fixed)
            return made.objective.loss(name, loss_key, modules, batch, memory)

        change, (memory, _) = jax.grad(loss, has_aux=True)(arrays)
        change, state = optimizer.update(change, state)
        return (optax.apply_updates(arrays, change), state, memory), None

    begin = (arrays, optimizer.init(arrays), memory)
    (arrays, _, _), _ = jax.lax.scan(step, begin, jax.random.split(loop_key, ROUNDS))
    return made.model(eqx.combine(arrays, fixed))


def one(name: str, seed: int) -> dict:
    """One trained energy: the log Z that is reported, and the true one."""
    rows = jnp.asarray(rows_of(name, ROWS, seed), jnp.float32)
    model = trained(rows, jax.random.key(seed))
    found = model.estimate_log_partition(jax.random.key(seed), **SIZES).value
    return {
        "data": name, "seed": seed, "value": found.value, "stderr": found.stderr,
        "truth": log_z(model, rows.shape[1]), "note": found.note,
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
