"""Do the tests that start processes pass every time, on one core and on all?

    python -m studies.process_tests

runs the tests marked ``process`` again and again, first with the session and what it starts held
on one core, then on every core there is. Writes ``studies/process_tests.md`` after every session;
ends with status 1 where a test did not pass every time.
"""

import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET
from collections import Counter
from pathlib import Path

import tyro

ROOT = Path(__file__).parents[1]
TABLE = Path(__file__).with_suffix(".md")
Passes = dict[int, Counter[str]]
"""How often each test passed, by the number of cores."""


def pytest_session(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-n", "0", "-m", "process", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


def process_tests() -> list[str]:
    """The tests marked ``process``, by node id."""
    listed = pytest_session("--collect-only", "tests")
    names = [line for line in listed.stdout.splitlines() if "::" in line]
    if listed.returncode or not names:
        raise SystemExit(f"the tests marked process could not be collected:\n{listed.stdout}")
    return names


def passed(files: list[str]) -> set[str]:
    """The node ids of the tests that pass in one session; the output of others is printed."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.xml"
        done = pytest_session("-o", "junit_family=xunit1", f"--junitxml={found}", *files)
        if done.returncode:
            print(done.stdout, done.stderr, flush=True)
        cases = list(ET.parse(found).iter("testcase"))
    return {f"{case.get('file')}::{case.get('name')}" for case in cases if not len(case)}


def table(names: list[str], passes: Passes, done: dict[int, int]) -> str:
    head = [
        "# Tests that start processes, again and again",
        "",
        "`python -m studies.process_tests`: how often each test passed in sessions held on "
        "so many cores.",
        "",
        "| test | " + " | ".join(f"{cores} core{'s' * (cores > 1)}" for cores in done) + " |",
        "|---|" + "---|" * len(done),
    ]
    rows = [
        f"| `{name}` | "
        + " | ".join(f"{passes[cores][name]} of {n}" for cores, n in done.items())
        + " |"
        for name in names
    ]
    return "\n".join([*head, *rows, ""])


def main(repetitions: int = 20) -> None:
    """Repeat, and write the table.

    Args:
        repetitions: sessions on each number of cores.
    """
    names = process_tests()
    files = sorted({name.split("::")[0] for name in names})
    available = sorted(os.sched_getaffinity(0))
    passes: Passes = {cores: Counter() for cores in sorted({1, len(available)})}
    done = dict.fromkeys(passes, 0)
    for cores in passes:
        os.sched_setaffinity(0, available[:cores])  # What this process starts inherits it.
        for _ in range(repetitions):
            passes[cores].update(passed(files))
            done[cores] += 1
            TABLE.write_text(table(names, passes, done), encoding="utf-8")
            print(f"{cores} cores: {done[cores]} of {repetitions} sessions", flush=True)
    failed = [n for n in names if any(passes[cores][n] < repetitions for cores in passes)]
    raise SystemExit("\n".join(["these did not pass every time:", *failed]) if failed else 0)


if __name__ == "__main__":
    tyro.cli(main)
