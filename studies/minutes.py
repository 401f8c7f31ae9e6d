"""How well a run keeps to its minutes: five recipes on two data sets, each in a fresh process.

    python -m studies.minutes [MINUTES]

Patience is 0, since early stopping ends a run before its minutes. The clock is the processor time
of the process, both for the run and for the measurement: the cores are shared, and a training that
begins while they are idle takes longer by the wall once they are not. The time is that of ``fit``
without the import of JAX, with the reading of the rows. Written to ``studies/minutes.md``.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

RECIPES = ("made", "realnvp", "vae", "gan", "ebm")
SUBJECTS = ("moons:n=2000", "digits")
_NOTE = """\
By the wall, a run took up to twice its minutes while other work had the cores: a trial
cannot foresee that. Where compiling twice takes longer than the minutes, a run takes longer
and says so before it trains.
"""
_FIT = """
import sys, time
import energeia, jax
from energeia._core import clock
from energeia.runs.timing import stored
subject, recipe, minutes, folder = sys.argv[1:]
jax.numpy.zeros(1).block_until_ready()
clock.clock = clock.Clock(now=time.process_time)
began, wall = time.process_time(), time.perf_counter()
run = energeia.fit(subject, recipe, minutes=float(minutes), out=folder, quiet=True,
                   options={"training": {"patience": 0}})
seconds, wall = time.process_time() - began, time.perf_counter() - wall
timing = stored(run.directory)
print(seconds, timing.seconds, timing.rounds, timing.costs.again, wall)
"""


class Line(NamedTuple):
    """One run: the seconds it took, those expected, rounds, those expected of the second
    compilation, and seconds by the wall."""

    subject: str
    recipe: str
    seconds: float
    expected: float
    rounds: int
    again: float
    wall: float


def measure(subject: str, recipe: str, minutes: float) -> Line:
    """Fit in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        words = [subject, recipe, str(minutes), str(Path(folder) / "run")]
        done = subprocess.run(
            [sys.executable, "-c", _FIT, *words], capture_output=True, text=True, check=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        )  # fmt: skip
    seconds, expected, rounds, again, wall = done.stdout.split()
    return Line(
        subject, recipe, float(seconds), float(expected), int(rounds), float(again), float(wall)
    )


def table(lines: list[Line], minutes: float) -> str:
    """The lines as Markdown."""
    head = "| data | recipe | rounds | compiling again, s | expected, s | taken, s "
    head += "| taken / asked | wall, s |"
    rows = [
        f"| {n.subject} | {n.recipe} | {n.rounds:,} | {n.again:.1f} | {n.expected:.0f} | "
        f"{n.seconds:.0f} | {n.seconds / (60 * minutes):.2f} | {n.wall:.0f} |"
        for n in lines
    ]
    return "\n".join([head, "|---|---|--:|--:|--:|--:|--:|--:|", *rows])


def main(minutes: float = 1.0) -> None:
    """Measure and write the page."""
    lines = []
    for subject in SUBJECTS:
        for recipe in RECIPES:
            lines.append(measure(subject, recipe, minutes))
            print(lines[-1], flush=True)
    worst = max(abs(line.seconds / (60 * minutes) - 1) for line in lines)
    text = f"# Minutes asked for and taken\n\n`python -m studies.minutes {minutes:g}`, in "
    text += "processor time on two cores that other work shares (the last column is by the wall).\n"
    text += f"The largest deviation is {worst:.0%}.\n\n{table(lines, minutes)}\n"
    text += f"\n{_NOTE}"
    Path(__file__).with_suffix(".md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
