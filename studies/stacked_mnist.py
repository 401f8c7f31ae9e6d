"""StackedMNIST: modes found and their balance, beside the floor of held-out real stacks.

    ENERGEIA_DATA=folder python -m studies.stacked_mnist --digits 1 --seeds 0 1 2 3 4
    ENERGEIA_DATA=folder python -m studies.stacked_mnist --digits 3 --rounds 60000 --channels 64
    ENERGEIA_DATA=folder python -m studies.stacked_mnist --digits 4 --rounds 90000 --channels 64
    python -m studies.stacked_mnist --table

The second and third are meant for an accelerator. Trains the judge first and prints its accuracy,
then the game on stacks of training digits; each seed adds a line to
``studies/stacked_mnist.jsonl``.
"""

import json
import time
from pathlib import Path
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import tyro

from energeia.contracts import Batch
from energeia.data.bundled import mnist, mnist_labels
from energeia.data.stacked import stacked
from energeia.evaluation.digit_classifier import (
    DigitClassifier,
    accuracy,
    classify,
    train_classifier,
)
from energeia.evaluation.samples import draw
from energeia.evaluation.stacked_mnist import SAMPLES_PER_MODE, stack_classes, stacked_report
from energeia.recipes.assembly import Reference
from energeia.recipes.max_entropy import build
from energeia.recipes.options.max_entropy import MaxEntropyOptions
from energeia.recipes.options.problem import Problem
from energeia.support import Integer, Support
from energeia.training.loop import chunks, trained_cast
from energeia.training.settings import Optimization, Training
from energeia.training.state import Game
from studies.words import changed, settings

HERE = Path(__file__)
LINES, TABLE = HERE.with_suffix(".jsonl"), HERE.with_suffix(".md")
REQUIRED_ACCURACY = 0.99


def options_of(rounds: int, channels: int, batch: int) -> MaxEntropyOptions:
    """An encoder's bound for the entropy, penalties on both sides, averaged generator."""
    mover = Optimization(learning_rate=5e-4, beta1=0.0, beta2=0.99, clip=0.0)
    return MaxEntropyOptions(
        generator="network", entropy="information", latent=64, channels=channels, sigma=0.3,
        gamma=200.0, gamma_final=20.0, energy=mover, player=mover, hidden=256,
        training=Training(rounds=rounds, batch=batch, check_every=250, average=0.999),
    )  # fmt: skip


def judge_of(seed: int) -> tuple[DigitClassifier, np.ndarray, float]:
    """The classifier, the classes it gives to the test images, and its accuracy on them."""
    images, labels = mnist("mnist", "train").values, mnist_labels("train")
    judge = train_classifier(jax.random.key(seed), images, labels)
    test = mnist("mnist", "test").values
    right = accuracy(judge, test, mnist_labels("test"))
    print(f"digit classifier: {right} right on {right.n} test images", flush=True)
    if (right.value or 0.0) < REQUIRED_ACCURACY:
        raise SystemExit(f"the judge is right on less than {REQUIRED_ACCURACY:.0%}: train longer")
    return judge, classify(judge, test), float(right.value or 0.0)


def fit(options: MaxEntropyOptions, x: np.ndarray, seed: int, seconds: float) -> tuple[Any, int]:
    """The trained model, stopped at the first look after ``seconds``, and its rounds."""
    count, layout = len(x), x.shape[1:]
    rows = Batch(x.reshape(count, -1), None)  # pyright: ignore[reportArgumentType]
    problem = Problem(
        support=Support(((Integer(0, 255), rows.x.shape[1]),)), layout=layout, rows=count
    )
    head = Reference(jnp.asarray(rows.x[:4096], float), None)
    clock = time.perf_counter()
    made = build(options, problem, head, jax.random.key(seed))
    cast = eqx.filter_jit(lambda r, k: build(options, problem, r, k).cast)(
        head, jax.random.key(seed)
    )
    game = Game(made.objective, made.players)
    look = None
    for look in chunks(game, cast, rows, None, options.training, jax.random.key(seed + 1)):
        said = {k: round(v, 3) for k, v in look.metrics.items() if "norm" not in k}
        print(look.round, round(time.perf_counter() - clock), said, flush=True)
        if time.perf_counter() - clock > seconds:
            break
    assert look is not None
    return made.model(trained_cast(cast, look.state, look.watch)), look.round


def main(
    digits: int = 1,
    seeds: tuple[int, ...] = (0,),
    rounds: int = 20_000,
    channels: int = 32,
    batch: int = 64,
    options: str = "",
    seconds: float = 540.0,
    table: bool = False,
) -> None:
    """Train and judge for each seed, or write the table; training stops after ``seconds``."""
    if table:
        TABLE.write_text(render([json.loads(line) for line in LINES.read_text().splitlines()]))
        return
    judge, real, right = judge_of(0)
    for seed in seeds:
        images = mnist("mnist", "train").values
        x = stacked(images, digits, 60_000 if digits == 1 else 128 * 10**digits, seed)[0]
        given = changed(options_of(rounds, channels, batch), settings(options))
        clock = time.perf_counter()
        model, played = fit(given, x, seed, seconds)
        took = time.perf_counter() - clock
        drawn = draw(model, jax.random.key(seed + 7), SAMPLES_PER_MODE * 10**digits).x
        found = stacked_report(stack_classes(judge, drawn.reshape(-1, *x.shape[1:])), real)
        row = {
            "digits": digits, "options": options, "seed": seed,
            "device": jax.devices()[0].device_kind,
            "rounds": played, "seconds": took, "accuracy": right,
            **{k: msgspec.to_builtins(v) for k, v in found._asdict().items()},
        }  # fmt: skip
        with LINES.open("a") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)


def render(rows: list[dict[str, Any]]) -> str:
    lines = [
        "# StackedMNIST",
        "",
        "Max-entropy game, convolutional networks; 26 x 10^n samples; KL to uniform in nats, raw "
        "and less its bias (K - 1) / 2N; floor: as many stacks of held-out real digits, mean and "
        "deviation. Rows of n that are missing were not run: no accelerator was at hand.",
        "",
        "| digits | seed | device | modes | KL raw | KL debiased | floor | judge | rounds | s |",
        "|---" * 10 + "|",
    ]
    for r in rows:
        floor = f"{r['floor']['value']:.4f} +- {r['floor']['stderr']:.4f}"
        lines.append(
            f"| {r['digits']} | {r['seed']} | {r['device']} | {r['modes']} of {r['possible']} | "
            f"{r['kl']['value']:.4f} | {r['debiased']['value']:.4f} | {floor} | "
            f"{r['accuracy']:.2%} | {r['rounds']} | {r['seconds']:.0f} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    tyro.cli(main)
