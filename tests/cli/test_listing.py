"""`list` shows every run, whatever became of the others."""

import json

import pytest

from energeia.cli.main import main
from energeia.recipes.catalogue import RECIPES
from energeia.runs.storage.config import DataConfig, RunConfig
from energeia.runs.storage.directory import RunDirectory, Status


def call(capsys, *words):
    with pytest.raises(SystemExit) as end:
        main([str(w) for w in words])
    said = capsys.readouterr()
    return end.value.code, said.out, said.err


@pytest.fixture
def runs(tmp_path):
    for name in ("one", "two", "three"):
        options = RECIPES["made"].options()
        config = RunConfig(recipe="made", data=DataConfig(spec="moons"), options=options)
        directory = RunDirectory.create(tmp_path / name, config)
        directory.write("status.json", Status(state="interrupted", round=4, rounds=8))
    return tmp_path


@pytest.mark.parametrize("file", ["status.json", "config.toml", "evaluation.json"])
def test_one_damaged_run_does_not_hide_the_others(file, runs, capsys):
    (runs / "two" / file).write_bytes(b"\xff{")
    code, out, _ = call(capsys, "list", runs, "--json")
    assert code == 0
    lines = {line["run"].rpartition("/")[2]: line for line in json.loads(out)["runs"]}
    assert lines["two"]["state"] == "damaged"
    assert str(runs / "two" / file) in lines["two"]["message"]
    for name in ("one", "three"):
        assert lines[name]["state"] == "interrupted"
        assert lines[name]["round"] == "4/8"
    code, out, err = call(capsys, "list", runs)
    assert code == 0
    assert "damaged" in out
    assert file in err


def test_a_folder_that_is_not_there_is_refused_and_an_empty_one_is_said_to_be(tmp_path, capsys):
    code, out, err = call(capsys, "list", tmp_path / "nope")
    assert (code, out) == (2, "")
    assert "nope is not there" in err
    code, out, _ = call(capsys, "list", tmp_path)
    assert (code, out) == (0, f"no run in {tmp_path}\n")


def test_evaluate_without_a_run_is_refused(capsys):
    for command in ("evaluate", "report"):
        code, out, err = call(capsys, command)
        assert (code, out) == (2, "")
        assert "no run was named" in err


def test_an_options_file_that_is_no_text_is_one_sentence(runs, capsys):
    path = runs / "options.toml"
    path.write_bytes(b"\xff\xfe")
    code, _, err = call(capsys, "fit", "moons", "made", "--config", path)
    assert code == 2
    assert f"energeia: {path} is not text (byte 0 is not UTF-8)" in err
