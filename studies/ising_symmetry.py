"""The gain from symmetries: the exact KL divergence of a masked network from the Ising model.

    python studies/ising_symmetry.py

trains ``made`` on 20,000 exact samples of the 8x8 lattice at its critical point, ignoring the
symmetries and using them, and measures KL(p || q) = E_p[log p(x) - log q(x)] on fresh exact
samples, paired. Writes ``studies/ising_symmetry.md``.
"""

import time
from pathlib import Path
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from energeia._core.batching import map_rows
from energeia.contracts import Batch
from energeia.data.named.lattice import IsingSource
from energeia.physics.lattice.ising import Ising
from energeia.physics.symmetries import symmetry_group
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.made import build
from energeia.recipes.options.autoregressive import MadeOptions, Symmetrize
from energeia.recipes.options.problem import Problem
from energeia.training.loop import train
from energeia.training.state import Game

BETA, WIDTH, ROWS, HELD_OUT, FRESH = 0.44068679350977, 8, 20_000, 2_000, 20_000
DECLARED = ("translations", "transposition", "spin-flip")
CASES: dict[str, tuple[Symmetrize, tuple[str, ...]]] = {
    "none": ("none", ()),
    "shifts, transposition, flip, batches only": ("augment", DECLARED),
    "the same, mixed over transposition and flip": ("auto", DECLARED),
    "reflections too, mixed over all but shifts": ("auto", (*DECLARED, "reflections")),
}


class Row(NamedTuple):
    name: str
    kl: float
    stderr: float
    seconds: float
    cpu: float


def measure(name: str, choice: Symmetrize, names: tuple[str, ...]) -> Row:
    source = IsingSource(Ising(L=WIDTH, beta=BETA))
    x = np.asarray(source.draw(seed=0, count=ROWS), np.float32).reshape(ROWS, -1)
    problem = Problem(
        support=source.support, layout=(WIDTH, WIDTH), rows=ROWS - HELD_OUT, symmetries=names
    )
    options, reference = MadeOptions(symmetrize=choice), ReferenceRows(jnp.asarray(x[:4096]), None)
    clock, cpu = time.perf_counter(), time.process_time()
    key = jax.random.key(0)
    parts = build(options, problem, reference, key)
    make = eqx.filter_jit(lambda reference, key: build(options, problem, reference, key).modules)
    group = symmetry_group(names, problem.layout, problem.support)
    trained = train(
        Game(parts.objective, parts.players), make(reference, key),
        Batch(x[HELD_OUT:], None), Batch(x[:HELD_OUT], None),
        options.training, jax.random.key(1), augment=group.random if names else None,
    )  # fmt: skip
    seconds, cpu = time.perf_counter() - clock, time.process_time() - cpu
    model = parts.model(trained.modules)
    fresh = np.asarray(source.draw(seed=1, count=FRESH), np.float32).reshape(FRESH, -1)
    log_q = map_rows(lambda m, rows: jax.vmap(m.log_prob)(rows), fresh, size=1000, carry=model)
    gaps = np.asarray(source.log_prob(fresh)) - log_q
    return Row(name, gaps.mean(), gaps.std(ddof=1) / FRESH**0.5, seconds, cpu)


def table(rows: list[Row]) -> str:
    lines = [
        f"# The {WIDTH}x{WIDTH} critical Ising model, {ROWS:,} exact samples, `made`",
        "",
        f"KL(p‖q) in nats for the whole lattice, {FRESH:,} fresh exact samples, paired.",
        "",
        "| symmetries | KL | seconds, compilation included | CPU seconds |",
        "|---|---|---|---|",
        *(
            f"| {r.name} | {r.kl:.4f} +- {r.stderr:.4f} | {r.seconds:.0f} | {r.cpu:.0f} |"
            for r in rows
        ),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    text = table([measure(name, *case) for name, case in CASES.items()])
    Path(__file__).with_suffix(".md").write_text(text)
    print(text)


if __name__ == "__main__":
    main()
