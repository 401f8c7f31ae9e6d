"""The code and the commands of README and docs run, each document in a folder of its own."""

import shlex
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
        if not line.startswith(("make ", "git clone", "cd ", "#")):
            called(line)


def called(line):
    """A command of the project in this process, which has imported what it needs."""
    words = list(shlex.shlex(line, posix=True, punctuation_chars=True))
    assert words[0] == "energeia", line
    assert not set("|&;<>") & {word[0] for word in words if word}, f"{line} needs a shell"
    with pytest.raises(SystemExit) as end:
        main(shlex.split(line, comments=True)[1:])
    assert end.value.code == 0, line


SYBIL = Sybil(
    parsers=[PythonCodeBlockParser(), CodeBlockParser("sh", shell)],
    path=str(ROOT),
    patterns=["*.md"],
)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_document_runs(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for example in SYBIL.parse(path):
        example.evaluate()


@pytest.mark.parametrize("line", ["inspect no-such-file.npy", "sources | head"])
def test_the_control_is_caught(line, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    broken = tmp_path / "broken.md"
    broken.write_text(f"```sh\nenergeia {line}\n```\n")
    (example,) = SYBIL.parse(broken)
    with pytest.raises(AssertionError, match=line.split()[-1]):
        example.evaluate()
