"""What weights are worth: a tilt learned from them, and pairs of opposite sign that cancel.

    python -m studies.weights            # finished parts are kept

A tilt: rows of a mixture q of two normal distributions in the plane have the weights exp(a.x), so
they describe p, such a mixture, too. KL(p || model) is compared with that of an unweighted fit to
as many rows of p as the weighted ones are worth, (sum w)^2 / sum w^2. That number is exact for
quantities that do not depend on the weights. Where they do there is a limit that no fit can pass:
for the mean and the variance of a normal distribution of variance C the likeliest estimates have
1 + 1.5 s^2 + s^4 / 4 times that KL, s^2 = a.C a, which is 1.1 for the mild tilt and 1.5 for the
strong one.

Pairs: to rows of p come pairs close together, of weights +1 and -1, from a third distribution. In
20 bins of equal probability of each column, the share that the model gives (200,000 samples) is
compared with the true one; the error is that of the weighted rows, (sum of w^2 in the bin)^(1/2),
joined with that of the samples.

The controls are the same rows without their weights, of the first seed alone. Half a minute a fit
on two free cores, half an hour in all.
"""

import itertools
import json
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import tyro
from scipy import stats
from scipy.optimize import brentq

import energeia
from energeia.data import effective_number
from energeia.runs import DataConfig

RECIPES = ("mixture", "made", "spline-flow")
SEEDS, ROWS, FRESH, DRAWS, BINS = 3, 10_000, 50_000, 200_000, 20
TILTS = {"mild": np.array([0.3, -0.2]), "strong": np.array([0.6, -0.4])}
LIMIT, ERRORS = 1.2, 3.0
OUT = Path(__file__).with_suffix(".jsonl")
TABLE = Path(__file__).with_suffix(".md")


class Normals(NamedTuple):
    """A mixture of normal distributions in the plane."""

    shares: np.ndarray
    means: np.ndarray
    covariances: np.ndarray

    def draw(self, rng: np.random.Generator, n: int) -> np.ndarray:
        """Independent rows."""
        kind = rng.choice(len(self.shares), n, p=self.shares)
        factors = np.linalg.cholesky(self.covariances)[kind]
        return self.means[kind] + np.einsum("nij,nj->ni", factors, rng.normal(size=(n, 2)))

    def log_prob(self, x: np.ndarray) -> np.ndarray:
        """The log-density in nats."""
        parts = zip(self.shares, self.means, self.covariances, strict=True)
        logs = [np.log(s) + stats.multivariate_normal(m, c).logpdf(x) for s, m, c in parts]
        return np.logaddexp.reduce(logs, axis=0)

    def tilted(self, a: np.ndarray) -> "Normals":
        """p(x) exp(a.x), normalized: means move by C a, shares by exp(a.m + a.C a / 2).

        >>> wide = Normals(np.ones(1), np.zeros((1, 2)), np.eye(2)[None])
        >>> wide.tilted(np.array([0.5, 0.0])).means.tolist()
        [[0.5, 0.0]]
        """
        moved = self.covariances @ a
        shares = self.shares * np.exp(self.means @ a + 0.5 * moved @ a)
        return Normals(shares / shares.sum(), self.means + moved, self.covariances)

    def edges(self, column: int) -> np.ndarray:
        """Quantiles of one column that divide it in ``BINS``."""
        middle, width = self.means[:, column], np.sqrt(self.covariances[:, column, column])

        def below(x: float, share: float) -> float:
            return float(self.shares @ stats.norm.cdf(x, middle, width)) - share

        inner = [brentq(below, -50, 50, args=(i / BINS,)) for i in range(1, BINS)]
        return np.array([-np.inf, *inner, np.inf])


BASE = Normals(
    np.array([0.6, 0.4]), np.array([[-1.5, 0.0], [1.5, 1.0]]),
    np.array([[[0.8, 0.3], [0.3, 0.5]], [[0.5, -0.3], [-0.3, 0.6]]]),
)  # fmt: skip
"""q of the tilt, and p of the pairs."""
CANCELLED = Normals(np.ones(1), np.array([[0.5, -1.0]]), np.array([[[1.0, 0.0], [0.0, 0.5]]]))
"""Where the pairs are."""


def tilt(name: str, recipe: str, seed: int) -> dict[str, Any]:
    """KL of the weighted fit, of the unweighted one of equal worth, and of the control."""
    rng, truth = np.random.default_rng([seed, 4]), BASE.tilted(TILTS[name])
    x = BASE.draw(rng, ROWS)
    weight = np.exp(x @ TILTS[name])
    worth = round(effective_number(weight))
    fits = {"weighted": (x, weight), "equal": (truth.draw(rng, worth), None)}
    if seed == 0:
        fits["control"] = (x, None)
    fresh = truth.draw(rng, FRESH)
    kl = {}
    for kind, (rows, given) in fits.items():
        apart = truth.log_prob(fresh) - trained(recipe, rows, given, seed).log_prob(fresh)
        kl[kind] = (float(np.mean(apart)), float(np.std(apart) / FRESH**0.5))
    return {"worth": worth, "kl": kl}


def pairs(recipe: str, seed: int) -> dict[str, Any]:
    """How many errors each bin of the model is from the truth, with and without weights."""
    rng = np.random.default_rng([seed, 5])
    apart = CANCELLED.draw(rng, ROWS // 5)
    near = apart + 0.05 * rng.normal(size=apart.shape)
    x = np.concatenate([BASE.draw(rng, ROWS), apart, near])
    weight = np.concatenate([np.ones(ROWS + len(apart)), -np.ones(len(near))])
    order = rng.permutation(len(x))
    x, weight = x[order], weight[order]
    fits = {"weighted": weight} | ({"control": None} if seed == 0 else {})
    found = {
        name: trained(recipe, x, given, seed).sample(DRAWS, seed=seed)
        for name, given in fits.items()
    }
    errors = {name: _errors(np.asarray(draws), x, weight) for name, draws in found.items()}
    errors["rows"] = _errors(x, x, weight, weight)
    return {"errors": errors}


def _errors(
    draws: np.ndarray, x: np.ndarray, weight: np.ndarray, of_draws: np.ndarray | None = None
) -> list[float]:
    """(share in a bin - 1 / BINS) / error for each bin of both columns.

    The rows themselves, with their weights, have no sampling error beside.
    """
    found = []
    for column in range(2):
        edges, share = BASE.edges(column), 1.0 / BINS
        ours = np.histogram(draws[:, column], edges, weights=of_draws)[0]
        ours = ours / (len(draws) if of_draws is None else of_draws.sum())
        square = np.histogram(x[:, column], edges, weights=weight**2)[0] / weight.sum() ** 2
        chance = share * (1 - share) / len(draws) if of_draws is None else 0.0
        found.extend((ours - share) / np.sqrt(square + chance))
    return [float(value) for value in found]


def trained(recipe: str, x: np.ndarray, weight: np.ndarray | None, seed: int) -> Any:
    """A fit by default in a folder that is not kept."""
    table = pd.DataFrame(x, columns=["a", "b"])
    if weight is not None:
        table["w"] = weight
    reading = DataConfig(weight="" if weight is None else "w", seed=seed)
    out = Path(tempfile.mkdtemp()) / "run"
    return energeia.fit(table, recipe, reading=reading, out=out, seed=seed, quiet=True)


def page(lines: list[dict[str, Any]]) -> str:
    """Both tables."""
    minutes = sum(line["wall"] for line in lines) / 60
    text = [
        "# Weights\n",
        f"`python -m studies.weights`: {minutes:.0f} minutes. Means over seeds with their errors, "
        "where there are several.\n",
        f"A tilt: {ROWS:,} weighted rows; KL in nats; required is a ratio of {LIMIT} or less.\n",
        "| tilt | recipe | seeds | worth, rows | weighted | unweighted | ratio | control |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, recipe in itertools.product(TILTS, RECIPES):
        own = [line for line in lines if line["recipe"] == recipe and line["part"] == name]
        if own:
            text.append(f"| {name} | {_tilt_row(recipe, own)}")
    text += [
        f"\nPairs: {ROWS:,} rows and {ROWS // 5:,} pairs; bins of {2 * BINS} in which a model is "
        f"more than {ERRORS:g} errors from the truth, of all seeds, and the largest number of "
        "errors. `rows` are the weighted rows themselves, where chance misses "
        f"{2 * stats.norm.sf(ERRORS):.1%} of the bins.\n",
        "| recipe | bins | missed | largest | rows missed | control missed | control largest |",
        "|---|---|---|---|---|---|---|",
    ]
    for recipe in RECIPES:
        own = [line for line in lines if line["recipe"] == recipe and line["part"] == "pairs"]
        if own:
            text.append(_pairs_row(recipe, own))
    return "\n".join(text) + "\n"


def _tilt_row(recipe: str, own: list[dict[str, Any]]) -> str:
    keys = ("weighted", "equal", "control")
    kl = {key: np.array([line["kl"][key][0] for line in own if key in line["kl"]]) for key in keys}
    cells = {k: f"{v.mean():.4f} +- {_error(v):.4f}".replace(" +- nan", "") for k, v in kl.items()}
    worth = np.mean([line["worth"] for line in own])
    ratio = kl["weighted"].mean() / kl["equal"].mean()
    scatter = [_error(kl[key]) / kl[key].mean() for key in ("weighted", "equal")]
    against = f"{ratio:.2f} +- {ratio * np.hypot(*scatter):.2f}".replace(" +- nan", "")
    return (
        f"{recipe} | {len(own)} | {worth:,.0f} | {cells['weighted']} | {cells['equal']} | "
        f"{against} | {kl['control'].mean():.3f} |"
    )


def _error(values: np.ndarray) -> float:
    return float(np.std(values, ddof=1) / len(values) ** 0.5) if len(values) > 1 else np.nan


def _pairs_row(recipe: str, own: list[dict[str, Any]]) -> str:
    keys = ("weighted", "rows", "control")
    of = {k: [line["errors"][k] for line in own if k in line["errors"]] for k in keys}
    errors = {k: np.abs(v) for k, v in of.items()}
    missed = {k: int(np.sum(v > ERRORS)) for k, v in errors.items()}
    return (
        f"| {recipe} | {errors['weighted'].size} | {missed['weighted']} | "
        f"{errors['weighted'].max():.1f} | {missed['rows']} | {missed['control']} | "
        f"{errors['control'].max():.0f} |"
    )


def main(seeds: int = SEEDS, recipes: str = ",".join(RECIPES)) -> None:
    """Run what is missing, then write the page."""
    lines = [json.loads(line) for line in OUT.read_text().splitlines()] if OUT.exists() else []
    done = {(line["part"], line["recipe"], line["seed"]) for line in lines}
    for seed in range(seeds):
        for recipe in recipes.split(","):
            for part in (*TILTS, "pairs"):
                if (part, recipe, seed) in done:
                    continue
                start = time.perf_counter()
                line: dict[str, Any] = {"part": part, "recipe": recipe, "seed": seed}
                line |= pairs(recipe, seed) if part == "pairs" else tilt(part, recipe, seed)
                line |= {"wall": time.perf_counter() - start}
                lines.append(line)
                with OUT.open("a") as stream:
                    stream.write(json.dumps(line) + "\n")
                print(json.dumps(line)[:300], flush=True)
    TABLE.write_text(page(lines))


if __name__ == "__main__":
    tyro.cli(main)
