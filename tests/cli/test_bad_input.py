"""Bad input gets one sentence and status 2, and nothing is lost or left half-written."""

import json
import shutil
import signal

import numpy as np
import pytest

from energeia.cli import commands
from energeia.cli.main import _parse, main
from energeia.runs.storage.config import read_config

TINY = ["--training.rounds", "4", "--training.check-every", "2", "--training.batch", "16",
        "--training.checkpoint-every", "2"]  # fmt: skip


def call(capsys, *words):
    """Exit status, standard output and standard error of one command."""
    with pytest.raises(SystemExit) as end:
        main([str(w) for w in words])
    said = capsys.readouterr()
    return end.value.code, said.out, said.err


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run on two columns, one of them categorical."""
    folder = tmp_path_factory.mktemp("trained")
    rng = np.random.default_rng(0)
    rows = np.column_stack([rng.integers(0, 3, 200), rng.normal(size=200)])
    np.save(folder / "rows.npy", rows)
    with pytest.raises(SystemExit) as end:
        main(["fit", str(folder / "rows.npy"), "made", "--support", "0:categorical(0,1,2)",
              "--out", str(folder / "run"), "--json", *TINY])  # fmt: skip
    assert end.value.code == 0
    return folder


def refused(code, err, *words):
    sentences = [line for line in err.splitlines() if line.startswith("energeia: ")]
    assert code == 2
    assert len(sentences) == 1
    assert "Traceback" not in err
    for word in words:
        assert word in sentences[0]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["fti", "x.npy", "made"], ["did you mean 'fit'"]),
        (["fit", "moons", "spline-flwo"], ["did you mean 'spline-flow'"]),
        (["fit", "moons", "made", "--training.round", "3"], ["--training.rounds"]),
        (["inspect", "no-such.npy"], ["no-such.npy"]),
        (["fit", "isng:L=4", "made"], ["ising"]),
        (["fit", "ising:L=4,betta=1", "made"], ["beta"]),
        (["sample", "no-run"], ["no-run", "energeia list"]),
        (["resume", "no-run"], ["no-run"]),
        (["compare", "moons", "--recipes", "mad"], ["did you mean 'made'"]),
        (["compare", "moons", "--resume"], ["--out"]),
        (["fit"], ["DATA and RECIPE must come before", "made"]),
        (["fit", "moons"], ["energeia fit moons RECIPE", "made"]),
        (["fit", "--width", "3", "moons", "made"], ["DATA and RECIPE must come before"]),
        (["fit", "moons", "made", "extra"], ["extra", "see energeia fit --help"]),
        (["fit", "moons", "made", "--width"], ["'--width'", "Expected 1 value"]),
        (["fit", "moons", "made", "--width", "1.5"], ["--width", "'1.5'"]),
        (["fit", "moons", "made", "--training.mode", "fast"], ["'fast'", "'scan', 'step'"]),
        (["sample"], ["RUN is missing"]),
        (["score", "run"], ["DATA is missing"]),
        (["sample", "a" * 5000], ["File name too long"]),
        (["fit", "moons", "made", "--depth", "-3"], ["--depth was given -3: ", "at least 1"]),
        (["fit", "moons", "made", "--training.batch", "0"], ["--training.batch was given 0: "]),
        (["fit", "moons", "made", "--optimization.learning-rate", "nan"], ["a finite number"]),
        (["fit", "moons", "made", "--seed", "-1"], ["--seed was given -1: "]),
        (["inspect", "moons", "--seed", "18446744073709551617"], ["at most 4294967295"]),
        (["compare", "moons", "--scale", "-1"], ["--scale was given -1.0: ", "above 0"]),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else None,
)
def test_one_sentence_with_the_repair(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, err = call(capsys, *words)
    refused(code, err, *said)
    assert out == ""
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_the_traceback(capsys):
    code, _, err = call(capsys, "inspect", "no-such.npy", "--debug")
    assert code == 2
    assert "Traceback" in err


def test_a_batch_is_lowered_to_the_rows_that_are_there(capsys, tmp_path):
    np.save(tmp_path / "few.npy", np.random.default_rng(0).normal(size=(20, 2)))
    words = ["fit", tmp_path / "few.npy", "realnvp", "--out", tmp_path / "run", "--json"]
    code, _, err = call(capsys, *words, "--training.rounds", 2, "--training.check-every", 2)
    assert code == 0
    assert err.count("realnvp: batches of 16 in place of 128, all the training rows") == 1
    assert read_config(tmp_path / "run" / "config.toml").options.training.batch == 16


def test_a_recipe_that_does_not_fit_names_those_that_do(capsys, tmp_path):
    np.save(tmp_path / "real.npy", np.random.default_rng(0).normal(size=(400, 2)))
    code, _, err = call(
        capsys, "fit", tmp_path / "real.npy", "boltzmann", "--out", tmp_path / "run"
    )
    refused(code, err, "does not model real columns", "spline-flow")
    assert not (tmp_path / "run").exists()


def test_a_folder_with_a_run_is_not_overwritten(capsys, trained):
    before = {p: p.read_bytes() for p in (trained / "run").rglob("*") if p.is_file()}
    code, _, err = call(capsys, "fit", trained / "rows.npy", "made", "--out", trained / "run")
    refused(code, err, "already holds a run", "energeia resume")
    assert before == {p: p.read_bytes() for p in (trained / "run").rglob("*") if p.is_file()}


def test_changed_data_are_not_resumed(capsys, trained, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "moved")
    config = folder / "run" / "config.toml"
    config.write_text(config.read_text().replace(str(trained), str(folder)))
    status = json.loads((folder / "run" / "status.json").read_text())
    (folder / "run" / "status.json").write_text(json.dumps(status | {"state": "interrupted"}))
    rows = np.load(folder / "rows.npy")
    np.save(folder / "rows.npy", rows + np.array([0.0, 1.0]))
    code, _, err = call(capsys, "resume", folder / "run")
    refused(code, err, "have changed")
    np.save(folder / "rows.npy", rows)
    assert call(capsys, "resume", folder / "run")[0] == 0


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (np.zeros((5, 3)), "3"),
        (np.array([[7.0, 0.0]] * 5), "7"),
        (np.array([[1.0, np.nan]] * 5), "NaN"),
        (np.array([[1.0, "a"]] * 5, dtype=object), "object"),
    ],
    ids=["shape", "category", "nan", "object"],
)
def test_rows_that_do_not_fit_the_run_are_not_scored(rows, said, capsys, trained, tmp_path):
    np.save(tmp_path / "other.npy", rows, allow_pickle=True)
    scores = tmp_path / "scores.npy"
    code, _, err = call(capsys, "score", trained / "run", tmp_path / "other.npy", "-o", scores)
    refused(code, err, said)
    assert not scores.exists()


def test_a_broken_checkpoint_is_named_and_the_previous_one_used(capsys, trained, tmp_path, caplog):
    tensors = sorted((trained / "run" / "checkpoints").glob("*.safetensors"))
    assert len(tensors) == 2
    whole = tensors[-1].read_bytes()
    try:
        tensors[-1].write_bytes(whole[: len(whole) // 2])
        words = ["sample", trained / "run", "-n", 3, "-o", tmp_path / "x.npy"]
        assert call(capsys, *words)[0] == 0
        assert tensors[-1].name in caplog.text
        assert np.load(tmp_path / "x.npy").shape == (3, 2)
        first = tensors[0].read_bytes()
        tensors[0].write_bytes(b"")
        code, _, err = call(capsys, *words)
        refused(code, err, "only broken checkpoints")
        tensors[0].write_bytes(first)
    finally:
        tensors[-1].write_bytes(whole)


def test_samples_go_only_where_they_can(capsys, trained, tmp_path):
    code, _, err = call(capsys, "sample", trained / "run", "-o", tmp_path / "no" / "x.npy")
    refused(code, err, "does not exist")
    code, _, err = call(capsys, "sample", trained / "run", "-o", tmp_path / "x.pkl")
    refused(code, err, ".npy or .csv")
    code, _, err = call(capsys, "sample", trained / "run", "-n", 0, "-o", tmp_path / "x.npy")
    refused(code, err, "at least 1")
    code, _, err = call(
        capsys, "sample", trained / "run", "--condition", 1.0, "-o", tmp_path / "x.npy"
    )
    refused(code, err, "condition")
    for words, said in (
        (["--kernel", "mala", "--latent", "pullback"], "made has no latent space"),
        (["--kernel", "mala", "--truncation", 1.0], "leave out one of both"),
        (["--latent", "tilt"], "--kernel mala"),
        (["--temperature", 0.5], "fit one of"),
    ):
        code, _, err = call(capsys, "sample", trained / "run", *words, "-o", tmp_path / "x.npy")
        refused(code, err, said)
    assert list(tmp_path.iterdir()) == []


def test_a_table_of_samples_has_the_names_of_the_columns(capsys, trained, tmp_path):
    for name in ("x.npy", "x.csv"):
        assert call(capsys, "sample", trained / "run", "-n", 5, "-o", tmp_path / name)[0] == 0
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert lines[0] == "x0,x1"
    table = np.loadtxt(tmp_path / "x.csv", delimiter=",", skiprows=1)
    np.testing.assert_array_equal(table, np.load(tmp_path / "x.npy"))


def test_recipes_of_which_none_fits_are_refused(capsys, tmp_path):
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).normal(size=(400, 2)))
    words = ["compare", tmp_path / "rows.npy", "--recipes", "boltzmann", "--out", tmp_path / "runs"]
    code, _, err = call(capsys, *words)
    refused(code, err, "does not model real columns", "spline-flow")
    assert not (tmp_path / "runs").exists()


def test_columns_are_shown_and_declared_by_name(capsys, tmp_path):
    path = tmp_path / "t.csv"
    rows = np.random.default_rng(0).exponential(size=(50, 2))
    np.savetxt(path, rows, delimiter=",", header="lifetime,energy [GeV]", comments="")
    code, out, _ = call(capsys, "inspect", path, "--support", "lifetime:positive")
    assert code == 0
    assert "columns 0 (lifetime): positive" in out
    assert "columns 1 (energy [GeV]): real" in out
    code, _, err = call(capsys, "inspect", path, "--support", "lifetme:positive")
    refused(code, err, "did you mean 'lifetime'")


def test_json_is_one_object_and_nothing_else(capsys, trained, tmp_path):
    code, out, _ = call(capsys, "score", trained / "run", trained / "rows.npy", "--json")
    assert code == 0
    found = json.loads(out)["log_likelihood"]
    assert set(found) == {"value", "stderr", "kind", "n", "note"}
    assert found["kind"] == "exact"
    for words in (["inspect", "digits"], ["list", trained], ["report", trained / "run", "-o",
                  tmp_path / "r.html"]):  # fmt: skip
        code, out, _ = call(capsys, *words, "--json")
        assert code == 0
        assert isinstance(json.loads(out), dict)


def test_compare_prints_the_promised_object(capsys, tmp_path):
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).normal(size=(300, 2)))
    words = ["compare", tmp_path / "rows.npy", "--recipes", "made", "boltzmann", "gan",
             "--scale", "0.001", "--out", tmp_path / "runs", "--json"]  # fmt: skip
    code, out, err = call(capsys, *words)
    assert code == 0
    models = json.loads(out)["models"]
    assert json.loads(out)["skipped"] == {"boltzmann": "it does not model real columns"}
    assert "boltzmann is skipped: it does not model real columns" in err
    assert [m["recipe"] for m in models] == ["made", "gan"]
    wanted = {"recipe", "family", "log_likelihood", "two_sample", "seconds", "samples_per_second"}
    assert all(wanted <= set(m) for m in models)
    assert models[1]["log_likelihood"]["kind"] == "none"
    assert (tmp_path / "runs" / "report.html").is_file()
    code, _, err = call(capsys, *words)
    refused(code, err, "not empty", "--resume")
    assert call(capsys, *words, "--resume")[0] == 0


def test_the_command_alone_shows_lines_to_copy_that_parse(capsys):
    code, out, err = call(capsys)
    assert (code, out) == (2, "")
    lines = [line.strip().partition("   ")[0].split()[1:] for line in err.splitlines()
             if line.startswith("  energeia ")]  # fmt: skip
    assert len(lines) == 5
    for name, *words in lines[:-1]:
        assert _parse(name, words) is not None


@pytest.mark.parametrize(
    ("problem", "code", "said"),
    [
        (MemoryError(), 2, "more memory than there is"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 9 bytes."), 2, "more memory"),
        (PermissionError(13, "Permission denied", "/x"), 2, "/x cannot be used (Permission denied"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_the_machine_refuses_is_one_sentence(problem, code, said, capsys, monkeypatch):
    def fail(name, parsed):
        raise problem

    monkeypatch.setattr(commands, "run", fail)
    found, _, err = call(capsys, "list", ".")
    assert found == code
    assert said in err
    assert "Traceback" not in err


def test_a_defect_keeps_its_traceback(monkeypatch):
    def fail(name, parsed):
        raise RuntimeError("a defect")

    monkeypatch.setattr(commands, "run", fail)
    with pytest.raises(RuntimeError, match="a defect"):
        main(["list", "."])


def test_termination_interrupts_like_the_keyboard(capsys, monkeypatch):
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setattr(commands, "run", lambda name, parsed: signal.raise_signal(signal.SIGTERM))
    code, _, err = call(capsys, "list", ".")
    assert code == 130
    assert "interrupted" in err
    assert signal.getsignal(signal.SIGTERM) is before
