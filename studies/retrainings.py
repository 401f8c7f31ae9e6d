"""Whether the error printed with ``--seeds`` covers what another training and other rows give.

    python -m studies.retrainings

trains 100 groups of three seeds, of two small recipes, on the same 480 rows. Each group is scored
on 20,000 held-out rows of its own, and its leaderboard row says value +- interval, where interval
holds the error of finitely many rows and of one training. Counted is how often that contains the
mean of all other groups: 68.3 % if the errors are right. The error of the rows alone is the
control, which must be too short. About 15 minutes for both recipes on two cores; results are kept
in ``retrainings.jsonl``, so that the study goes on where it was stopped.
"""

import json
import math
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import tyro
from scipy import stats

from energeia.data.arrays import as_table
from energeia.data.readers import Table
from energeia.estimate import Estimate
from energeia.recipes.catalogue import find
from energeia.records import LeaderboardRow
from energeia.runs.loading import load
from energeia.runs.opening import Rows, open_rows
from energeia.runs.runner import run_session
from energeia.runs.seeds import member_path, with_spread
from energeia.runs.sessions import new_session
from energeia.runs.storage.config import DataConfig, RunConfig, changed_options
from energeia.training import engine
from energeia.training.rounds import Round
from studies.known_tables import KNOWN

TABLE = Path(__file__).with_suffix(".md")
LINES = Path(__file__).with_suffix(".jsonl")
KNOWN_TABLE, ROWS, HELD_OUT, SEEDS = "calibration", 600, 20_000, 3
SHORT = {"rounds": 200, "batch": 64, "check_every": 100}
OPTIONS: dict[str, dict[str, Any]] = {
    "made": {"width": 32, "components": 4, "orders": 1, "training": SHORT},
    "spline-flow": {"width": 32, "layers": 4, "bins": 6, "training": SHORT},
}
CONFIG = DataConfig(spec="kept:data.npy", fractions=(0.8, 0.1, 0.1))


class Kept:
    """The chunk of one recipe, compiled for its first seed.

    Seeds differ in the arguments of the chunk alone, and most of the time of so short a training is
    its compilation.
    """

    def __init__(self, make: Callable[[Round, int], Any]) -> None:
        self.make = make
        self.chunk: Any = None
        self.compiled: Any = None

    def __call__(self, run_round: Round, rounds: int) -> "Kept":
        self.chunk = self.chunk or self.make(run_round, rounds)
        return self

    def lower(self, *given: Any) -> "Kept":
        """Trace and compile the chunk if it is the first."""
        self.compiled = self.compiled or self.chunk.lower(*given).compile()
        return self

    def compile(self) -> Any:
        """The compiled chunk."""
        return self.compiled


class Printed(NamedTuple):
    """What a leaderboard says of one group."""

    value: float
    stderr: float
    spread: float
    interval: float


def group(recipe: str, index: int, rows: Rows, kept: Table) -> dict[str, Any]:
    """Three trainings that differ in their seed, scored on the same held-out rows."""
    x = KNOWN[KNOWN_TABLE]().draw(np.random.default_rng([index, 5]), HELD_OUT)
    found = []
    for member in range(SEEDS):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / recipe
            options = changed_options(find(recipe).options(), OPTIONS[recipe], recipe)
            config = RunConfig(
                recipe=recipe, data=CONFIG, options=options, seed=SEEDS * index + member
            )
            run_session(new_session(path, config, rows, kept, quiet=True))
            found.append(Estimate.mean(load(path).log_prob(x), "exact"))
    return {
        "recipe": recipe, "group": index, "values": [e.value for e in found],
        "stderrs": [e.stderr for e in found],
    }  # fmt: skip


def printed(line: dict[str, Any]) -> Printed:
    """The row of the leaderboard that joins a group."""
    rows = [
        LeaderboardRow(
            recipe=line["recipe"], family="", run=str(member_path(Path(line["recipe"]), member)),
            log_likelihood=Estimate(value, stderr, "exact", HELD_OUT), two_sample={},
            seconds=None, compile_seconds=None, samples_per_second=None,
        )
        for member, (value, stderr) in enumerate(zip(line["values"], line["stderrs"], strict=True))
    ]  # fmt: skip
    (row,) = with_spread(rows)
    assert row.spread is not None
    assert row.interval is not None
    return Printed(line["values"][0], line["stderrs"][0], row.spread, row.interval)


def page(lines: list[dict[str, Any]]) -> str:
    """How often each error contains the mean of the other groups."""
    text = [
        "# Errors of retrained models\n",
        f"`python -m studies.retrainings`: groups of {SEEDS} seeds on the same "
        f"{round(0.8 * ROWS)} rows, each with {HELD_OUT:,} held-out rows of its own. How often the "
        "value of a group, within its error, contains the mean of all other groups. `interval` is "
        "what the leaderboard prints; of the controls, `rows alone` must be too short.\n",
        "| recipe | groups | error of rows | spread | interval | rows and spread | rows alone "
        "| 99 % band of 68.3 % |",
        "|---|--:|--:|--:|--:|--:|--:|---|",
    ]
    recipes = dict.fromkeys(line["recipe"] for line in lines)
    text += [_line(name, [line for line in lines if line["recipe"] == name]) for name in recipes]
    return "\n".join(text) + "\n"


def _line(recipe: str, own: list[dict[str, Any]]) -> str:
    means = np.array([np.mean(line["values"]) for line in own])
    others = (means.sum() - means) / max(1, len(own) - 1)
    rows = [printed(line) for line in own]
    misses = np.array([abs(row.value - m) for row, m in zip(rows, others, strict=True)])
    errors = {
        "interval": [row.interval for row in rows],
        "rows and spread": [math.hypot(row.stderr, row.spread) for row in rows],
        "rows alone": [row.stderr for row in rows],
    }
    shares = [f"{np.mean(misses <= np.array(error)):.2f}" for error in errors.values()]
    low, high = stats.binom.interval(0.99, len(own), math.erf(2**-0.5))
    sizes = [np.mean([row.stderr for row in rows]), np.mean([row.spread for row in rows])]
    return (
        f"| {recipe} | {len(own)} | {sizes[0]:.4f} | {sizes[1]:.4f} | {' | '.join(shares)} "
        f"| {low / len(own):.2f} to {high / len(own):.2f} |"
    )


def main(groups: int = 100, only: str = "") -> None:
    """Train what is missing and write the table."""
    table = KNOWN[KNOWN_TABLE]().draw(np.random.default_rng(15), ROWS)
    kept = as_table(table)
    rows = open_rows(CONFIG, kept)
    assert kept is not None
    lines = [json.loads(text) for text in LINES.read_text().splitlines()] if LINES.exists() else []
    done = {(line["recipe"], line["group"]) for line in lines}
    scanned = engine.scanned
    for recipe in only.split(",") if only else OPTIONS:
        engine.scanned = Kept(scanned)
        for index in range(groups):
            if (recipe, index) in done:
                continue
            lines.append(group(recipe, index, rows, kept))
            with LINES.open("a") as file:
                file.write(json.dumps(lines[-1]) + "\n")
    TABLE.write_text(page(lines), encoding="utf-8")


if __name__ == "__main__":
    tyro.cli(main)
