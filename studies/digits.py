"""Handwritten digits: test log-likelihood in nats per image over five splits, by recipe.

    python studies/digits.py

The 1,797 digits of scikit-learn, 8x8, 17 levels, split 1257 / 180 / 360 at random; each recipe with
its defaults, trained on the first part, stopped early on the second, tested once on the third.
"""

import argparse
import logging
import math
import tempfile
import time
from pathlib import Path

import numpy as np

from energeia.evaluation.budget import EvaluationBudget
from energeia.runs.comparison import compare
from energeia.runs.storage.config import DataConfig

REQUIRED = {"vae": 83.0, "spline-flow": 88.0, "made": 91.0}
AIM = {"vae": 81.0, "spline-flow": 83.0, "made": 88.0}
PROTOTYPE = {"vae": 81.8, "spline-flow": 83.1, "made": 89.6}


def split(seed, recipes, folder):
    """Nats per image of each recipe on one split, with the seconds it trained."""
    data = DataConfig(spec="digits", seed=seed, fractions=(0.7, 0.1, 0.2))
    budget = EvaluationBudget(rows=360, permutations=20, weights=360_000)
    found = compare(data, recipes=recipes, out=folder, seed=seed, budget=budget, quiet=True)
    return {row.recipe: (-row.log_likelihood.value, row) for row in found.rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--recipes", nargs="*", default=["vae", "spline-flow", "made"])
    parser.add_argument("--output", default=str(Path(__file__).with_suffix(".md")))
    given = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    scores = {name: [] for name in given.recipes}
    kinds, seconds = {}, {name: [] for name in given.recipes}
    for seed in range(given.first, given.first + given.splits):
        with tempfile.TemporaryDirectory() as folder:
            began = time.time()
            for name, (nats, row) in split(seed, given.recipes, Path(folder) / "runs").items():
                scores[name].append(nats)
                kinds[name] = row.log_likelihood.kind
                seconds[name].append(row.seconds + row.compile_seconds)
            latest = {name: round(values[-1], 2) for name, values in scores.items()}
            print(f"split {seed}: {latest}  {time.time() - began:.0f} s", flush=True)
    lines = [
        "# Digits, nats per image on held-out rows", "",
        f"{given.splits} random splits 1257 / 180 / 360, default options; seconds of training with "
        "compilation, two cores.", "",
        "| recipe | mean | error of the mean | splits | kind of log-likelihood | required | aim "
        "| prototype | seconds |",
        "|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for name, values in scores.items():
        error = np.std(values, ddof=1) / math.sqrt(len(values)) if len(values) > 1 else math.nan
        each = ", ".join(f"{v:.2f}" for v in values)
        limits = " | ".join(str(table.get(name, "")) for table in (REQUIRED, AIM, PROTOTYPE))
        lines.append(
            f"| {name} | {np.mean(values):.2f} | {error:.2f} | {each} | {kinds[name]} | {limits} "
            f"| {np.median(seconds[name]):.0f} |"
        )
    text = "\n".join(lines) + "\n"
    print(text)
    Path(given.output).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
