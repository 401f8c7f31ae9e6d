"""Logs: an incomplete last line is tolerated, other damage is not."""

import json
import logging

import pytest

from energeia._core.errors import CorruptRun
from energeia.runs.storage import logs


@pytest.fixture
def path(tmp_path):
    for number in (10, 20, 30):
        logs.append(tmp_path / "metrics.jsonl", {"round": number, "loss": 1 / number})
    return tmp_path / "metrics.jsonl"


def rounds(path):
    return [entry["round"] for entry in logs.entries(path)]


def test_entries_come_back_in_order(path, tmp_path):
    assert rounds(path) == [10, 20, 30]
    assert logs.entries(tmp_path / "none.jsonl") == []


@pytest.mark.parametrize("cut", range(1, 24))
def test_a_torn_last_line_is_left_out(path, cut):
    path.write_bytes(path.read_bytes()[:-cut])
    # Without its line feed alone the entry is whole.
    assert rounds(path) == ([10, 20, 30] if cut == 1 else [10, 20])


@pytest.mark.parametrize("line", [b'{"round": 2', b"\xff\xfe", b"[20]", b'{"loss": 1}', b""])
def test_damage_in_the_middle_names_the_line(path, line):
    first, _, last, _ = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([first, line, last, b""]))
    with pytest.raises(CorruptRun, match=r"line 2 of .*metrics\.jsonl is damaged"):
        logs.entries(path)
    with pytest.raises(CorruptRun, match="line 2"):
        logs.rewind(path, 30)


def test_a_rewound_log_has_the_bytes_it_had(path, caplog):
    before = path.read_bytes()
    logs.append(path, {"round": 40, "loss": float("nan")})
    path.write_bytes(path.read_bytes() + b'{"round": 5')
    logs.rewind(path, 30)
    assert path.read_bytes() == before
    assert caplog.text == ""


def test_lost_entries_are_named(path, caplog):
    with caplog.at_level(logging.WARNING, "energeia"):
        logs.rewind(path, 50)
    assert "ends at round 30 but the checkpoint is of round 50" in caplog.text
    assert len([json.loads(line) for line in path.read_text().splitlines()]) == 3
