"""Rows go to a file as they come, with the size and time said before."""

import numpy as np
import pytest

from energeia.cli.using import write_blocks
from energeia.runs import progress


@pytest.fixture
def clock(monkeypatch):
    """A clock that a test moves."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def blocks(count, clock, seconds=1.0):
    for number in range(count):
        yield np.full((100, 2), float(number))
        clock[0] += seconds


def test_size_and_time_are_said_before_and_progress_between(tmp_path, clock, capsys):
    write_blocks(tmp_path / "x.npy", 4000, blocks(40, clock), quiet=False)
    first, *rest = capsys.readouterr().err.splitlines()
    assert first == "x.npy: 4,000 rows, about 64 kB and 38 s"
    assert rest[0] == "x.npy: 800 of 4,000 rows  32 s left"
    assert len(rest) == 6
    assert np.load(tmp_path / "x.npy").shape == (4000, 2)


def test_few_blocks_and_quiet_ones_are_silent(tmp_path, clock, capsys):
    write_blocks(tmp_path / "few.npy", 400, blocks(4, clock), quiet=False)
    write_blocks(tmp_path / "quiet.npy", 4000, blocks(40, clock), quiet=True)
    assert capsys.readouterr().err == ""


def test_an_interruption_leaves_the_rows_so_far(tmp_path, clock):
    def stopped():
        yield from blocks(3, clock)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_blocks(tmp_path / "x.npy", 4000, stopped(), quiet=True)
    assert np.load(tmp_path / "x.partial.npy").shape == (300, 2)
    assert not (tmp_path / "x.npy").exists()
