"""The code and the commands of README and docs run, each document in a folder of its own."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from sybil import Sybil
from sybil.parsers.markdown import CodeBlockParser, PythonCodeBlockParser

from energeia.cli.main import main

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]


def shell(example):
    """Run the commands of an ``sh`` block; those that set the project up are the tests' own."""
    for line in example.parsed.splitlines():
        if line.startswith(("make ", "git clone", "cd ")):
            continue
        if line.startswith("energeia ") and not set(line) & set("|><;&*$"):
            called(line)
        else:
            spawned(line)


def called(line):
    """A command of the project in this process, which has imported what it needs."""
    with pytest.raises(SystemExit) as end:
        main(shlex.split(line, comments=True)[1:])
    assert end.value.code == 0, line


def spawned(line):
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        line, shell=True, capture_output=True, text=True, env={**os.environ, "PATH": path}
    )
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


SYBIL = Sybil(
    parsers=[PythonCodeBlockParser(), CodeBlockParser("sh", shell)],
    path=str(ROOT),
    patterns=["*.md"],
)


@pytest.mark.process
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_document_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for example in SYBIL.parse(path):
        example.evaluate()


@pytest.mark.process
@pytest.mark.parametrize("tail", ["", " | cat && false"])
def test_the_control_is_caught(tail, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    broken = tmp_path / "broken.md"
    broken.write_text(f"```sh\nenergeia inspect no-such-file.npy{tail}\n```\n")
    (example,) = SYBIL.parse(broken)
    with pytest.raises(AssertionError, match="no-such-file"):
        example.evaluate()
