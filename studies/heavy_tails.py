"""What a table with heavy tails gets by default, beside its exact density.

    python -m studies.heavy_tails            # every law, 1 to 10 columns; finished ones are kept
    python -m studies.heavy_tails --only student1.5:5 --recipes mixture,made

10,000 rows of each law (``studies.heavy_laws``), split as ``compare`` does, supports as they are
found, no option given. KL(truth || model) is the mean difference of log-densities over 50,000 fresh
rows. The last column is a control, independent normal columns in the units of the table, which must
miss. About two minutes a table on two free cores, so more than an hour in all.
"""

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
import pandas as pd
import tyro

from energeia.data.arrays import as_table
from energeia.errors import EnergeiaError
from energeia.recipes.catalogue import find
from energeia.runs.leaderboard import quickest_of_best
from energeia.runs.loading import load
from energeia.runs.opening import Rows, open_rows
from energeia.runs.runner import run_session
from energeia.runs.sessions import new_session
from energeia.runs.stacking import stack
from energeia.runs.storage.config import DataConfig, RunConfig
from energeia.runs.storage.directory import RunDirectory
from studies.heavy_laws import APART, LAWS, law_of

RECIPES = ("gaussian", "mixture", "made", "spline-flow", "realnvp")
COLUMNS = (1, 5, 2, 10)
ROWS, FRESH, BAR = 10_000, 50_000, 0.03
OUT = Path(__file__).with_suffix(".jsonl")
TABLE = Path(__file__).with_suffix(".md")
MEMBERS = [f"{law}:{d}" for d in COLUMNS for law in LAWS] + [f"{law}:5" for law in APART]


def scores(member: str, seed: int, recipes: tuple[str, ...], folder: Path) -> dict[str, Any]:
    """KL of every recipe and of the recommended model, with their errors."""
    start = time.perf_counter()
    name, columns = member.split(":")
    law = law_of(name, int(columns))
    rng = np.random.default_rng([seed, 27])
    names = [f"c{i}" for i in range(int(columns))]
    kept = as_table(pd.DataFrame(law.draw(rng, ROWS), columns=names))
    config = DataConfig(spec="kept:data.npy", seed=seed)
    rows = open_rows(config, kept)
    fresh = law.draw(rng, FRESH)
    truth, kl, seconds, validation, done = law.log_prob(fresh), {}, {}, {}, []
    for recipe in recipes:
        directory = trained(recipe, rows, config, kept, folder / recipe, seed)
        if directory is None:
            continue
        done.append(directory)
        seconds[recipe] = directory.status.seconds
        validation[recipe] = -float(directory.status.held_out or np.nan)
        kl[recipe] = _divergence(directory.path, fresh, truth)
    made = stack(folder / "stack", done[1:], rows)
    if made is not None:
        validation["stack"] = -float(made.status.held_out or np.nan)
        kl["stack"], seconds["stack"] = _divergence(made.path, fresh, truth), sum(seconds.values())
    chosen = quickest_of_best(validation, seconds, len(rows.valid.x))
    return {
        "member": member, "seed": seed, "recommended": chosen, "kl": kl, "seconds": seconds,
        "validation": validation, "support": str(rows.problem.support),
        "control": _control(rows, fresh, truth), "wall": time.perf_counter() - start,
    }  # fmt: skip


def _divergence(path: Path, fresh: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """KL(truth || model) and its error, in nats."""
    return _mean(truth - load(path).log_prob(fresh))


def _mean(values: np.ndarray) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values) / len(values) ** 0.5)


def _control(rows: Rows, fresh: np.ndarray, truth: np.ndarray) -> tuple[float, float]:
    """KL of independent normal columns in the units of the table, which must miss."""
    x = np.asarray(rows.train.x, np.float64)
    z = (fresh - np.mean(x, axis=0)) / np.std(x, axis=0)
    logs = -0.5 * z**2 - np.log(np.std(x, axis=0)) - 0.5 * np.log(2 * np.pi)
    return _mean(truth - np.sum(logs, axis=1))


def trained(
    recipe: str, rows: Rows, config: DataConfig, kept: Any, path: Path, seed: int
) -> RunDirectory | None:
    """Train by default; None for a recipe that does not fit."""
    chosen = RunConfig(recipe=recipe, data=config, options=find(recipe).options(), seed=seed)
    try:
        run_session(new_session(path, chosen, rows, kept, quiet=True))
    except EnergeiaError:
        return None
    return RunDirectory(path)


def page(lines: list[dict[str, Any]]) -> str:
    """The table and what it misses."""
    models = (*RECIPES, "stack", "control")
    text = [
        "# Heavy tails\n",
        f"`python -m studies.heavy_tails`: {len(lines)} tables of {ROWS:,} rows, "
        f"{sum(line['wall'] for line in lines) / 60:.0f} minutes in all. KL(truth || model) in "
        f"nats over {FRESH:,} fresh rows, in brackets its error in units of the last digit. "
        "`recommended` is the model that `compare` would recommend, from validation rows alone; "
        "`control` are independent normal columns in the units of the table.\n",
        "| law | columns | recommended | KL | " + " | ".join(models) + " |",
        "|" + "---|" * (4 + len(models)),
    ]
    for line in lines:
        kl = line["kl"] | {"control": line["control"]}
        cells = " | ".join(_cell(kl.get(model)) for model in models)
        name, columns = line["member"].split(":")
        chosen = line["recommended"]
        text.append(f"| {name} | {columns} | {chosen} | {_cell(kl[chosen])} | {cells} |")
    missed = [line for line in lines if line["kl"][line["recommended"]][0] > BAR]
    found = ", ".join(line["member"] for line in missed)
    text.append(f"\nRecommended model above {BAR} nats: {len(missed)} of {len(lines)}. {found}")
    return "\n".join(text) + "\n"


def _cell(value: tuple[float, float] | None) -> str:
    if value is None:
        return ""
    mean, error = value
    if not np.isfinite(mean):
        return "infinite"
    return f"{mean:.4f}({max(1, round(error * 1e4))})" if mean < 10 else f"{mean:.0f}"


def main(seed: int = 0, only: str = "", recipes: str = "", out: Path = OUT) -> None:
    """Run what is missing, then write the page."""
    lines = [json.loads(line) for line in out.read_text().splitlines()] if out.exists() else []
    done = {(line["member"], line["seed"]) for line in lines}
    for member in only.split(",") if only else MEMBERS:
        if (member, seed) in done:
            continue
        with tempfile.TemporaryDirectory() as folder:
            chosen = tuple(recipes.split(",")) if recipes else RECIPES
            line = scores(member, seed, chosen, Path(folder))
        lines.append(line)
        with out.open("a") as stream:
            stream.write(json.dumps(line) + "\n")
        found = " ".join(f"{k} {v[0]:.4f}" for k, v in line["kl"].items())
        print(f"{member}: {line['recommended']}; {found}; {line['wall']:.0f} s", flush=True)
        # The programs of many members are more than one process may map into its memory.
        jax.clear_caches()
    if out == OUT:
        lines.sort(key=lambda line: MEMBERS.index(line["member"]))
        TABLE.write_text(page(lines))


if __name__ == "__main__":
    tyro.cli(main)
