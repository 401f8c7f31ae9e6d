"""Measures energeia and other libraries, in one run, and writes ``benchmarks/results.md``.

    python -m benchmarks.run [--quick] [--threads N] [--repeats N] [--seconds S] [--only ROW ...]

Each contender of each row runs in a separate process, one at a time, alternating (A B C A B C ...),
on the same cores. Numbers are medians over the repeats.
"""

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from benchmarks.machine import describe
from benchmarks.rows import ROWS, Row
from benchmarks.table import Results, page, section

HERE = Path(__file__).parent


def main() -> int:
    options = arguments()
    rows = [row for row in ROWS if not options.only or row.name in options.only]
    results: Results = {}
    for row in rows:
        results[row.name] = measured(row, options)
        print(section(row, results[row.name]), flush=True)
    settings = (
        f"{options.repeats} repeats of {options.seconds:g} s a measure, every contender on the "
        f"same {options.threads} core{'s' if options.threads > 1 else ''}"
    )
    text = page(rows, results, describe(options.threads), settings)
    if options.quick:
        print("quick: nothing written, and these numbers mean nothing", file=sys.stderr)
    else:
        options.output.write_text(text)
    return int(any(not found for row in rows for found in results[row.name].values()))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="only see that every contender runs")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0, help="for each measure and repeat")
    parser.add_argument("--only", nargs="+", choices=[row.name for row in ROWS], metavar="ROW")
    parser.add_argument("--output", type=Path, default=HERE / "results.md")
    options = parser.parse_args()
    if options.quick:
        options.repeats, options.seconds, options.threads = 1, 0.05, 1
    return options


def measured(row: Row, options: argparse.Namespace) -> dict[str, list[dict]]:
    """The answers of every contender; fewer where one failed."""
    answers: dict[str, list[dict]] = {name: [] for name in row.contenders}
    for repeat in range(options.repeats):
        for name in row.contenders:
            note = f"{row.name}: {name}, repeat {repeat + 1} of {options.repeats}"
            print(note, file=sys.stderr, flush=True)
            answer = asked(row.name, name, options)
            if answer is not None:
                answers[name].append(answer)
    return answers


def asked(row: str, contender: str, options: argparse.Namespace) -> dict | None:
    """One process, one answer; None, with its last output, if it failed."""
    command = [sys.executable, "-m", "benchmarks.worker", row, contender]
    command += [str(options.seconds), str(options.threads)]
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        print(f"{row}: {contender} failed: {last}", file=sys.stderr)
        return None
    return json.loads(done.stdout.strip().splitlines()[-1])


if __name__ == "__main__":
    sys.exit(main())
