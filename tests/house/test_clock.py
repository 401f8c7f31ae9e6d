"""No test depends on the speed of the machine: none reads a clock, sleeps or gives up in time."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
CLOCKS = {"time", "timeit", "datetime", "sched"}


def clocks(text):
    """Modules of clocks that a test imports, and arguments ``timeout``."""
    found = []
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Import(names=names):
                found += [a.name for a in names if a.name in CLOCKS]
            case ast.ImportFrom(module=module) if module in CLOCKS:
                found.append(module)
            case ast.keyword(arg="timeout"):
                found.append("timeout")
    return found


@pytest.mark.parametrize("path", TESTS, ids=lambda p: str(p.relative_to(ROOT / "tests")))
def test_no_test_uses_a_clock(path):
    assert clocks(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize("text", ["import time", "from time import sleep", "run(x, timeout=9)"])
def test_the_control_is_caught(text):
    assert len(clocks(text)) == 1
