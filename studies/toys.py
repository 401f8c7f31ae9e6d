"""The exact KL divergence of one flow configuration from six toy densities.

    python studies/toys.py --seconds-per 60 --options.training.batch 512

trains the default ``spline-flow`` on each density for the given time and measures
KL(p || q) = E_p[log p(x) - log q(x)] on fresh samples, paired: the exact log-density and the
model's at the same points. Writes ``studies/toys.md``.
"""

import math
import time
from pathlib import Path
from typing import NamedTuple

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
from energeia.recipes.options.flow import SplineFlowOptions
from energeia.recipes.options.problem import Problem
from energeia.recipes.spline_flow import build
from energeia.support import Real, Support
from energeia.training.loop import train
from energeia.training.state import Game

DEFAULTS = SplineFlowOptions()
TABLE = Path(__file__).with_suffix(".md")


class Row(NamedTuple):
    name: str
    kl: float
    stderr: float
    nll: float
    entropy: float
    rounds: int
    seconds: float


def assemble(options: SplineFlowOptions, x: np.ndarray, seed: int) -> Assembly:
    problem = Problem(support=Support(((Real(), 2),)), layout=(2,), rows=len(x))
    reference = ReferenceRows(jnp.asarray(x[:4096], dtype=float), None)
    made = eqx.filter_jit(lambda r, k: build(options, problem, r, k).modules)
    abstract = build(options, problem, reference, jax.random.key(seed))
    return abstract._replace(modules=made(reference, jax.random.key(seed)))


def with_rounds(options: SplineFlowOptions, rounds: int) -> SplineFlowOptions:
    training = msgspec.structs.replace(options.training, rounds=rounds)
    return msgspec.structs.replace(options, training=training)


def fit(options: SplineFlowOptions, x: np.ndarray, seed: int) -> tuple[Density, float]:
    """The trained model and the seconds it took, compilation included."""
    clock = time.perf_counter()
    made = assemble(options, x, seed)
    rows = Batch(jnp.asarray(x, dtype=float), None)
    game = Game(made.objective, made.players)
    trained = train(game, made.modules, rows, None, options.training, jax.random.key(seed + 1))
    return made.model(trained.modules), time.perf_counter() - clock


def rounds_within(options: SplineFlowOptions, x: np.ndarray, seconds: float) -> int:
    """How many rounds fit, by a short pilot: its second chunk runs without compilation."""
    every = options.training.check_every
    made = assemble(with_rounds(options, 3 * every), x, 0)
    rows = Batch(jnp.asarray(x, dtype=float), None)
    clock = time.perf_counter()
    training_progress = train(
        Game(made.objective, made.players), made.modules, rows, None,
        with_rounds(options, 3 * every).training, jax.random.key(0),
    ).history  # fmt: skip
    total = time.perf_counter() - clock
    chunk = min(progress.run_seconds for progress in training_progress[1:])
    return math.floor((seconds - (total - 3 * chunk)) / chunk) * every


def measure(model: Density, truth: Toy, seed: int, samples: int) -> tuple[float, float, float]:
    """KL, its standard error, and the NLL on fresh samples."""
    x = truth.sample(seed, samples)
    rows = np.asarray(x, dtype=np.float32)
    log_q = map_rows(lambda m, r: jax.vmap(m.log_prob)(r), rows, carry=model, size=16384)
    ratio = truth.log_prob(x) - np.asarray(log_q, dtype=np.float64)
    return float(ratio.mean()), float(ratio.std() / math.sqrt(samples)), -float(log_q.mean())


def table(rows: list[Row], seconds: float, options: SplineFlowOptions) -> str:
    plane = Problem(support=Support(((Real(), 2),)), layout=(2,), rows=1)
    options = options.resolved(plane)
    lines = [
        "# Exact KL of the default spline flow on six toy densities",
        "",
        f"`python studies/toys.py --seconds-per {seconds:g} --options.training.batch "
        f"{options.training.batch}`: one configuration "
        f"({options.layers} layers, {options.bins} bins, {options.octaves} octaves, "
        f"{options.depth} x {options.width}, batches of {options.training.batch}); "
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
    seconds_per: float = 60.0,
    samples: int = 1_000_000,
    rows: int = 1_000_000,
    seed: int = 0,
    names: tuple[str, ...] = tuple(TOYS),
    rounds: int = 0,
    options: SplineFlowOptions = DEFAULTS,
    out: Path | None = TABLE,
) -> None:
    """Train on each density and write the table; ``rounds`` overrides the time."""
    first = toy(names[0]).sample(seed, rows)
    count = rounds or rounds_within(options, first, seconds_per)
    results = []
    for name in names:
        truth = toy(name)
        fitted, seconds = fit(with_rounds(options, count), truth.sample(seed, rows), seed)
        kl, stderr, nll = measure(fitted, truth, seed + 1000, samples)
        results.append(Row(name, kl, stderr, nll, truth.entropy, count, seconds))
        print(
            f"{name:14s} KL {kl:.4f} +- {stderr:.4f}  {count} rounds in {seconds:.1f} s", flush=True
        )
    if out is not None:
        out.write_text(table(results, seconds_per, options))


if __name__ == "__main__":
    tyro.cli(main)
