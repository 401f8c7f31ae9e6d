"""Runs each task in both libraries and writes ``benchmarks/parts.md``.

    python -m benchmarks.parts [--only TASK ...] [--output FILE]

Lines are those of the script that are not blank and not comments. Numbers agree where they differ
by less than four of their joint standard errors.
"""

import argparse
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
TASKS = {
    "chains": ("an energy of one's own, by MALA and HMC, with R-hat and ESS", "BlackJAX"),
    "log_z": ("log Z of it by annealing", "BlackJAX"),
    "fit": ("layers of one's choice fitted to an array", "FlowJAX"),
    "weights": ("exact weights of that flow against the energy", "FlowJAX"),
    "apart": ("a stored model in one's own jit and grad", "FlowJAX, Equinox"),
}
NUMBER = re.compile(r"^(?!#)(.+?) (-?\d\S*) (\d\S*)$", re.MULTILINE)


class Answer(NamedTuple):
    """What one script says, and how long it is."""

    lines: int
    numbers: dict[str, tuple[float, float]]
    notes: list[str]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", choices=TASKS, default=list(TASKS), metavar="TASK")
    parser.add_argument("--output", type=Path, default=HERE.parent / "parts.md")
    options = parser.parse_args()
    answers = {task: (run(f"{task}_energeia"), run(f"{task}_peer")) for task in options.only}
    text = page(answers)
    print(text)
    options.output.write_text(text)
    return int(not all(agree(*pair) for pair in answers.values()))


def run(name: str) -> Answer:
    """One script in a process of its own."""
    command = [sys.executable, "-m", f"benchmarks.parts.{name}"]
    print(name, file=sys.stderr, flush=True)
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE.parents[1])
    if done.returncode:
        print(f"{name} failed:\n{done.stderr}", file=sys.stderr)
    numbers = {m[1]: (float(m[2]), float(m[3])) for m in NUMBER.finditer(done.stdout)}
    notes = re.findall(r"^# (.*)$", done.stdout, re.MULTILINE)
    return Answer(lines_of(HERE / f"{name}.py"), numbers, notes)


def lines_of(path: Path) -> int:
    """Lines that are not blank and not comments."""
    lines = map(str.strip, path.read_text(encoding="utf-8").splitlines())
    return sum(bool(line) and not line.startswith("#") for line in lines)


def agree(ours: Answer, theirs: Answer) -> bool:
    """Whether every number is the same within four joint standard errors."""
    return bool(ours.numbers) and all(
        name in theirs.numbers and deviation(value, theirs.numbers[name]) < 4
        for name, value in ours.numbers.items()
    )


def deviation(first: tuple[float, float], second: tuple[float, float]) -> float:
    """The difference in joint standard errors."""
    return abs(first[0] - second[0]) / max(math.hypot(first[1], second[1]), 1e-12)


def page(answers: dict[str, tuple[Answer, Answer]]) -> str:
    lines = [
        "# Five tasks with the parts",
        "",
        "Written by `python -m benchmarks.parts`; the scripts are in `benchmarks/parts/`. Lines "
        "that are not blank and not comments; each peer's script is in the way of its own "
        "documentation. The target is exp(-8 (|x| - 2)^2) in two dimensions, log Z = 2.0637.",
        "",
        "| task | peer | lines, energeia | lines, peer | number | energeia | peer | differ by |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for task, (ours, theirs) in answers.items():
        first = f"{TASKS[task][0]} | {TASKS[task][1]} | {ours.lines} | {theirs.lines}"
        for name, value in ours.numbers.items():
            other = theirs.numbers.get(name, (math.nan, math.nan))
            sigma = deviation(value, other)
            shown = " | ".join(f"{v:.4f} +- {e:.4f}" for v, e in (value, other))
            lines.append(f"| {first} | {name} | {shown} | {sigma:.1f} sigma |")
            first = " | | | "
    lines += ["", "What else they printed:", ""]
    for task, pair in answers.items():
        for who, answer in zip(("energeia", "peer"), pair, strict=True):
            lines += [f"- {task}, {who}: {'; '.join(answer.notes)}"] if answer.notes else []
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
