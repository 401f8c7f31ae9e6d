"""A run that loses power while it writes a file ends in the bytes of an uninterrupted one.

The moment is counted in operations of the disk, never timed; ``studies/kills.py`` does the same at
every operation of a run, by killed processes.
"""

import logging
import os
import subprocess
import sys

import pytest
from studies.faults import KILLED, FailingDisk, Operation, PowerCut, power_cut
from studies.kills import content

import energeia
from energeia._core.errors import InputError
from energeia.runs import runner
from energeia.runs.storage import files
from energeia.runs.storage.directory import RunDirectory

OPTIONS = {
    "width": 16,
    "training": {"rounds": 8, "check_every": 2, "checkpoint_every": 2, "batch": 32, "patience": 0},
}
POINTS = {
    "a metrics entry": Operation("write", "metrics.jsonl"),
    "between the arrays and their header": Operation("write", "000000004.json"),
    "the status": Operation("write", "status.json"),
}


def fit(folder, disk, monkeypatch):
    monkeypatch.setattr(files, "disk", disk)
    return energeia.fit("ising:L=2,n=300", "made", out=folder, options=OPTIONS, quiet=True)


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """An uninterrupted run, and every operation that it made."""
    folder, recorder = tmp_path_factory.mktemp("straight") / "run", FailingDisk()
    with pytest.MonkeyPatch.context() as patch:
        fit(folder, recorder.disk(), patch)
    return content(folder), recorder.operations


def parts(folder):
    return [path.name for path in folder.rglob("*.part")]


@pytest.mark.parametrize("point", POINTS)
def test_a_torn_write_is_made_good(point, straight, tmp_path, monkeypatch):
    whole, operations = straight
    moments = [n for n, made in enumerate(operations, 1) if made == POINTS[point]]
    # In the middle of the training, so that there is something to go back to and to do.
    moment = moments[len(moments) // 2]
    failing = FailingDisk(moment, power_cut)
    folder = tmp_path / "run"
    with pytest.raises(PowerCut):
        fit(folder, failing.disk(), monkeypatch)
    assert failing.operations == operations[:moment]
    torn = content(folder)
    assert parts(folder) or torn["metrics.jsonl"][-1:] != b"\n"
    assert RunDirectory(folder).status.state == "interrupted"
    monkeypatch.setattr(files, "disk", files.Disk())
    energeia.resume(folder, quiet=True)
    assert content(folder) == whole
    assert parts(folder) == []
    # The control: what the cut left is told apart by the same comparison.
    assert torn != whole


def test_a_disk_that_is_full_is_one_sentence_and_leaves_no_part(straight, tmp_path, monkeypatch):
    _, operations = straight

    def full():
        failing.dead = False
        raise OSError(28, "No space left on device")

    moment = operations.index(Operation("write", "000000004.safetensors")) + 1
    failing = FailingDisk(moment, full)
    with pytest.raises(InputError, match=r"No space left on device\): free some space"):
        fit(tmp_path / "run", failing.disk(), monkeypatch)
    assert parts(tmp_path) == []


def test_a_run_stopped_before_its_first_check_knows_its_rounds(tmp_path, monkeypatch):
    def stop(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(runner, "build", stop)
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path / "run", files.disk, monkeypatch)
    status = RunDirectory(tmp_path / "run").status
    assert (status.state, status.round, status.rounds) == ("interrupted", 0, 8)
    assert status.message == "stopped by the user"


def test_a_finished_run_without_its_last_checkpoint_is_trained_to_the_same_end(
    straight, tmp_path, monkeypatch, caplog
):
    whole, _ = straight
    run = fit(tmp_path / "run", files.disk, monkeypatch)
    (run.directory.checkpoints / "000000008.json").unlink()
    with caplog.at_level(logging.WARNING, "energeia"):
        energeia.load(run.path)
    assert "its checkpoint of round 8 is missing" in caplog.text
    assert "trains on from round 6" in caplog.text
    energeia.resume(run.path, quiet=True)
    assert content(run.path) == whole


@pytest.mark.process
def test_a_process_on_a_failing_disk_ends_there(tmp_path):
    words = ["fit", "moons:n=50", "made", "--out", "run", "--training.batch", "8"]
    done = subprocess.run(
        [sys.executable, "-m", "studies.faults", "1", *words],
        cwd=tmp_path, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
    )  # fmt: skip
    assert done.returncode == KILLED
    assert [path.name.split(".")[1] for path in (tmp_path / "run").iterdir() if path.is_file()] == [
        "config"
    ]
