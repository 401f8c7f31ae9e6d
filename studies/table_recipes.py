"""Further recipes on the tables of ``studies.tables``: one split, by default.

    python -m studies.table_recipes
    python -m studies.table_recipes --only wine,mixed --recipes maf

The rows of split 0 and the same rule: no exact recipe below the shrunk normal distribution by more
than .1 nats plus two paired errors. Results are kept in ``table_recipes.jsonl``, a line for each
recipe and table; about twenty seconds each on one core, most of it compilation.
"""

import json
import tempfile
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
import tyro

from energeia.data.arrays import as_table
from energeia.runs.loading import load
from energeia.runs.opening import open_rows
from energeia.runs.storage.config import DataConfig
from studies import tables
from studies.baselines import fitted

OUT = Path(__file__).with_suffix(".jsonl")
RECIPES = ("maf", "nsf-ar", "any-order", "nice")
ALLOWED, ERRORS = 0.1, 2.0
Line = dict[str, Any]


def measured(recipe: str, name: str) -> Line:
    """Mean log-likelihood of test rows, and its paired difference to the shrunk normal density."""
    start = time.perf_counter()
    config = DataConfig(spec="kept:data.npy", fractions=tables.FRACTIONS, seed=0)
    kept = as_table(tables.table_of(name, 0))
    rows = open_rows(config, kept)
    line: Line = {"recipe": recipe, "table": name, "columns": rows.test.x.shape[1]}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / recipe
        refused = tables.trained(recipe, rows, config, kept, path, 0)
        if refused:
            return line | {"refused": refused, "wall": time.perf_counter() - start}
        test = np.asarray(rows.test.x)
        log_q = load(path).log_prob(test)
    parts = (np.asarray(part.x) for part in (rows.train, rows.valid))
    simple = fitted(rows.problem.support, *parts, 0)["normal"](test)
    return line | {
        "test": float(np.mean(log_q)), "normal": float(np.mean(simple)),
        "error": float(np.std(log_q - simple) / len(test) ** 0.5),
        "wall": time.perf_counter() - start,
    }  # fmt: skip


def page(lines: list[Line], known: list[Line]) -> str:
    """A row for each table, beside what ``studies.tables`` found on the same rows."""
    beside = ("recommended", "made", "spline-flow", "normals", "normal")
    recipes = tuple(dict.fromkeys(line["recipe"] for line in lines))
    text = [
        f"# Further recipes on tables\n\n`python -m studies.table_recipes`, "
        f"{sum(line['wall'] for line in lines) / 60:.0f} minutes on one core: mean log-likelihood "
        "of test rows in nats by default, split 0 of [the tables](tables.md), whose numbers stand "
        "on the right.\n",
        "| table | columns | " + " | ".join([*recipes, *beside]) + " |",
        "|" + "---|" * (2 + len(recipes) + len(beside)),
    ]
    found = {(line["table"], line["recipe"]): line for line in lines}
    for name in dict.fromkeys(line["table"] for line in lines):
        first = next(line for line in known if line["table"] == name and line["split"] == 0)
        own = [found.get((name, recipe), {}).get("test") for recipe in recipes]
        cells = ["" if value is None else f"{value:.2f}" for value in own]
        scores = first["test"] | {"recommended": first["test"][first["recommended"]]}
        cells += [f"{scores[key]:.2f}" if key in scores else "" for key in beside]
        text.append(f"| {name} | {first['columns']} | " + " | ".join(cells) + " |")
    below = [line for line in lines if "test" in line and _lost(line) > 0]
    named = [f"{line['recipe']} on {line['table']} ({_lost(line):.2f} more)" for line in below]
    refused = sorted({f"{n['recipe']} on {n['table']}" for n in lines if "refused" in n})
    text.append(
        f"\nBelow the shrunk normal density by more than {ALLOWED} nats plus {ERRORS:g} paired "
        f"errors: {len(below)} of {len(lines) - len(refused)}. {'; '.join(named)}"
    )
    text.append(f"\nRefused, for columns that a recipe does not know: {', '.join(refused) or 0}.")
    return "\n".join(text) + "\n"


def _lost(line: Line) -> float:
    """How much further below the normal density than what is allowed."""
    return line["normal"] - line["test"] - ALLOWED - ERRORS * line["error"]


def main(only: str = "", recipes: str = "") -> None:
    """Run what is missing, then write the page."""
    lines = [json.loads(line) for line in OUT.read_text().splitlines()] if OUT.exists() else []
    known = [json.loads(line) for line in tables.OUT.read_text().splitlines()]
    done = {(line["recipe"], line["table"]) for line in lines}
    names = only.split(",") if only else sorted({line["table"] for line in known})
    for recipe in recipes.split(",") if recipes else RECIPES:
        for name in names:
            if (recipe, name) in done:
                continue
            lines.append(measured(recipe, name))
            with OUT.open("a") as stream:
                stream.write(json.dumps(lines[-1]) + "\n")
            print(lines[-1], flush=True)
            jax.clear_caches()
    OUT.with_suffix(".md").write_text(page(lines, known), encoding="utf-8")


if __name__ == "__main__":
    tyro.cli(main)
