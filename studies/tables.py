"""What a stranger's table gets: every exact recipe by default, beside simple densities.

    python -m studies.tables            # every table, five splits; finished ones are kept
    python -m studies.tables --splits 1 --only wine,mixed

Tables of scikit-learn and statsmodels, and generated ones with known densities
(``studies.known_tables``). Of each split 60 % of the rows train, 10 % validate, 30 % test. Supports
are those that energeia finds; no option is given. One to five minutes for each table and split on
one core, most of it compilation, of which a cache (``JAX_COMPILATION_CACHE_DIR``) saves half from
the second split on. Results are kept in ``studies/tables.jsonl``, so tables may run side by side;
``studies/tables.md`` is made of them. Needs ``pip install statsmodels``.
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
from sklearn import datasets

from energeia.data.arrays import as_table
from energeia.errors import EnergeiaError
from energeia.recipes.catalogue import find
from energeia.runs.leaderboard import quickest_of_best
from energeia.runs.loading import load
from energeia.runs.opening import open_rows
from energeia.runs.runner import run_session
from energeia.runs.sessions import new_session
from energeia.runs.stacking import stack
from energeia.runs.storage.config import DataConfig, RunConfig
from energeia.runs.storage.directory import RunDirectory
from studies.baselines import fitted
from studies.known_tables import KNOWN

RECIPES = ("gaussian", "mixture", "made", "spline-flow", "realnvp")
BASELINES = ("normal", "normals", "kernels", "marginals")
FRACTIONS = (0.6, 0.1, 0.3)
MOST_ROWS = 8000
OUT = Path(__file__).with_suffix(".jsonl")

_SKLEARN = ("iris", "wine", "diabetes", "breast_cancer")
_STATSMODELS = {
    "engel": (), "fair": (), "randhie": (), "macrodata": ("year", "quarter"),
    "anes96": (), "modechoice": ("individual",), "cancer": (), "star98": (), "ccard": (),
}  # fmt: skip


def real_table(name: str) -> pd.DataFrame:
    """A table of scikit-learn or of statsmodels; of star98 the first ten columns."""
    if name in _SKLEARN:
        return getattr(datasets, f"load_{name}")(as_frame=True).data
    import statsmodels.api as sm

    table = getattr(sm.datasets, name).load_pandas().data
    table = table.drop(columns=list(_STATSMODELS[name])).select_dtypes("number").dropna()
    return table.iloc[:, :10]


def table_of(name: str, split: int) -> pd.DataFrame:
    """The rows of one split; generated tables are drawn anew for each."""
    if name not in KNOWN:
        table = real_table(name)
        return table.sample(min(len(table), MOST_ROWS), random_state=split)
    known = KNOWN[name]()
    x = known.draw(np.random.default_rng([split, 15]), round(known.rows / 0.6))
    return pd.DataFrame(x, columns=list(known.names))


def scores(name: str, split: int, folder: Path) -> dict[str, Any]:
    """Everything that is kept of one table and split."""
    start = time.perf_counter()
    config = DataConfig(spec="kept:data.npy", fractions=FRACTIONS, seed=split)
    kept = as_table(table_of(name, split))
    rows = open_rows(config, kept)
    test, seconds, logs, validation = np.asarray(rows.test.x), {}, {}, {}
    directories = []
    for recipe in RECIPES:
        reason = trained(recipe, rows, config, kept, folder / recipe, split)
        if reason:
            continue
        directory = RunDirectory(folder / recipe)
        directories.append(directory)
        seconds[recipe] = directory.status.seconds
        validation[recipe] = -float(directory.status.held_out or np.nan)
        logs[recipe] = load(directory.path).log_prob(test)
    made = stack(folder / "stack", directories[1:], rows)
    if made is not None:
        validation["stack"] = -float(made.status.held_out or np.nan)
        logs["stack"], seconds["stack"] = load(made.path).log_prob(test), sum(seconds.values())
    simple = fitted(rows.problem.support, np.asarray(rows.train.x), np.asarray(rows.valid.x), split)
    logs |= {key: score(test) for key, score in simple.items()}
    if name in KNOWN:
        logs["truth"] = KNOWN[name]().log_prob(test)
    chosen = quickest_of_best(validation, seconds, len(rows.valid.x))
    return {
        "table": name, "split": split, "rows": len(rows.train.x), "columns": test.shape[1],
        "recommended": chosen, "validation": validation, "seconds": seconds,
        "test": {key: float(np.mean(value)) for key, value in logs.items()},
        "errors": {key: _errors(value, logs) for key, value in logs.items()},
        "wall": time.perf_counter() - start,
    }  # fmt: skip


def _errors(value: np.ndarray, logs: dict[str, np.ndarray]) -> dict[str, float]:
    """The error of the mean difference to every other model, over the same rows."""
    with np.errstate(invalid="ignore"):
        return {k: float(np.std(value - v) / len(v) ** 0.5) for k, v in logs.items()}


def trained(recipe: str, rows: Any, config: DataConfig, kept: Any, path: Path, seed: int) -> str:
    """Train by default; why a recipe does not fit, or an empty text."""
    options = find(recipe).options()
    try:
        session = new_session(
            path, RunConfig(recipe=recipe, data=config, options=options, seed=seed), rows, kept,
            quiet=True,
        )  # fmt: skip
        run_session(session)
    except EnergeiaError as problem:
        return str(problem)
    return ""


def page(lines: list[dict[str, Any]]) -> str:
    """What the study says: means over splits, and how often what is required was missed."""
    text = [f"# Tables\n\n`python -m studies.tables`; {len(lines)} tables and splits, "
            f"{sum(line['wall'] for line in lines) / 60:.0f} minutes in all. Mean log-likelihood "
            "of test rows in nats, supports as found, no option given. `recommended` is the model "
            "that `compare` would recommend, from validation rows alone.\n"]  # fmt: skip
    models = ("truth", "recommended", "stack", *RECIPES, *BASELINES)
    text.append("| table | rows | columns | splits | " + " | ".join(models) + " |")
    text.append("|" + "---|" * (4 + len(models)))
    for name in dict.fromkeys(line["table"] for line in lines):
        own = [line for line in lines if line["table"] == name]
        cells = [_cell([_score(line, model) for line in own]) for model in models]
        size = f"{own[0]['rows']} | {own[0]['columns']} | {len(own)}"
        text.append(f"| {name} | {size} | " + " | ".join(cells) + " |")
    return "\n".join([*text, "", *_verdicts(lines), ""])


def _score(line: dict[str, Any], model: str) -> float | None:
    return line["test"].get(line["recommended"] if model == "recommended" else model)


def _cell(values: list[float | None]) -> str:
    found = [value for value in values if value is not None]
    return f"{np.mean(found):.2f}" if found else ""


def _verdicts(lines: list[dict[str, Any]]) -> list[str]:
    behind, gains, broken = [], [], []
    for line in lines:
        test, chosen = line["test"], line["recommended"]
        where = f"{line['table']} {line['split']}"
        best = max(BASELINES, key=lambda name: test[name])
        gap, error = test[best] - test[chosen], line["errors"][chosen][best]
        if gap > 2 * error:
            behind.append(f"{where} ({chosen} {gap:.2f} behind {best}, error {error:.2f})")
        gains.append(test[chosen] - test["normals"])
        for name in (*RECIPES[1:], "stack"):
            if name in test:
                loss, error = test["normal"] - test[name], line["errors"][name]["normal"]
                if loss > 0.1 + 2 * error:
                    broken.append(f"{where} {name} ({loss:.2f}, error {error:.2f})")
    return [
        f"- Recommended model behind the best baseline by more than two paired errors: "
        f"{len(behind)} of {len(lines)}. {'; '.join(behind)}",
        f"- Recommended model above the validated mixture of scikit-learn, median: "
        f"{np.median(gains):.3f} nats.",
        f"- Exact recipes below the shrunk normal distribution by more than .1 nats plus two "
        f"paired errors: {len(broken)}. {'; '.join(broken)}",
    ]


def main(splits: int = 5, only: str = "") -> None:
    """Run what is missing, then write the page."""
    names = only.split(",") if only else [*_SKLEARN, *_STATSMODELS, *KNOWN]
    lines = [json.loads(line) for line in OUT.read_text().splitlines()] if OUT.exists() else []
    done = {(line["table"], line["split"]) for line in lines}
    for split in range(splits):
        for name in names:
            if (name, split) in done:
                continue
            with tempfile.TemporaryDirectory() as folder:
                line = scores(name, split, Path(folder))
            with OUT.open("a") as stream:
                stream.write(json.dumps(line) + "\n")
            tests = " ".join(f"{k} {v:.2f}" for k, v in line["test"].items())
            print(
                f"{name} {split}: {line['recommended']}; {tests}; {line['wall']:.0f} s", flush=True
            )
            # The programs of a hundred parts are more than one process may map into its memory.
            jax.clear_caches()
    if OUT.exists():
        lines = [json.loads(line) for line in OUT.read_text().splitlines()]
        OUT.with_suffix(".md").write_text(page(sorted(lines, key=lambda line: line["split"])))


if __name__ == "__main__":
    tyro.cli(main)
