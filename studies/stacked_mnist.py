"""StackedMNIST: modes found and their balance, compared with held-out real stacks.

    ENERGEIA_DATA=folder python -m studies.stacked_mnist --digits 1 --seeds 0 1 2 3 4
    ENERGEIA_DATA=folder python -m studies.stacked_mnist --digits 3 --channels 64 --batch 64 \
        --rounds 60000
    ENERGEIA_DATA=folder python -m studies.stacked_mnist --digits 4 --channels 64 --batch 64 \
        --rounds 90000
    python -m studies.stacked_mnist --table

The second and third are meant for an accelerator; without ``--channels`` networks are dense, which
suits a CPU. Trains the classifier first and prints its accuracy, then
the game on stacks of training digits; each seed adds a line to ``studies/stacked_mnist.jsonl``, and
the first one of a single digit a picture, ``docs/images/generated-digits.png``.
"""

import json
import time
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import matplotlib.pyplot as plt
import msgspec
import numpy as np
import tyro

from energeia.contracts import Batch
from energeia.data.named.bundled import mnist, mnist_labels
from energeia.data.named.stacked import stacked
from energeia.evaluation.images.digit_classifier import (
    DigitClassifier,
    accuracy,
    classify,
    train_classifier,
)
from energeia.evaluation.images.stacked_mnist import SAMPLES_PER_MODE, stack_classes, stacked_report
from energeia.evaluation.samples import draw
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.max_entropy import build
from energeia.recipes.options.max_entropy import MaxEntropyOptions
from energeia.recipes.options.problem import Problem
from energeia.runs.storage.config import changed_options
from energeia.support import Integer, Support
from energeia.training.loop import trained_modules, training_chunks
from energeia.training.settings import Optimization, Training
from energeia.training.state import Game
from studies.words import settings

HERE = Path(__file__)
LINES, TABLE = HERE.with_suffix(".jsonl"), HERE.with_suffix(".md")
PICTURE = HERE.parents[1] / "docs" / "images" / "generated-digits.png"
MANY = 20_000
"""More samples than the protocol's, for a more accurate KL."""
REQUIRED_ACCURACY = 0.99


def options_of(rounds: int, channels: int, batch: int) -> MaxEntropyOptions:
    """An encoder's bound for the entropy, penalties on both sides, averaged generator."""
    mover = Optimization(learning_rate=5e-4, beta1=0.0, beta2=0.99, clip=0.0)
    return MaxEntropyOptions(
        generator="network", entropy="information", latent=64 if channels else 32, sigma=0.3,
        images=channels > 0, channels=max(channels, 1), width=256, hidden=256,
        gamma=200.0, gamma_final=20.0, energy=mover, player=mover,
        training=Training(rounds=rounds, batch=batch, check_every=250, average=0.999),
    )  # fmt: skip


def classifier_of(seed: int) -> tuple[DigitClassifier, np.ndarray, float]:
    """The classifier, the classes it gives to the test images, and its accuracy on them."""
    images, labels = mnist("mnist", "train").values, mnist_labels("train")
    classifier = train_classifier(jax.random.key(seed), images, labels)
    test = mnist("mnist", "test").values
    right = accuracy(classifier, test, mnist_labels("test"))
    print(f"digit classifier: {right} right on {right.n} test images", flush=True)
    if (right.value or 0.0) < REQUIRED_ACCURACY:
        raise SystemExit(
            f"the classifier is right on less than {REQUIRED_ACCURACY:.0%}: train longer"
        )
    return classifier, classify(classifier, test), float(right.value or 0.0)


def fit(options: MaxEntropyOptions, x: np.ndarray, seed: int, seconds: float) -> tuple[Any, int]:
    """The trained model, stopped at the first check after ``seconds``, and its rounds."""
    count, layout = len(x), x.shape[1:]
    rows = Batch(x.reshape(count, -1), None)  # pyright: ignore[reportArgumentType]
    problem = Problem(
        support=Support(((Integer(0, 255), rows.x.shape[1]),)), layout=layout, rows=count
    )
    head = ReferenceRows(jnp.asarray(rows.x[:4096], float), None)
    clock = time.perf_counter()
    made = build(options, problem, head, jax.random.key(seed))
    modules = eqx.filter_jit(lambda r, k: build(options, problem, r, k).modules)(
        head, jax.random.key(seed)
    )
    game = Game(made.objective, made.players)
    progress = None
    for progress in training_chunks(
        game, modules, rows, None, options.training, jax.random.key(seed + 1)
    ):
        metrics = {k: round(v, 3) for k, v in progress.metrics.items() if "norm" not in k}
        print(progress.round, round(time.perf_counter() - clock), metrics, flush=True)
        if time.perf_counter() - clock > seconds:
            break
    assert progress is not None
    return made.model(
        trained_modules(modules, progress.state, progress.best_so_far)
    ), progress.round


def main(
    digits: int = 1,
    seeds: tuple[int, ...] = (0,),
    rounds: int = 6000,
    channels: int = 0,
    batch: int = 128,
    options: str = "",
    seconds: float = 540.0,
    table: bool = False,
) -> None:
    """Train and evaluate for each seed, or write the table; training stops after ``seconds``."""
    if table:
        TABLE.write_text(render([json.loads(line) for line in LINES.read_text().splitlines()]))
        return
    classifier, real, right = classifier_of(0)
    for seed in seeds:
        images = mnist("mnist", "train").values
        x = stacked(images, digits, 60_000 if digits == 1 else 128 * 10**digits, seed)[0]
        given = changed_options(options_of(rounds, channels, batch), settings(options))
        clock = time.perf_counter()
        model, played = fit(given, x, seed, seconds)
        took = time.perf_counter() - clock
        few = SAMPLES_PER_MODE * 10**digits
        count = max(few, MANY)
        drawn = draw(model, jax.random.key(seed + 7), count).x.reshape(-1, *x.shape[1:])
        classes = stack_classes(classifier, drawn)
        found, many = stacked_report(classes[:few], real), stacked_report(classes, real)
        if digits == 1 and seed == seeds[0]:
            picture(drawn[:80, ..., 0])
        row = {
            "digits": digits, "options": options, "channels": channels, "seed": seed,
            "kl_many": msgspec.to_builtins(many.debiased),
            "device": jax.devices()[0].device_kind,
            "rounds": played, "seconds": took, "accuracy": right,
            **{k: msgspec.to_builtins(v) for k, v in found._asdict().items()},
        }  # fmt: skip
        with LINES.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)


def picture(images: np.ndarray) -> None:
    """The first samples, not selected, in rows of twenty."""
    tiles = images.reshape(4, 20, *images.shape[1:]).swapaxes(1, 2)
    whole = tiles.reshape(4 * images.shape[1], 20 * images.shape[2])
    plt.imsave(PICTURE, 255 - whole, cmap="gray", vmin=0, vmax=255)


def render(rows: list[dict[str, Any]]) -> str:
    lines = [
        "# StackedMNIST",
        "",
        "`python -m studies.stacked_mnist`. Max-entropy game, dense networks for one digit; "
        "26 x 10^n samples; KL to uniform in nats, raw and less its bias (K - 1) / 2N, and the "
        "same of 20,000 samples; floor: as many stacks of held-out real digits, raw, mean and "
        "deviation. Seconds are of one core of a CPU, with compilation. Settings were found on "
        "seed 0. Rows of three and four digits were not run: no accelerator was at hand.",
        "",
        "| digits | seed | device | modes | KL raw | KL debiased | of 20,000 | floor | classifier "
        "| rounds | s |",
        "|---" * 11 + "|",
    ]
    for r in rows:
        debiased, many, floor = (
            f"{r[name]['value']:.4f} +- {r[name]['stderr']:.4f}"
            for name in ("debiased", "kl_many", "floor")
        )
        lines.append(
            f"| {r['digits']} | {r['seed']} | {r['device']} | {r['modes']} of {r['possible']} | "
            f"{r['kl']['value']:.4f} | {debiased} | {many} | {floor} | "
            f"{r['accuracy']:.2%} | {r['rounds']} | {r['seconds']:.0f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    tyro.cli(main)
