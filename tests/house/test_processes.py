"""Tests that start a process are marked ``process``: ``studies.process_tests`` repeats them."""

import ast
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = {"subprocess", "multiprocessing", "concurrent.futures"}
OF_OS = {"fork", "forkpty", "popen", "posix_spawn", "posix_spawnp", "spawnv", "spawnve", "system"}
BY_OS = "a function of os that starts a process"
TESTS = sorted((ROOT / "tests").rglob("test_*.py"))


def starters(tree, starting_names):
    """Module-level names whose use starts a process, to a fixed point over what they use.

    ``starting_names`` gives those of another module, by its dotted name.
    """
    found = {BY_OS}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {(a.asname or a.name).split(".")[0] for a in node.names if a.name in MODULES}
        elif isinstance(node, ast.ImportFrom) and node.module:
            every = node.module in MODULES
            there = starting_names(node.module)
            found |= {a.asname or a.name for a in node.names if every or a.name in there}
    while True:
        more = {name for name, node in definitions(tree) if uses(node) & found}
        if more <= found:
            return found - {BY_OS}
        found |= more


def definitions(tree):
    """Names that a module binds by a function, a class or an assignment, with the code of each."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node
        elif isinstance(node, ast.Assign):
            for name in node.targets:
                yield from ((n.id, node) for n in ast.walk(name) if isinstance(n, ast.Name))


def uses(node):
    """Names and fixtures that code reads."""
    found = set()
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name) | ast.arg(arg=name):
                found.add(name)
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in OF_OS:
                found.add(BY_OS)
    return found


@cache
def starting_names(module):
    """The names of a module of this repository that start a process; none of any other."""
    path = ROOT.joinpath(*module.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return starters(ast.parse(file.read_text(encoding="utf-8")), starting_names)
    return set()


def is_marked(node):
    return any("pytest.mark.process" in ast.unparse(d) for d in node.decorator_list)


def wrongly_marked(text):
    """Tests that start a process without the mark, or carry it without starting one."""
    tree = ast.parse(text)
    found = starters(tree, starting_names)
    return [
        name
        for name, node in definitions(tree)
        if name.startswith("test_") and is_marked(node) != (name in found)
    ]


@pytest.mark.parametrize("path", TESTS, ids=lambda p: str(p.relative_to(ROOT / "tests")))
def test_tests_that_start_processes_are_marked(path):
    wrong = wrongly_marked(path.read_text(encoding="utf-8"))
    assert not wrong, f"mark with @pytest.mark.process what starts a process, alone: {wrong}"


DIRECT = "import subprocess\ndef test_it():\n    subprocess.run(['true'])\n"
HELPER = "import os\ndef go():\n    os.system('true')\nGO = go\ndef test_it():\n    GO()\n"
FIXTURE = "from subprocess import run\ndef go():\n    run([])\ndef test_it(go):\n    pass\n"
STALE = "import os\n@pytest.mark.process\ndef test_it():\n    assert os.environ\n"


@pytest.mark.parametrize("text", [DIRECT, HELPER, FIXTURE, STALE])
def test_the_control_is_caught(text):
    assert wrongly_marked(text) == ["test_it"]
    other = text.replace("@pytest.mark.process\n", "")
    marked = text.replace("def test_it", "@pytest.mark.process\ndef test_it")
    assert wrongly_marked(other if text == STALE else marked) == []
