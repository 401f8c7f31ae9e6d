"""Generated tables with exact densities by default settings: divergence from the truth and time.

    python -m studies.generated                       # all of it
    python -m studies.generated --only rotated        # of rotated, moons, mixed
    python -m studies.generated --only mixed --seed 3 # other rows (and another rotation)

Every model gets the same rows: a CSV file for ``energeia fit FILE RECIPE``, without options and in
a fresh process with an empty compilation cache, whose wall seconds include its start. Others are
those of ``studies.peers``. The divergence from the truth is over 20,000 new rows. For an exact
density q, the mean of 2 q / (p + q) over equal parts of true rows and draws of the model is 1;
1.05 q is the control. Results are kept in ``generated.jsonl``; ``--again`` measures the parts anew.
About 14 minutes on two idle cores. Needs ``pip install torch zuko`` for rotated.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import tyro
from scipy import special

from energeia.runs.leaderboard import quickest_of_best
from energeia.runs.loading import load
from energeia.runs.opening import open_rows
from energeia.runs.run import Run
from energeia.runs.stacking import stack
from energeia.runs.storage.directory import RunDirectory
from studies.known_tables import KNOWN, KnownTable, rotated

TABLE = Path(__file__).with_suffix(".md")
LINES = Path(__file__).with_suffix(".jsonl")
COMPARED = ("mixture", "made", "spline-flow")
"""The exact recipes that ``compare`` fits by default."""
RECIPES = (*COMPARED, "realnvp")
TEST = 20_000
WRONG = 1.05
"""The constant by which the density of the control is too large."""
_FIT = "from energeia.cli.main import main; main()"
_START = "import energeia, jax; jax.numpy.zeros(1).block_until_ready()"


class Part(NamedTuple):
    """A table, and what is measured beside energeia's recipes."""

    table: Callable[[int], KnownTable]
    rows: int
    peers: tuple[str, ...] = ()
    inside: Callable[[np.ndarray], np.ndarray] = lambda x: np.all(np.isfinite(x), axis=1)
    """Which rows are in the support of the truth."""


def _in_mixed(x: np.ndarray) -> np.ndarray:
    """A positive time, an angle within half a turn, a count, one of three kinds, a number."""
    time, angle, count, kind, residual = x.T
    counts = (count >= 0) & (count == np.round(count))
    kinds = np.isin(kind, (0.0, 1.0, 2.0))
    return (time > 0) & (np.abs(angle) <= np.pi) & counts & kinds & np.isfinite(residual)


PARTS = {
    "rotated": Part(
        lambda seed: rotated(seed=100 + seed),
        50_000,
        ("normals-50", "normals-200", "zuko", "zuko-1"),
    ),
    "moons": Part(lambda _: KNOWN["moons"](), 20_000, ("normals-20",)),
    "mixed": Part(lambda _: KNOWN["mixed"](), 4_000, inside=_in_mixed),
}


def prepared(part: Part, seed: int, folder: Path) -> None:
    """Write the rows that every model gets, and those on which the divergence is measured."""
    known = part.table(seed)
    rows = known.draw(np.random.default_rng([seed, 1]), part.rows)
    test = known.draw(np.random.default_rng([seed, 2]), TEST)
    pd.DataFrame(rows, columns=list(known.names)).to_csv(folder / "rows.csv", index=False)
    for name, array in (("rows", rows), ("test", test), ("truth", known.log_prob(test))):
        np.save(folder / f"{name}.npy", array)


def wall(folder: Path, *words: str) -> tuple[float, str]:
    """The wall seconds of a fresh process of Python, and what it printed.

    Every process has an empty compilation cache: by default the command line keeps one.
    """
    kept = {k: v for k, v in os.environ.items() if not k.startswith("JAX_")}
    kept |= {"JAX_COMPILATION_CACHE_DIR": tempfile.mkdtemp(dir=folder)}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *words], capture_output=True, text=True,
        env=kept | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
    )  # fmt: skip
    seconds = time.perf_counter() - began
    if done.returncode:
        raise RuntimeError(done.stderr)
    return seconds, done.stdout


def ours(part: Part, seed: int, folder: Path) -> list[dict[str, Any]]:
    """Every recipe by default, the stack, and which of them ``compare`` would recommend."""
    seconds = {}
    for recipe in RECIPES:
        out = str(folder / recipe)
        words = ("fit", str(folder / "rows.csv"), recipe, "--out", out, "--seed", str(seed))
        seconds[recipe], _ = wall(folder, "-c", _FIT, *words)
    directories = {recipe: RunDirectory(folder / recipe) for recipe in RECIPES}
    first = directories[COMPARED[0]]
    rows = open_rows(first.config().rows, recorded=first.support)
    mixed = stack(folder / "stack", [directories[name] for name in COMPARED], rows)
    if mixed is not None:
        directories["stack"] = mixed
        seconds["stack"] = sum(seconds[name] for name in COMPARED)
    of_choice = {n: d for n, d in directories.items() if n in (*COMPARED, "stack")}
    validation = {n: -float(d.status.held_out or np.nan) for n, d in of_choice.items()}
    chosen = quickest_of_best(validation, seconds, len(rows.valid.x))
    return [
        _measured(part, seed, folder, load(directory.path))
        | {"model": name, "seconds": seconds[name], "recommended": name == chosen}
        for name, directory in directories.items()
    ]


def _measured(part: Part, seed: int, folder: Path, run: Run) -> dict[str, Any]:
    """The divergence from the truth, draws outside the support, and the mean of 2 q / (p + q)."""
    test, truth = np.load(folder / "test.npy"), np.load(folder / "truth.npy")
    found = _log_prob(run, test)
    possible = np.isfinite(found)
    excess = (truth - found)[possible]
    draws = np.asarray(run.sample(TEST, seed=seed + 1), np.float64)
    inside = part.inside(draws)
    log_p = np.full(TEST, -np.inf)
    log_p[inside] = part.table(seed).log_prob(draws[inside])
    logs = [found - truth, _log_prob(run, draws) - log_p]
    return {
        "divergence": float(np.mean(excess)), "error": float(np.std(excess) / len(excess) ** 0.5),
        "impossible": int(np.sum(~possible)), "outside": int(np.sum(~inside)),
        "ratio": ratio(logs), "control": ratio(logs, WRONG),
    }  # fmt: skip


def _log_prob(run: Run, x: np.ndarray) -> np.ndarray:
    """The log-density of each row, minus infinity outside the support that was found."""
    found = np.full(len(x), -np.inf)
    inside = run.problem.support.contains(x)
    found[inside] = run.log_prob(x[inside])
    return found


def ratio(log_ratios: list[np.ndarray], factor: float = 1.0) -> list[float]:
    """The mean of 2 q / (p + q) with its error, from log(q / p) of true rows and of draws."""
    terms = [2 * special.expit(logs + np.log(factor)) for logs in log_ratios]
    errors = [np.var(part, ddof=1) / len(part) for part in terms]
    return [float(np.mean([part.mean() for part in terms])), float(np.sum(errors) ** 0.5 / 2)]


def measure(name: str, seed: int) -> list[dict[str, Any]]:
    """All models of one part."""
    part = PARTS[name]
    with tempfile.TemporaryDirectory() as text:
        folder = Path(text)
        prepared(part, seed, folder)
        lines = [{"model": "start of a process", "seconds": wall(folder, "-c", _START)[0]}]
        for peer in part.peers:
            _, found = wall(folder, "-m", "studies.peers", peer, text, str(time.time()))
            lines.append({"model": peer} | json.loads(found))
            print(name, lines[-1], flush=True)
        lines += ours(part, seed, folder)
    return [{"part": name, "seed": seed} | line for line in lines]


def page(lines: list[dict[str, Any]]) -> str:
    """A table for each part and seed."""
    text = [
        "# Generated tables by default settings\n",
        "`python -m studies.generated`: divergence from the truth over 20,000 new rows, in nats, "
        "and wall seconds of a fresh process, two cores. `impossible` counts the rows to which a "
        "model gives no probability, which the divergence leaves out though it is infinite, and "
        "`outside` those of 20,000 draws that the truth cannot give. The mean of 2 q / (p + q) is "
        f"1 for a normalized density q that draws its own rows; the control is {WRONG} q. `*` is "
        "the model that `compare` would recommend; the seconds of the stack are those of its "
        "members. `realnvp` models no angles: it takes them for real numbers and says so.\n",
    ]
    for part, seed in dict.fromkeys((line["part"], line["seed"]) for line in lines):
        own = [line for line in lines if (line["part"], line["seed"]) == (part, seed)]
        text += [
            f"## {part}, seed {seed}, {PARTS[part].rows:,} rows\n",
            "| model | divergence | seconds | impossible | outside | 2 q / (p + q) | control |",
            "|---|--:|--:|--:|--:|--:|--:|",
            *map(_row, own), "",
        ]  # fmt: skip
        text += [_epochs(line) for line in own if line.get("history")]
    return "\n".join([*text, *_missed(lines), ""])


def _row(line: dict[str, Any]) -> str:
    star = " *" if line.get("recommended") else ""
    cells = [f"{line['divergence']:.4f} ± {line['error']:.4f}" if "divergence" in line else ""]
    cells += [f"{line['seconds']:.1f}", *(str(line.get(k, "")) for k in ("impossible", "outside"))]
    cells += [_ratio(line[key]) if key in line else "" for key in ("ratio", "control")]
    return f"| {line['model']}{star} | " + " | ".join(cells) + " |"


def _ratio(found: list[float]) -> str:
    return f"{found[0]:.4f} ± {found[1]:.4f}"


def _epochs(line: dict[str, Any]) -> str:
    passed = ", ".join(f"{found:.3f} ({seconds:.0f} s)" for seconds, found in line["history"])
    return f"{line['model']}, after each epoch: {passed}.\n"


def _missed(lines: list[dict[str, Any]]) -> list[str]:
    """The densities whose mean is not 1 within 4 errors, and controls whose mean is."""
    found = [line for line in lines if "ratio" in line]
    wrong = [_where(n) for n in found if abs(n["ratio"][0] - 1) > 4 * n["ratio"][1]]
    missed = [_where(n) for n in found if abs(n["control"][0] - 1) <= 4 * n["control"][1]]
    outside = [f"{_where(n)} {n['outside']}" for n in found if n["outside"]]
    return [
        f"- Not 1 within 4 errors: {len(wrong)} of {len(found)} densities. {'; '.join(wrong)}",
        f"- Controls that passed: {len(missed)} of {len(found)}. {'; '.join(missed)}",
        f"- Draws outside the support: {'; '.join(outside) or 'none'}.",
    ]


def _where(line: dict[str, Any]) -> str:
    return f"{line['part']} {line['seed']} {line['model']}"


def main(only: str = "", seed: int = 0, again: bool = False) -> None:
    """Measure what is missing and write the page."""
    lines = [json.loads(text) for text in LINES.read_text().splitlines()] if LINES.exists() else []
    for name in only.split(",") if only else PARTS:
        kept = [line for line in lines if (line["part"], line["seed"]) != (name, seed)]
        if len(kept) < len(lines) and not again:
            continue
        lines = [*kept, *measure(name, seed)]
        LINES.write_text("".join(json.dumps(line) + "\n" for line in lines))
    TABLE.write_text(page(lines), encoding="utf-8")
    print(page(lines))


if __name__ == "__main__":
    tyro.cli(main)
