"""Spheres, tori and rotations: flows of rows on them, and autoencoders of images of them.

    python -m studies.manifolds                      # all of it, about 40 minutes
    python -m studies.manifolds --only flow          # or: latent

Flows: 100,000 rows of an exact density on S^2, on the torus of two angles and on SO(3),
``spline-flow`` by default and trained for longer; KL(truth || model) over 50,000 fresh rows, beside
a mixture, where there is one, and the uniform density.
Autoencoders: rows are points of a manifold, sent to R^12 by a random linear map of their smooth
features, with normal noise; a latent space that is the manifold against a normal one of the same
dimension and against one of the dimension that holds the manifold, by their bounds from 512 weights
on rows held out. Members are kept in ``manifolds.jsonl``.
"""

import json
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import tyro
from scipy.special import logsumexp

import energeia
from energeia.data.named.directions import VonMisesFisherMixture
from energeia.distributions import PowerSpherical
from energeia.estimate import Estimate
from energeia.evaluation.budget import EvaluationBudget
from energeia.models import UpToSign
from energeia.runs.storage.config import DataConfig
from energeia.support import Rotation, Support

TABLE = Path(__file__).with_suffix(".md")
LINES = Path(__file__).with_suffix(".jsonl")
ROWS, FRESH, SEEDS = 100_000, 50_000, (0, 1, 2)
FITTED: dict[str, tuple[str, dict[str, Any]]] = {
    "default": ("spline-flow", {}),
    "longer": ("spline-flow", {"training": {"rounds": 2400, "batch": 512}}),
    "mixture": ("mixture", {}),
}
"""``longer`` sees each row twelve times, the default one and a half times."""
IMAGES, HELD_OUT, COLUMNS, NOISE, WEIGHTS = 5_000, 2_000, 12, 0.1, 512


class Law(NamedTuple):
    """An exact density on a manifold, per unit of its area."""

    support: str
    draw: Callable[[int, int], np.ndarray]
    log_prob: Callable[[np.ndarray], np.ndarray]
    uniform: float
    """log p of the uniform density."""


def _torus_draw(seed: int, count: int) -> np.ndarray:
    """An angle of two peaks, and one that turns twice as fast, up to a von Mises law."""
    rng = np.random.default_rng(seed)
    first = rng.vonmises(np.where(rng.uniform(size=count) < 0.6, -1.0, 2.0), 4.0)
    second = np.angle(np.exp(1j * (2 * first + rng.vonmises(0.5, 6.0, count))))
    return np.stack([first, second], axis=1)


def _torus_log_prob(x: np.ndarray) -> np.ndarray:
    a, b = np.asarray(x, np.float64).T
    peaks = np.stack([_von_mises(a + 1.0, 4.0), _von_mises(a - 2.0, 4.0)])
    first = logsumexp(peaks, axis=0, b=np.array([[0.6], [0.4]]))
    return first + _von_mises(b - 2 * a - 0.5, 6.0)


def _von_mises(angle: np.ndarray, kappa: float) -> np.ndarray:
    return kappa * np.cos(angle) - np.log(2 * np.pi * np.i0(kappa))


TURNS = np.array([[1.0, 0.2, 0.0, 0.0], [0.1, 1.0, 0.3, 0.0], [0.0, -0.5, 0.5, 1.0]])
TURNS /= np.linalg.norm(TURNS, axis=1, keepdims=True)
WIDTHS, SHARES = np.array([40.0, 12.0, 90.0]), np.array([0.4, 0.35, 0.25])


def _rotations() -> list[UpToSign]:
    support = Support(((Rotation(), 1),))
    return [
        UpToSign(PowerSpherical(jnp.asarray(q[None]), jnp.full(1, k)), support)
        for q, k in zip(TURNS, WIDTHS, strict=True)
    ]


def _rotations_draw(seed: int, count: int) -> np.ndarray:
    which = np.random.default_rng(seed).choice(len(SHARES), size=count, p=SHARES)
    keys = jax.random.split(jax.random.key(seed), count)
    every = [np.asarray(jax.vmap(law.sample)(keys), np.float64) for law in _rotations()]
    q = np.stack(every)[which, np.arange(count)]
    return q / np.linalg.norm(q, axis=1, keepdims=True)


def _rotations_log_prob(x: np.ndarray) -> np.ndarray:
    logs = [jax.vmap(law.log_prob)(jnp.asarray(x, float)) for law in _rotations()]
    return logsumexp(np.asarray(logs, np.float64), axis=0, b=SHARES[:, None])


_SPHERE = VonMisesFisherMixture()
LAWS = {
    "sphere": Law("*:sphere(2)", _SPHERE.draw, _SPHERE.log_prob, -math.log(4 * math.pi)),
    "torus": Law(
        "*:circle(-3.141592653589793,3.141592653589793)",
        _torus_draw,
        _torus_log_prob,
        -2 * math.log(2 * math.pi),
    ),
    "rotations": Law("*:rotation", _rotations_draw, _rotations_log_prob, -2 * math.log(math.pi)),
}


class Manifold(NamedTuple):
    """Points of a manifold as features, and the autoencoders that are compared on their images."""

    features: Callable[[np.random.Generator, int], np.ndarray]
    dimension: int
    around: int
    """Of the normal space that holds the manifold."""
    space: str


def _harmonics(angle: np.ndarray) -> list[np.ndarray]:
    return [f(k * angle) for k in (1, 2) for f in (np.cos, np.sin)]


def _circle(rng: np.random.Generator, count: int) -> np.ndarray:
    return np.stack(_harmonics(rng.uniform(-np.pi, np.pi, count)), axis=1)


def _two_circles(rng: np.random.Generator, count: int) -> np.ndarray:
    return np.concatenate([_circle(rng, count), _circle(rng, count)], axis=1)


def _directions(rng: np.random.Generator, count: int) -> np.ndarray:
    x = rng.normal(size=(count, 3))
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    products = np.stack([x[:, 0] * x[:, 1], x[:, 1] * x[:, 2], x[:, 0] * x[:, 2]], axis=1)
    return np.concatenate([x, 1.5 * products], axis=1)


def _matrices(rng: np.random.Generator, count: int) -> np.ndarray:
    q = rng.normal(size=(count, 4))
    return Rotation().features(q / np.linalg.norm(q, axis=1, keepdims=True))


MANIFOLDS = {
    "circle": Manifold(_circle, 1, 2, "torus"),
    "torus": Manifold(_two_circles, 2, 4, "torus"),
    "sphere": Manifold(_directions, 2, 3, "sphere"),
    "rotations": Manifold(_matrices, 3, 9, "rotations"),
}


def flow_line(name: str, seed: int) -> dict[str, Any]:
    """KL of flows, of a mixture where there is one for such columns, and of the uniform density."""
    law = LAWS[name]
    fresh = law.draw(1_000 + seed, FRESH)
    truth = law.log_prob(fresh)
    recipes = FITTED if name == "torus" else {k: v for k, v in FITTED.items() if k != "mixture"}
    found: dict[str, Any] = {"uniform": _mean(truth - law.uniform)}
    for fitted, (recipe, options) in recipes.items():
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            np.save(Path(folder) / "rows.npy", law.draw(seed, ROWS))
            config = DataConfig(spec=f"{folder}/rows.npy", support=law.support, seed=seed)
            run = energeia.fit(
                config, recipe, options=options, seed=seed, quiet=True, out=Path(folder) / "run"
            )
            seconds = time.perf_counter() - start
            found[fitted] = [*_mean(truth - run.log_prob(fresh)), seconds]
    return found


def latent_line(name: str, seed: int) -> dict[str, Any]:
    """Bounds of the three autoencoders on rows held out."""
    manifold, rng = MANIFOLDS[name], np.random.default_rng([seed, 16])
    features = manifold.features(rng, IMAGES + HELD_OUT)
    image = features @ rng.normal(size=(features.shape[1], COLUMNS))
    rows = image + NOISE * rng.normal(size=image.shape)
    spaces = {
        "manifold": {"space": manifold.space, "latent": manifold.dimension},
        "normal": {"latent": manifold.dimension},
        "around": {"latent": manifold.around},
    }
    budget, found = EvaluationBudget(weights_per_row=WEIGHTS), {}
    for space, own in spaces.items():
        with tempfile.TemporaryDirectory() as folder:
            run = energeia.fit(
                rows[:IMAGES], "vae", options={"width": 128} | own, seed=seed, quiet=True,
                out=Path(folder) / "run",
            )  # fmt: skip
            found[space] = run.score(rows[IMAGES:], budget=budget).rows
    pairs = {space: _mean(found["manifold"] - found[space]) for space in ("normal", "around")}
    return {"bound": {k: _mean(v) for k, v in found.items()}, "gain": pairs}


def _mean(values: np.ndarray) -> tuple[float, float]:
    return float(np.mean(values)), float(np.std(values) / len(values) ** 0.5)


def page(lines: list[dict[str, Any]]) -> str:
    """Both tables."""

    def number(value: Sequence[float]) -> str:
        return str(Estimate(*value, "exact", HELD_OUT))

    text = [
        "# Manifolds\n",
        f"`python -m studies.manifolds`, {sum(line['wall'] for line in lines) / 60:.0f} minutes.\n",
        f"Flows: KL(truth || model) in nats over {FRESH:,} fresh rows, trained on {ROWS:,}, with "
        "seconds: `spline-flow` by default, then for 2,400 rounds of 512 rows, and `mixture`, "
        "which has no components on spheres.\n",
        "| manifold | seed | default | longer | mixture | uniform density |",
        "|---|---|---|---|---|---|",
    ]
    for line in lines:
        if line["part"] == "flow":
            fitted = [
                f"{number(line[k][:2])}, {line[k][2]:.0f} s" if k in line else "" for k in FITTED
            ]
            cells = " | ".join([*fitted, number(line["uniform"])])
            text.append(f"| {line['name']} | {line['seed']} | {cells} |")
    text += [
        f"\nAutoencoders: {IMAGES:,} rows of {COLUMNS} columns, images of a manifold with noise "
        f"{NOISE}; lower bounds of log p from {WEIGHTS} weights on {HELD_OUT:,} other rows, nats, "
        "and what the manifold gains over a normal space of the same dimension and over one that "
        "holds it, paired by row.\n",
        "| manifold | seed | latent manifold | normal | gain | normal around it | gain |",
        "|---|---|---|---|---|---|---|",
    ]
    for line in lines:
        if line["part"] == "latent":
            bound, gain = line["bound"], line["gain"]
            cells = (
                bound["manifold"], bound["normal"], gain["normal"], bound["around"], gain["around"]
            )  # fmt: skip
            shown = " | ".join(number(value) for value in cells)
            text.append(f"| {line['name']} | {line['seed']} | {shown} |")
    return "\n".join(text) + "\n"


def main(only: str = "", seeds: tuple[int, ...] = SEEDS) -> None:
    """Run what is missing, then write the page."""
    lines = [json.loads(line) for line in LINES.read_text().splitlines()] if LINES.exists() else []
    done = {(line["part"], line["name"], line["seed"]) for line in lines}
    parts = {"flow": (flow_line, LAWS), "latent": (latent_line, MANIFOLDS)}
    for part, (measure, members) in parts.items():
        for name, seed in [(n, s) for n in members for s in seeds]:
            if (only and part != only) or (part, name, seed) in done:
                continue
            start = time.perf_counter()
            line = {"part": part, "name": name, "seed": seed, **measure(name, seed)}
            line["wall"] = time.perf_counter() - start
            lines.append(line)
            with LINES.open("a") as stream:
                stream.write(json.dumps(line) + "\n")
            print(line, flush=True)
            jax.clear_caches()
    TABLE.write_text(page(lines), encoding="utf-8")


if __name__ == "__main__":
    tyro.cli(main)
