"""The exact KL divergence of a recipe from six toy densities.

    python -m studies.toys --seconds-per 60 --batch 512
    python -m studies.toys --recipe flow-matching --samples 100000

trains one recipe with its default options on each density for the given time and measures
KL(p || q) = E_p[log p(x) - log q(x)] on fresh samples, paired: the exact log-density and the
model's at the same points. Writes ``studies/toys.md``, or a line for each density in
``studies/toys_RECIPE.md`` for other recipes than ``spline-flow``.
"""

import math
import os
import time
from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import tyro

from energeia._core.batching import map_rows
from energeia.contracts import Batch, Density
from energeia.data.named.toy import TOYS, Toy, toy
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.catalogue import find
from energeia.recipes.options.problem import Problem
from energeia.support import Real, Support
from energeia.training.loop import train
from energeia.training.state import Game

TABLE = Path(__file__).with_suffix(".md")


class Row(NamedTuple):
    name: str
    kl: float
    stderr: float
    nll: float
    entropy: float
    rounds: int
    seconds: float


class Study(NamedTuple):
    """A recipe with its options."""

    recipe: str
    options: Any

    def with_rounds(self, rounds: int) -> "Study":
        training = msgspec.structs.replace(self.options.training, rounds=rounds)
        return Study(self.recipe, msgspec.structs.replace(self.options, training=training))


def assemble(study: Study, x: np.ndarray, seed: int) -> Assembly:
    build, options = find(study.recipe).load(), study.options
    problem = Problem(support=Support(((Real(), 2),)), layout=(2,), rows=len(x))
    reference = ReferenceRows(jnp.asarray(x[:4096], dtype=float), None)
    made = eqx.filter_jit(lambda r, k: build(options, problem, r, k).modules)
    abstract = build(options, problem, reference, jax.random.key(seed))
    return abstract._replace(modules=made(reference, jax.random.key(seed)))


def fit(study: Study, x: np.ndarray, seed: int) -> tuple[Density, float]:
    """The trained model and the seconds it took, compilation included."""
    clock = time.perf_counter()
    made = assemble(study, x, seed)
    rows = Batch(jnp.asarray(x, dtype=float), None)
    game = Game(made.objective, made.players)
    trained = train(
        game, made.modules, rows, None, study.options.training, jax.random.key(seed + 1)
    )
    return made.model(trained.modules), time.perf_counter() - clock


def rounds_within(study: Study, x: np.ndarray, seconds: float) -> int:
    """How many rounds fit, by a short pilot: its second chunk runs without compilation."""
    every = study.options.training.check_every
    pilot = study.with_rounds(3 * every)
    made = assemble(pilot, x, 0)
    rows = Batch(jnp.asarray(x, dtype=float), None)
    clock = time.perf_counter()
    training_progress = train(
        Game(made.objective, made.players), made.modules, rows, None,
        pilot.options.training, jax.random.key(0),
    ).history  # fmt: skip
    total = time.perf_counter() - clock
    chunk = min(progress.run_seconds for progress in training_progress[1:])
    return math.floor((seconds - (total - 3 * chunk)) / chunk) * every


def measure(model: Density, truth: Toy, seed: int, samples: int) -> tuple[float, float, float]:
    """KL, its standard error, and the NLL on fresh samples."""
    x = truth.sample(seed, samples)
    rows = np.asarray(x, dtype=np.float32)
    log_q = map_rows(lambda m, r: jax.vmap(m.log_prob)(r), rows, carry=model, size=4096)
    ratio = truth.log_prob(x) - np.asarray(log_q, dtype=np.float64)
    return float(ratio.mean()), float(ratio.std() / math.sqrt(samples)), -float(log_q.mean())


def table(rows: list[Row], seconds: float, study: Study, samples: int) -> str:
    plane = Problem(support=Support(((Real(), 2),)), layout=(2,), rows=1_000_000)
    options = study.options.resolved(plane)
    lines = [
        f"# Exact KL of `{study.recipe}` on six toy densities",
        "",
        f"`python -m studies.toys --recipe {study.recipe} --seconds-per {seconds:g} "
        f"--batch {options.training.batch} --samples {samples}`, "
        f"{len(os.sched_getaffinity(0))} core(s): one configuration "
        f"(networks of {options.depth} x {options.width}, {options.octaves} octaves); "
        "KL(p || q) from paired log-ratios on fresh samples, in nats.",
        "",
        "| density | KL | stderr | NLL | entropy | rounds | seconds |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {r.name} | {r.kl:.4f} | {r.stderr:.4f} | {r.nll:.4f} | {r.entropy:.4f} "
        f"| {r.rounds} | {r.seconds:.1f} |"
        for r in rows
    ]
    return "\n".join(lines) + "\n"


def main(
    recipe: str = "spline-flow",
    seconds_per: float = 60.0,
    samples: int = 1_000_000,
    rows: int = 1_000_000,
    seed: int = 0,
    names: tuple[str, ...] = tuple(TOYS),
    rounds: int = 0,
    batch: int = 512,
    out: Path | None = None,
) -> None:
    """Train on each density and write the table; ``rounds`` overrides the time."""
    options: Any = find(recipe).options()
    training = msgspec.structs.replace(options.training, batch=batch)
    study = Study(recipe, msgspec.structs.replace(options, training=training))
    first = toy(names[0]).sample(seed, rows)
    study = study.with_rounds(rounds or rounds_within(study, first, seconds_per))
    count, results = study.options.training.rounds, []
    for name in names:
        truth = toy(name)
        fitted, seconds = fit(study, truth.sample(seed, rows), seed)
        kl, stderr, nll = measure(fitted, truth, seed + 1000, samples)
        results.append(Row(name, kl, stderr, nll, truth.entropy, count, seconds))
        print(
            f"{name:14s} KL {kl:.4f} +- {stderr:.4f}  {count} rounds in {seconds:.1f} s", flush=True
        )
    other = TABLE.with_name(f"toys_{recipe.replace('-', '_')}.md")
    where = out or (TABLE if recipe == "spline-flow" else other)
    where.write_text(table(results, seconds_per, study, samples))


if __name__ == "__main__":
    tyro.cli(main)
