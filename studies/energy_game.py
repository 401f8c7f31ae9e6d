"""Pictures of the maximum-entropy game, and what chains do to its samples.

    python -m studies.energy_game

trains the default game on 20,000 rows of ``8gaussians``, whose modes are wide enough for chains to
move between them. ``docs/images/energy-carved.png`` shows the energy at four stages of the
training; ``docs/images/energy-chains.png`` and ``studies/energy_game.md`` compare the generator, a
truncated one, chains in the latent space and chains in data space.
"""

from pathlib import Path
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import tyro
from matplotlib.figure import Figure

from energeia._core.batching import map_rows
from energeia.contracts import Batch
from energeia.data.named.toy import toy
from energeia.evaluation.modes import mode_report
from energeia.evaluation.samples import draw
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.max_entropy import build
from energeia.recipes.options.max_entropy import MaxEntropyOptions
from energeia.recipes.options.problem import Problem
from energeia.report.style import DENSITY, MODELS, MUTED, rc
from energeia.runs.chain_sampling import ChainSettings, chain_samples
from energeia.runs.latent import with_truncated_prior
from energeia.support import Real, Support
from energeia.training.loop import trained_modules, training_chunks
from energeia.training.state import Game

IMAGES = Path(__file__).parents[1] / "docs" / "images"
TABLE = Path(__file__).with_suffix(".md")
STAGES = (250, 500, 1000, 2500)
ANGLES = np.arange(8) * np.pi / 4
CENTERS = 4 / 1.414 * np.stack([np.cos(ANGLES), np.sin(ANGLES)], axis=1)
WIDTH, SAMPLES, EDGE = 0.5 / 1.414, 5000, 4.6


class Shown(NamedTuple):
    title: str
    x: np.ndarray
    note: str = ""


def stages(seed: int) -> list[tuple[int, Any]]:
    """The model at a few rounds of its training."""
    x = toy("8gaussians").sample(seed, 20_000)
    options = MaxEntropyOptions()
    training = msgspec.structs.replace(options.training, rounds=STAGES[-1], check_every=250)
    options = msgspec.structs.replace(options, training=training)
    problem = Problem(support=Support(((Real(), 2),)), layout=(2,), rows=len(x))
    rows = Batch(jnp.asarray(x, dtype=float), None)
    reference = ReferenceRows(rows.x[:4096], None)
    made = build(options, problem, reference, jax.random.key(seed))
    game, seen = Game(made.objective, made.players), []
    for progress in training_chunks(
        game, made.modules, rows, None, training, jax.random.key(seed + 1)
    ):
        if progress.round in STAGES:
            modules = trained_modules(made.modules, progress.state, progress.best_so_far)
            # These arrays are donated to the next chunk.
            kept = jax.tree.map(
                lambda leaf: jnp.copy(leaf) if eqx.is_array(leaf) else leaf, modules
            )
            seen.append((progress.round, made.model(kept)))
    return seen


def energy_pictures(seen: list[tuple[int, Any]], path: Path) -> None:
    """The energy at each stage, data in gray and generated rows in orange."""
    u = np.linspace(-EDGE, EDGE, 200)
    points = np.stack(np.meshgrid(u, u), axis=-1).reshape(-1, 2).astype(np.float32)
    data = toy("8gaussians").sample(99, 400)
    with rc():
        figure = Figure(figsize=(10.6, 3.0), layout="constrained")
        for axes, (moment, model) in zip(figure.subplots(1, len(seen)), seen, strict=True):
            heights = map_rows(lambda m, x: jax.vmap(m.energy)(x), points, carry=model)
            heights = (heights - heights.min()).reshape(200, 200)
            axes.imshow(
                np.clip(heights, 0, 15), origin="lower", extent=(-EDGE, EDGE) * 2,
                cmap=DENSITY.reversed(), vmin=0, vmax=15,
            )  # fmt: skip
            for rows, color in ((data, MUTED), (drawn(model, 400), MODELS[1])):
                axes.plot(*rows.T, ".", color=color, ms=2, alpha=0.8)
            axes.set(title=f"round {moment}", xticks=[], yticks=[])
            axes.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE))
        figure.savefig(path, dpi=100)


def drawn(model: Any, count: int) -> np.ndarray:
    return draw(model, jax.random.key(5), count).x


def sampling_methods(model: Any, exact: np.ndarray) -> list[Shown]:
    """Samples of the same model by several methods."""
    shown = [Shown("truth", exact), Shown("generator", drawn(model, SAMPLES))]
    cut = with_truncated_prior(model, "max-entropy", 1.0, 1.0)
    shown.append(Shown("truncated at 1 deviation", drawn(cut, SAMPLES)))
    for latent in ("pullback", "plain", ""):
        settings = ChainSettings(latent=latent, steps=200)
        found = chain_samples(model, "max-entropy", SAMPLES, settings, jax.random.key(7))
        where = f"latent chains, {latent}" if latent else "chains in the data"
        metrics = found.chains
        note = (
            f"acceptance {metrics.acceptance:.2f}, R-hat {metrics.r_hat:.3f}, ESS {metrics.ess:.0f}"
        )
        shown.append(Shown(where, found.x, note))
    return shown


def pictured(shown: list[Shown], path: Path) -> None:
    with rc():
        figure = Figure(figsize=(10.6, 7.2), layout="constrained")
        for axes, each in zip(figure.subplots(2, 3).ravel(), shown, strict=True):
            axes.plot(*each.x[:3000].T, ".", color=MODELS[0], ms=1.2, alpha=0.5)
            axes.set_title(each.title, loc="left")
            axes.set(xlim=(-EDGE, EDGE), ylim=(-EDGE, EDGE), xticks=[], yticks=[], aspect="equal")
        figure.savefig(path, dpi=100)


def table(shown: list[Shown]) -> str:
    lines = [
        "# The maximum-entropy game on 8gaussians, sampled by several methods",
        "",
        f"`python -m studies.energy_game`: {SAMPLES} samples each, 20,000 training rows, "
        f"{STAGES[-1]} rounds. Quality: within 3 deviations of a center (perfect: 98.89%).",
        "",
        "| samples | modes | high quality | KL to uniform | pooled width | chains |",
        "|---|---|---|---|---|---|",
    ]
    for each in shown:
        found = mode_report(each.x, CENTERS, WIDTH)
        lines.append(
            f"| {each.title} | {found.modes} | {100 * (found.high_quality.value or 0):.2f}% | "
            f"{found.kl.value:.4f} | {found.pooled_width:.3f} | {each.note} |"
        )
    return "\n".join(lines) + "\n"


def main(seed: int = 0) -> None:
    """Train once, draw both pictures, write the table."""
    seen = stages(seed)
    energy_pictures(seen, IMAGES / "energy-carved.png")
    shown = sampling_methods(seen[-1][1], toy("8gaussians").sample(seed + 50, SAMPLES))
    pictured(shown, IMAGES / "energy-chains.png")
    TABLE.write_text(table(shown))


if __name__ == "__main__":
    tyro.cli(main)
