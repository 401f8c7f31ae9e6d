"""``ground-state`` and ``measure``: what they write, and what they refuse."""

import json

import numpy as np
import pytest

from energeia.cli.main import main
from energeia.physics.quantum import mps
from energeia.physics.quantum.mps_files import load_mps, save_mps
from energeia.physics.quantum.povm import merge_to_pauli_4


def call(capsys, *words):
    with pytest.raises(SystemExit) as end:
        main([str(w) for w in words])
    said = capsys.readouterr()
    return end.value.code, said.out, said.err


def test_from_a_chain_to_shots(capsys, tmp_path):
    pytest.importorskip("tenpy")
    code, out, _ = call(capsys, "ground-state", "tfim:N=8", "-o", tmp_path / "mps.npz", "--json")
    assert code == 0
    answer = json.loads(out)
    assert answer["energy"]["kind"] == "upper bound"
    assert 0 <= answer["energy"]["value"] - answer["exact_energy"] + 1e-10 < 2e-10
    assert load_mps(tmp_path / "mps.npz").n_sites == 8
    shots = tmp_path / "shots.npz"
    words = ["measure", tmp_path / "mps.npz", "--povm", "pauli-4", "--shots", 50, "-o", shots]
    code, out, _ = call(capsys, *words, "--json")
    assert code == 0
    assert json.loads(out)["shots"] == 50
    with np.load(shots) as found:
        assert str(found["povm"]) == "pauli-4"
        six = 2 * found["bases"] + found["bits"]
        assert np.array_equal(found["outcomes"], merge_to_pauli_4(six))
    first = shots.read_bytes()
    assert call(capsys, *words)[0] == 0
    assert shots.read_bytes() == first
    call(capsys, *words, "--seed", 1)
    assert shots.read_bytes() != first


def test_an_incomplete_measurement_is_warned_of(capsys, tmp_path, caplog):
    save_mps(tmp_path / "ghz.npz", mps.ghz(3))
    words = ["measure", tmp_path / "ghz.npz", "--povm", "trine", "--shots", 4]
    assert call(capsys, *words, "-o", tmp_path / "x.npz")[0] == 0
    assert "not informationally complete" in caplog.text


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ([np.ones((1, 2, 3)), np.ones((2, 2, 1))], "bond 1 is 3 on its left and 2 on its right"),
        ([np.ones((1, 2, 2)), np.full((2, 2, 1), np.nan)], "site 1 holds NaN"),
        ([np.ones((1, 2, 1)), np.zeros((1, 2, 1))], "norm zero"),
        ([np.ones((2, 2, 2)), np.ones((2, 2, 2))], "bond 0 is 1"),
        ([np.ones((1, 2, 2)), np.ones((2, 3, 1))], "dimension 3"),
        ([np.array([["a"]])], "numbers of shape"),
    ],
    ids=["bonds", "nan", "zero", "periodic", "dimension", "text"],
)
def test_a_broken_state_is_refused(arrays, said, capsys, tmp_path):
    np.savez(tmp_path / "mps.npz", *arrays)
    code, out, err = call(capsys, "measure", tmp_path / "mps.npz", "-o", tmp_path / "shots.npz")
    assert (code, out) == (2, "")
    assert said in err
    assert not (tmp_path / "shots.npz").exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["measure", "no.npz"], "could not be read"),
        (["measure", "s.npz", "--povm", "pauly-4"], "did you mean 'pauli-4'"),
        (["measure", "s.npz", "--noise", "1.5"], "at most 1"),
        (["measure", "s.npz", "--shots", "0"], "at least 1"),
        (["measure", "s.npz", "-o", "shots.csv"], "does not end in .npz"),
        (["measure", "s.npz", "-o", "no/shots.npz"], "does not exist"),
        (["ground-state", "tfmi:N=4"], "did you mean 'tfim'"),
        (["ground-state", "tfim"], "no number of sites"),
        (["ground-state", "tfim:N=4", "--bond", "1"], "the least is 2"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else None,
)
def test_one_sentence_with_the_repair(words, said, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    save_mps(tmp_path / "s.npz", mps.ghz(3))
    code, out, err = call(capsys, *words)
    assert (code, out) == (2, "")
    assert said in err
    assert [p.name for p in tmp_path.iterdir()] == ["s.npz"]
