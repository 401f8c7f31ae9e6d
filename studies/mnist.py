"""MNIST: nats of binary images by recipe, gaps of decoders, bits per dimension of levels.

    ENERGEIA_DATA=... python -m studies.mnist                     # all of it, about three hours
    ENERGEIA_DATA=... python -m studies.mnist --only vae made --minutes 20
    ENERGEIA_DATA=... python -m studies.mnist --table             # the page alone

Each recipe trains for ``--minutes`` on the fixed binarization and is scored on all 10,000 test
images; a bound is that of 200 weights on all of them, plus what 5,000 weights gain on the first
500. Decoders of ten latent dimensions on MNIST with dequantized levels are bounded from both sides
by annealing, as Wu et al. (2017, arXiv:1611.04273) did; ``gan`` has no noise of its own, and that
of the observations is given. ``glow`` and ``realnvp`` train on the 256 levels, and are scored in
bits per dimension on the first 2,000 test images. Members are kept in ``mnist.jsonl`` and their
runs in ``runs/mnist``.
"""

import json
import os
import time
from pathlib import Path
from typing import Any

import jax
import numpy as np
import tyro

import energeia
from energeia.data.named.bundled import binarized_mnist, mnist
from energeia.estimate import Estimate
from energeia.evaluation.bounds import BoundSettings
from energeia.evaluation.budget import EvaluationBudget
from energeia.runs.loading import load
from energeia.runs.run import Run
from energeia.runs.storage.config import DataConfig

HERE = Path(__file__)
LINES, TABLE = HERE.with_suffix(".jsonl"), HERE.with_suffix(".md")
ROOT = HERE.parents[1] / "runs" / "mnist"
TRAIN = DataConfig(spec="binarized-mnist:part=train", fractions=(0.97, 0.02, 0.01))
LATENT: dict[str, Any] = {"latent": 50, "width": 400}
PATIENT: dict[str, Any] = {"training": {"check_every": 500, "patience": 8}}
LIKELIHOOD: dict[str, dict[str, Any]] = {
    "made": {"width": 1568, "training": {"check_every": 200, "patience": 8}},
    "vae": LATENT | PATIENT,
    "iwae": LATENT | PATIENT | {"particles": 10},
    "vae-spline": LATENT | PATIENT,
    "pixelcnn": {},
}
REQUIRED = {"made": 89.5, "vae": 88.5, "iwae": 88.0, "vae-spline": 87.5, "pixelcnn": "made - 1"}
FEW, MANY, FIRST = 200, 5000, 500
DECODERS: dict[str, tuple[str, dict[str, Any]]] = {
    "vae": ("vae", {"latent": 10}),
    "gan": ("gan", {"latent": 10}),
    "mmd": ("wae-mmd", {"latent": 10}),
}
PUBLISHED = {"vae": 0.83, "gan": 0.93, "mmd": 0.61}
DECODER_MINUTES, NOISE, HELD_OUT = 5.0, 0.3, 16
PUBLISHED_BITS = {"glow": 1.05, "realnvp": 1.06}
SCORED, NOISES = 2000, 16
SETTINGS = BoundSettings(chains=16, temperatures=500, simulated=32)
BINARY = BoundSettings(chains=16, temperatures=500, simulated=32)
Line = dict[str, Any]


def trained(name: str, recipe: str, data: Any, minutes: float, **given: Any) -> Run:
    """The run of a member, trained unless it is kept; one that was interrupted goes on."""
    folder = ROOT / name
    if not folder.exists():
        energeia.fit(data, recipe, minutes=minutes, out=folder, quiet=True, **given)
    elif load(folder).directory.status.state != "finished":
        energeia.resume(folder, quiet=True)
    return load(folder)


def likelihood(name: str, minutes: float) -> Line:
    """Nats per test image."""
    run = trained(name, name, TRAIN, minutes, options=LIKELIHOOD[name])
    test = binarized_mnist("binarized-mnist", "test").values
    found = run.score(test, budget=EvaluationBudget(weights_per_row=FEW, weights=FEW * len(test)))
    nats, error, kind = -found.rows.mean(), found.mean.stderr, found.mean.kind
    line: Line = {"kind": kind, "few": [float(nats), float(error or 0.0)]}
    if kind != "exact":
        most = EvaluationBudget(weights_per_row=MANY, weights=MANY * FIRST)
        gain = run.score(test[:FIRST], seed=1, budget=most).rows - found.rows[:FIRST]
        line["gain"] = [float(gain.mean()), float(gain.std() / FIRST**0.5)]
        nats, error = nats - gain.mean(), np.hypot(error or 0.0, line["gain"][1])
    return line | {"nats": [float(nats), float(error or 0.0)]} | told(run)


def told(run: Run) -> Line:
    """What a training took."""
    status = run.directory.status
    return {"rounds": status.round, "parameters": status.parameters}


def gap(name: str, minutes: float) -> Line:
    """The gap of a decoder of dequantized levels, or of the binary autoencoder."""
    if name == "binarized vae":
        run = load(ROOT / "vae")
        rows, noise, settings = binarized_mnist("binarized-mnist", "test").values, None, BINARY
    else:
        recipe, options = DECODERS[name]
        levels = mnist("mnist", "train").values.astype(float)
        rng = np.random.default_rng(0)
        x = (levels + rng.uniform(size=levels.shape)) / 256
        run = trained(f"{name}-10", recipe, x, minutes, options=options)
        rows = mnist("mnist", "test").values[:HELD_OUT].astype(float)
        rows = (rows + rng.uniform(size=rows.shape)) / 256
        noise, settings = (NOISE if recipe == "gan" else None), SETTINGS
    found = run.bounds(rows[:HELD_OUT], noise=noise, settings=settings)
    return {
        "gap": _pair(found.gap), "annealed": _pair(found.annealed),
        "simulated": [_pair(side) for side in found.simulated],
        "acceptance": found.acceptance, "warnings": list(found.warnings),
    }  # fmt: skip


def bits(name: str, minutes: float) -> Line:
    """Bits per dimension of the levels of test images: a bound, by dequantization."""
    levels = DataConfig(spec="mnist:part=train", fractions=(0.97, 0.02, 0.01))
    run = trained(f"{name}-levels", name, levels, minutes)
    test = mnist("mnist", "test").values[:SCORED]
    budget = EvaluationBudget(weights_per_row=NOISES, weights=NOISES * SCORED)
    found = run.score(test, budget=budget).mean
    unit = test.shape[1] * np.log(2.0)
    nats, error = _pair(found)
    return {"kind": found.kind, "bits": [-nats / unit, error / unit]} | told(run)


def _pair(value: Estimate) -> list[float]:
    return [float(value.value or 0.0), float(value.stderr or 0.0)]


def page(lines: list[Line]) -> str:
    """Both tables."""
    cores = sorted({line["cores"] for line in lines})
    text = [
        "# MNIST\n",
        f"`python -m studies.mnist`, {sum(line['wall'] for line in lines) / 60:.0f} minutes, "
        f"each member on {' or '.join(map(str, cores))} of two cores.\n",
        "Fixed binarization, nats per test image, all 10,000. A bound is that of "
        f"{FEW} weights, plus what {MANY:,} gain on the first {FIRST:,} images.\n",
        "| recipe | nats | required | kind | gain of weights | rounds | parameters | minutes |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for line in lines:
        if line["part"] == "likelihood":
            gain = f"{line['gain'][0]:.2f} +- {line['gain'][1]:.2f}" if "gain" in line else ""
            text.append(
                f"| {line['name']} | {line['nats'][0]:.2f} +- {line['nats'][1]:.2f} | "
                f"{REQUIRED[line['name']]} | {line['kind']} | {gain} | {line['rounds']:,} | "
                f"{line['parameters']:,} | {line['wall'] / 60:.0f} |"
            )
    text += [
        f"\nGaps between annealed bounds on {SETTINGS.simulated} rows that the model simulated, "
        f"{SETTINGS.chains} chains and {SETTINGS.temperatures} temperatures; observation noise of "
        f"generators {NOISE} standard deviations of a pixel.\n",
        "| decoder | gap | published | log p of simulated rows, below and above | of test images, "
        "below | acceptance | minutes |",
        "|---|---|---|---|---|---|---|",
    ]
    for line in lines:
        if line["part"] == "gap":
            sides = ", ".join(f"{v:.1f} +- {e:.1f}" for v, e in line["simulated"])
            text.append(
                f"| {line['name']} | {line['gap'][0]:.2f} +- {line['gap'][1]:.2f} | "
                f"{PUBLISHED.get(line['name'], '')} | {sides} | {line['annealed'][0]:.1f} | "
                f"{line['acceptance']:.2f} | {line['wall'] / 60:.0f} |"
            )
    text += [
        f"\nLevels 0 to 255, bits per dimension of the first {SCORED:,} test images, {NOISES} "
        "weights each.\n",
        "| recipe | bits per dimension | published | kind | rounds | parameters | minutes |",
        "|---|---|---|---|---|---|---|",
    ]
    for line in lines:
        if line["part"] == "bits":
            text.append(
                f"| {line['name']} | {line['bits'][0]:.3f} +- {line['bits'][1]:.3f} | "
                f"{PUBLISHED_BITS[line['name']]} | {line['kind']} | {line['rounds']:,} | "
                f"{line['parameters']:,} | {line['wall'] / 60:.0f} |"
            )
    return "\n".join(text) + "\n"


def main(only: tuple[str, ...] = (), minutes: float = 20.0, table: bool = False) -> None:
    """Train and measure what is missing, then write the page."""
    lines = [json.loads(line) for line in LINES.read_text().splitlines()] if LINES.exists() else []
    done = {(line["part"], line["name"]) for line in lines}
    plan = [("likelihood", name, likelihood, minutes) for name in LIKELIHOOD]
    plan += [("gap", name, gap, DECODER_MINUTES) for name in ("binarized vae", *DECODERS)]
    plan += [("bits", name, bits, minutes) for name in PUBLISHED_BITS]
    for part, name, measure, given in [] if table else plan:
        if (part, name) in done or (only and f"{part}:{name}" not in only and name not in only):
            continue
        start = time.perf_counter()
        line = {"part": part, "name": name, **measure(name, given)}
        line |= {"wall": time.perf_counter() - start, "cores": len(os.sched_getaffinity(0))}
        lines.append(line)
        with LINES.open("a") as stream:
            stream.write(json.dumps(line) + "\n")
        print(line, flush=True)
        jax.clear_caches()
    TABLE.write_text(page(lines), encoding="utf-8")


if __name__ == "__main__":
    tyro.cli(main)
