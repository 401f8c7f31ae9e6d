"""What the folder of a run says, also when some of its files are lost, torn or in use."""

import subprocess
import sys

import jax.numpy as jnp
import pytest

from energeia._core.errors import CorruptRun, InputError
from energeia.recipes.catalogue import RECIPES
from energeia.runs.storage import checkpoint
from energeia.runs.storage.config import DataConfig, RunConfig
from energeia.runs.storage.directory import RunDirectory, Status
from energeia.runs.storage.lock import is_locked, locked

HOLD = """
import sys
from energeia.runs.storage.lock import locked
from pathlib import Path
with locked(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def run(tmp_path):
    """A finished run of 20 rounds with its two checkpoints."""
    config = RunConfig(
        recipe="made", data=DataConfig(spec="x.npy"), options=RECIPES["made"].options()
    )
    directory = RunDirectory.create(tmp_path / "run", config)
    for number in (10, 20):
        header = {"round": number, "mode": "scan", "best_loss": None, "best_round": 0, "misses": 0}
        checkpoint.save(directory.checkpoints, {"w": jnp.zeros(2)}, header)
    directory.write("status.json", Status(state="finished", round=20, rounds=20))
    return directory


def test_a_whole_run_has_finished(run):
    assert run.status == Status(state="finished", round=20, rounds=20)


@pytest.mark.parametrize("end", [".json", ".safetensors"])
def test_a_run_without_its_last_checkpoint_has_not_finished(run, end):
    (run.checkpoints / f"000000020{end}").unlink()
    status = run.status
    assert status.state == "interrupted"
    assert "checkpoint of round 20 is missing" in status.message
    assert f"energeia resume {run.path}" in status.message


def test_a_run_that_nobody_trains_is_not_running(run):
    run.write("status.json", Status(state="running", round=10, rounds=20))
    assert run.status.state == "interrupted"
    assert "killed" in run.status.message
    with run.locked():
        assert run.status.state == "running"
    assert run.status.state == "interrupted"


@pytest.mark.process
def test_a_second_process_is_refused_until_the_first_one_dies(run):
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, run.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert is_locked(run.path)
        refused = pytest.raises(InputError, match=f"another process .pid {holder.pid}.: wait")
        with refused, locked(run.path):
            pass
    finally:
        holder.kill()
        holder.communicate()
    assert not is_locked(run.path)
    with locked(run.path):
        assert is_locked(run.path)


def test_left_overs_are_removed(run):
    for folder in (run.path, run.checkpoints):
        (folder / ".status.json.12345.part").write_bytes(b'{"st')
    run.tidy()
    assert not list(run.path.rglob("*.part"))
    assert run.status.state == "finished"


def test_damaged_rows_and_configurations_are_named_with_their_folder(run):
    (run.path / "samples.npy").write_bytes(b"\x93NUMPY\x01")
    with pytest.raises(CorruptRun, match=r"run/samples\.npy cannot be read"):
        run.load_rows("samples.npy")
    no_table = b'recipe = "made"\noptions = 3\ndata = {spec = ""}'
    damages = ((b"recipe = ", "not valid TOML"), (b"\xff\xfe", "is not text"),
               (b"recipe = 3", "recipe 3 is not known"), (no_table, "wanted"))  # fmt: skip
    for content, said in damages:
        (run.path / "config.toml").write_bytes(content)
        with pytest.raises(InputError, match=rf"run/config\.toml.*{said}"):
            run.config()
