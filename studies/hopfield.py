"""Associative memories: overlap against load, how the capacity depends on size, recall of a digit.

    python -m studies.hopfield

Random patterns, recalled from themselves one spin after the other until nothing changes; mean
overlap over patterns. At a load of .1379 recall breaks down at once where there are infinitely many
spins (Amit, Gutfreund and Sompolinsky 1985). ``studies/hopfield.png`` shows images of digits that a
continuous memory recalls from their upper half.
"""

import time
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import numpy as np
import tyro
from sklearn.datasets import load_digits

from energeia.energies import ContinuousMemory, DenseMemory, hopfield, recall

TABLE, PICTURE = Path(__file__).with_suffix(".md"), Path(__file__).with_suffix(".png")
LOADS = (0.05, 0.10, 0.12, 0.13, 0.138, 0.145, 0.16, 0.18)
SIZES = (500, 1000, 2000, 3000)
PUBLISHED = {0.10: 0.998, 0.13: 0.976, 0.16: 0.67}
"""Of 3,000 spins."""
TESTED, MOST = 40, 32_768


class Overlap(NamedTuple):
    """Of recalled patterns with themselves."""

    mean: float
    error: float


def overlaps(n: int, load: float, rule: str, seed: int) -> Overlap:
    """Mean overlap of some patterns after recall."""
    rng = np.random.default_rng([seed, n])
    xi = rng.choice([-1.0, 1.0], size=(round(load * n), n))
    network = hopfield(xi, rule)  # pyright: ignore[reportArgumentType]
    first = jnp.asarray(xi[:TESTED], float)
    ends = np.asarray(jax.vmap(lambda s: recall(network, s, sweeps=60))(first))
    found = np.mean(ends * xi[:TESTED], axis=1)
    return Overlap(float(found.mean()), float(found.std() / len(found) ** 0.5))


def stable(n: int, count: int, power: int, seed: int = 0) -> float:
    """Share of patterns of a dense memory at which no single flip lowers the energy."""
    rng = np.random.default_rng([seed, n, count])
    memory = DenseMemory(jnp.asarray(rng.choice([-1.0, 1.0], size=(count, n))), power)

    def least(s: jax.Array) -> jax.Array:
        flipped = jax.lax.map(memory.energy, s * (1 - 2 * jnp.eye(n)))
        return jnp.min(flipped) - memory.energy(s)

    return float(jnp.mean(jax.lax.map(least, memory.patterns[:TESTED]) > 0))


def picture() -> None:
    """Digits, their upper halves, and what a continuous memory of 100 digits makes of these."""
    images = load_digits().images[:100].reshape(100, 64) / 8 - 1
    memory = ContinuousMemory(jnp.asarray(images), beta=1.0)
    chosen = jnp.asarray(images[10:18])
    half = chosen.at[:, 32:].set(0.0)
    found = jax.vmap(memory.recall)(half)
    figure, axes = plt.subplots(3, 8, figsize=(8, 3.2))
    for row, (name, values) in enumerate(
        (("stored", chosen), ("given", half), ("recalled", found))
    ):
        for axis, value in zip(axes[row], values, strict=True):
            axis.imshow(np.asarray(value).reshape(8, 8), cmap="gray", vmin=-1, vmax=1)
            axis.set_xticks([])
            axis.set_yticks([])
        axes[row][0].set_ylabel(name)
    figure.tight_layout()
    figure.savefig(PICTURE, dpi=120)


def main(sizes: tuple[int, ...] = SIZES, seed: int = 0) -> None:
    """Measure, draw, and write the page."""
    start = time.perf_counter()
    text = ["| load | " + " | ".join(f"{n} spins" for n in sizes) + " | published, 3,000 |"]
    text.append("|" + "---|" * (len(sizes) + 2))
    for load in LOADS:
        cells = [overlaps(n, load, "hebb", seed) for n in sizes]
        shown = " | ".join(f"{c.mean:.3f} +- {c.error:.3f}" for c in cells)
        text.append(f"| {load:g} | {shown} | {PUBLISHED.get(load, '')} |")
        print(text[-1], flush=True)
    text += [
        "",
        "Other rules, 500 spins.",
        "",
        "| load | storkey | pseudo-inverse |",
        "|---|---|---|",
    ]
    for load in (0.15, 0.25, 0.45):
        cells = [overlaps(500, load, rule, seed) for rule in ("storkey", "pseudo-inverse")]
        text.append(f"| {load:g} | " + " | ".join(f"{c.mean:.3f}" for c in cells) + " |")
    text += ["", f"Most patterns, up to {MOST:,}, of which 95 % are minima by single flips.", ""]
    text += ["| spins | cubic | exponential | 2^(n/2) |", "|---|---|---|---|"]
    for n in (16, 20, 24, 28):
        counts = 2 ** np.arange(3, int(np.log2(MOST)) + 1)
        most = [
            max([int(c) for c in counts if stable(n, int(c), power) >= 0.95], default=0)
            for power in (3, 0)
        ]
        text.append(f"| {n} | {most[0]:,} | {most[1]:,} | {2 ** (n // 2):,} |")
        print(text[-1], flush=True)
    picture()
    minutes = (time.perf_counter() - start) / 60
    head = [
        "# Associative memories",
        "",
        f"`python -m studies.hopfield`, {minutes:.0f} minutes.",
        "",
    ]
    head += [f"Mean overlap of {TESTED} patterns with what is recalled from them, Hebb's rule.", ""]
    tail = ["", f"![recall of digits from their upper half]({PICTURE.name})", ""]
    TABLE.write_text("\n".join([*head, *text, *tail]), encoding="utf-8")


if __name__ == "__main__":
    tyro.cli(main)
