"""Ring and grid by the PacGAN protocol: modes, quality, balance, widths, calibration, all seeds.

    python -m studies.ring_grid --recipe max-entropy --data ring --seeds 0 1 2
    python -m studies.ring_grid --recipe wgan-gp:training.rounds=4000,training.batch=256 --data grid
    python -m studies.ring_grid --table

The first trains one recipe on 2,500 rows for each seed and adds a line a seed to
``studies/ring_grid.jsonl``; the second writes ``studies/ring_grid.md`` from all lines. Modes,
quality and KL are of 2,500 samples, as the protocol has them; widths are of 20,000. Samples of the
generator and of its chains have separate rows. Seconds are those of training with its compilation,
which a cache spares all seeds but the first where ``JAX_COMPILATION_CACHE_DIR`` names one.
"""

import json
import time
from pathlib import Path
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import tyro

from energeia._core.batching import map_rows
from energeia.contracts import Batch, Density
from energeia.data.named.modes import MODES, Modes
from energeia.evaluation.modes import calibration, mode_report, points_inside
from energeia.evaluation.samples import draw
from energeia.mcmc.adapt import tune
from energeia.mcmc.chain import diagnose, run_chains
from energeia.mcmc.jumping import JumpingMala
from energeia.mcmc.mala import Mala
from energeia.models.landscape import Landscape
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.catalogue import find
from energeia.recipes.options.problem import Problem
from energeia.runs.storage.config import build_options
from energeia.support import Real, Support
from energeia.training.loop import train
from energeia.training.state import Game
from studies.words import settings

HERE = Path(__file__)
LINES, TABLE = HERE.with_suffix(".jsonl"), HERE.with_suffix(".md")
ROWS, JUDGED, MEASURED = 2500, 2500, 20_000


def fit(recipe: str, x: np.ndarray, seed: int) -> tuple[Any, float]:
    """The trained model and the seconds it took, compilation included."""
    name, _, words = recipe.partition(":")
    known = find(name)
    build, options = known.load(), build_options(known.options, settings(words))
    training = msgspec.structs.asdict(options)["training"]
    problem = Problem(support=Support(((Real(), 2),)), layout=(2,), rows=len(x))
    rows = Batch(jnp.asarray(x, dtype=float), None)
    reference = ReferenceRows(rows.x, None)
    clock = time.perf_counter()
    abstract = build(options, problem, reference, jax.random.key(seed))
    make = eqx.filter_jit(lambda r, k: build(options, problem, r, k).modules)
    modules = make(reference, jax.random.key(seed))
    game = Game(abstract.objective, abstract.players)
    trained = train(game, modules, rows, None, training, jax.random.key(seed + 1))
    return abstract.model(trained.modules), time.perf_counter() - clock


def quality(x: np.ndarray, truth: Modes) -> dict[str, Any]:
    few = mode_report(x[:JUDGED], truth.centers, truth.width)
    many = mode_report(x[:MEASURED], truth.centers, truth.width)
    return {
        "modes": few.modes,
        "high_quality": few.high_quality.value,
        "kl": few.kl.value,
        "width": many.pooled_width,
        "widths": [float(np.nanmin(many.widths)), float(np.nanmax(many.widths))],
        "high_quality_many": many.high_quality.value,
        "kl_many": many.kl.value,
    }


def calibrated(landscape: Landscape, truth: Modes) -> dict[str, Any]:
    """On points of p within 4 deviations, and uniform on discs of 4 deviations."""
    rng = np.random.default_rng(12345)
    inside = points_inside(rng, truth.centers, truth.width, MEASURED)
    radius = 4 * np.sqrt(rng.uniform(size=MEASURED))
    angle = rng.uniform(0, 2 * np.pi, MEASURED)
    disc = radius[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=1)
    disc = truth.centers[rng.integers(len(truth.centers), size=MEASURED)] + truth.width * disc
    found = {}
    for name, x in (("", inside), ("_disc", disc)):
        energies = map_rows(energies_of, np.asarray(x, np.float32), carry=landscape)
        line = calibration(energies, truth.log_prob(x))
        found |= {f"slope{name}": line.slope, f"r_squared{name}": line.r_squared}
    return found


def energies_of(landscape: Landscape, x: jax.Array) -> jax.Array:
    return jax.vmap(lambda row: landscape.energy.energy(landscape.units.encode(row)[0]))(x)


def chains_of(landscape: Landscape, seed: int) -> tuple[np.ndarray, dict[str, Any]]:
    """Jumps of the generator and short MALA; its final states and diagnostics."""
    generator = landscape.generator
    assert isinstance(generator, Density)
    start_key, tune_key, run_key = jax.random.split(jax.random.key(seed), 3)
    starts = jax.vmap(generator.sample)(jax.random.split(start_key, 2000))
    kernel = JumpingMala(Mala(1e-3), generator)
    kernel, _ = tune(tune_key, kernel, landscape.energy, starts, 100)
    found = run_chains(run_key, kernel, landscape.energy, starts, 10, 5, 50)
    metrics = diagnose(found)
    x = np.asarray(jax.vmap(jax.vmap(landscape.to_user))(found.positions))
    diagnostics = {"acceptance": metrics.acceptance, "r_hat": metrics.r_hat, "ess": metrics.ess}
    # Draws of one time are one a chain, so the first 2,000 rows are independent.
    return np.swapaxes(x, 0, 1).reshape(-1, 2), diagnostics


def study(recipe: str, data: str, seed: int) -> dict[str, Any]:
    truth = MODES[data]
    model, seconds = fit(recipe, truth.density.sample(seed + 1000, ROWS), seed)
    row: dict[str, Any] = {"recipe": recipe, "data": data, "seed": seed, "seconds": seconds}
    row["raw"] = quality(draw(model, jax.random.key(seed + 7), MEASURED).x, truth)
    landscape = model.landscape()
    row["energy"] = calibrated(landscape, truth)
    if isinstance(landscape.generator, Density):
        clock = time.perf_counter()
        x, diagnostics = chains_of(landscape, seed + 9)
        row["chains"] = quality(x, truth) | diagnostics | {"seconds": time.perf_counter() - clock}
    return row


def main(
    recipe: str = "max-entropy",
    data: Literal["ring", "grid"] = "ring",
    seeds: tuple[int, ...] = (0,),
    table: bool = False,
) -> None:
    """Train one recipe for each seed, or write the table."""
    if table:
        TABLE.write_text(render([json.loads(line) for line in LINES.read_text().splitlines()]))
        return
    for seed in seeds:
        row = study(recipe, data, seed)
        with LINES.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)


def render(rows: list[dict[str, Any]]) -> str:
    lines = [
        "# Ring and grid",
        "",
        "`python -m studies.ring_grid --recipe R --data D --seeds ...`, then `--table`. The PacGAN "
        "protocol: 2,500 training rows, modes, quality (within 3 deviations; perfect is 98.89%) "
        "and KL to uniform of 2,500 samples (a perfect sampler of uniform modes scores .0014 on "
        "the ring and .0050 on the grid, and the training rows themselves are as uneven again); "
        "widths relative to the true one, pooled and the extremes of single modes, of 20,000 "
        "samples. Defaults of each recipe but for the options named. Slope and R^2 are of the line "
        "of E over -log p on points of p within 4 deviations. Each cell: median [least to "
        "largest] over seeds. Seconds are of one thread on a machine shared with other work, the "
        "compilation cache warm from "
        "the second seed on.",
        "",
    ]
    for data in MODES:
        lines += [f"## {data}", "", *_summary(rows, data), ""]
    lines += ["## Every seed", "", *_seeds(rows)]
    return "\n".join(lines) + "\n"


Row = dict[str, Any]
COLUMNS: dict[str, Any] = {
    "modes": lambda part: part["modes"],
    "high quality, %": lambda part: 100 * part["high_quality"],
    "KL": lambda part: part["kl"],
    "width": lambda part: part["width"],
    "narrowest mode": lambda part: part["widths"][0],
    "widest mode": lambda part: part["widths"][1],
    "high quality of 20,000, %": lambda part: 100 * part["high_quality_many"],
    "KL of 20,000": lambda part: part["kl_many"],
}


def _summary(rows: list[Row], data: str) -> list[str]:
    here = [row for row in rows if row["data"] == data]
    recipes = list(dict.fromkeys(row["recipe"] for row in here))
    head = ["samples", "seeds", *COLUMNS, "slope", "R^2", "seconds"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for recipe in recipes:
        own = [row for row in here if row["recipe"] == recipe]
        for part, title in (("raw", "raw"), ("chains", "after chains")):
            found = [row[part] for row in own if part in row]
            if not found:
                continue
            cells = [f"{recipe}, {title}", str(len(found))]
            cells += [_spread([get(each) for each in found]) for get in COLUMNS.values()]
            energy = [row["energy"] for row in own] if part == "raw" else []
            cells += [_spread([e[name] for e in energy]) for name in ("slope", "r_squared")]
            seconds = row_seconds(own, part)
            lines.append("| " + " | ".join([*cells, _spread(seconds)]) + " |")
    return lines


def row_seconds(rows: list[Row], part: str) -> list[float]:
    return [row["seconds"] if part == "raw" else row[part]["seconds"] for row in rows]


def _spread(values: list[float]) -> str:
    if not values:
        return ""
    low, middle, high = np.min(values), np.median(values), np.max(values)
    return f"{middle:.4g} [{low:.4g} to {high:.4g}]" if low < high else f"{middle:.4g}"


def _seeds(rows: list[Row]) -> list[str]:
    names = ["HQ %", "KL", "width"]
    head = ["data", "recipe", "seed", *(f"raw {n}" for n in names)]
    head += [*(f"chains {n}" for n in names), "slope", "R^2", "slope on discs", "R^2 on discs"]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for row in sorted(rows, key=lambda r: (r["data"], r["recipe"], r["seed"])):
        cells = [row["data"], row["recipe"], str(row["seed"])]
        for part in ("raw", "chains"):
            got = row.get(part)
            three = [100 * got["high_quality"], got["kl"], got["width"]] if got else []
            cells += [f"{v:.4g}" for v in three] or ["", "", ""]
        names = ("slope", "r_squared", "slope_disc", "r_squared_disc")
        cells += [f"{row['energy'][name]:.4g}" for name in names]
        lines.append("| " + " | ".join(cells) + " |")
    return lines


if __name__ == "__main__":
    tyro.cli(main)
