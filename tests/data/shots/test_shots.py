"""Shots in every form come out the same; what cannot be told is asked, what is wrong is refused."""

import json

import h5py
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.data.shots.measurements import Shots, save_shots
from energeia.data.shots.readers import read_shots

RNG = np.random.default_rng(0)
BASES, BITS = RNG.integers(0, 3, (40, 5)), RNG.integers(0, 2, (40, 5))
RAW = Shots.from_raw(BASES, BITS)
CODES = RAW.pauli_4().outcomes
ONE_HOT = np.eye(4)[CODES]


def written(folder, name, values):
    path = folder / name
    if path.suffix == ".npy":
        np.save(path, values)
    elif path.suffix == ".npz":
        np.savez(path, **values)
    elif path.suffix == ".csv":
        np.savetxt(path, values, delimiter=",", fmt="%d")
    elif path.suffix == ".json":
        path.write_text(json.dumps(values))
    else:
        with h5py.File(path, "w") as file:
            for key, value in values.items():
                file[key] = value
    return path


FORMS = {
    "zero.npy": CODES,
    "one.npy": CODES + 1,
    "zero.csv": CODES,
    "hot.npy": ONE_HOT,
    "flat.csv": ONE_HOT.reshape(40, -1),
    "pair.npy": np.stack([BASES, 1 - 2 * BITS], axis=-1),
    "lane.npy": np.stack([BITS, BASES]),
    "lane.npz": {"bits": BITS, "recipes": BASES},
    "raw.h5": {"bases": BASES, "signs": 1 - 2 * BITS},
    "codes.h5": {"outcomes": CODES, "povm": "pauli-4"},
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_codes(name, tmp_path):
    shots = read_shots(written(tmp_path, name, FORMS[name]), "pauli-4")
    assert np.array_equal(shots.outcomes, CODES)
    assert (shots.povm, shots.alphabet, shots.outcomes.dtype) == ("pauli-4", 4, np.uint8)
    if name.startswith(("pair", "lane", "raw")):
        assert np.array_equal(shots.pauli_6().outcomes, 2 * BASES + BITS)


def test_saved_shots_come_back_with_their_raw_record(tmp_path):
    save_shots(tmp_path / "shots.npz", RAW.pauli_4())
    again = read_shots(tmp_path / "shots.npz")
    assert again.povm == "pauli-4"
    assert np.array_equal(again.outcomes, CODES)
    assert np.array_equal(again.pauli_6().outcomes, RAW.outcomes)
    assert read_shots(tmp_path / "shots.npz", "pauli-6").povm == "pauli-6"
    own = Shots.from_outcomes(CODES, "mine", 4)
    save_shots(tmp_path / "own.npz", own)
    assert read_shots(tmp_path / "own.npz").alphabet == 4


@pytest.mark.parametrize("order", ["left", "right"])
def test_counts_are_read_in_their_bit_order(order, tmp_path):
    step = 1 if order == "left" else -1
    counts = {"03111"[::step]: 6, "20000"[::step]: 3, "11111": 0}
    path = written(tmp_path, "counts.json", {"bit_order": order, "counts": counts})
    rows = read_shots(path, "pauli-4").outcomes
    assert sorted(map(tuple, rows.tolist())) == [(0, 3, 1, 1, 1)] * 6 + [(2, 0, 0, 0, 0)] * 3
    settings = {"XYZ"[::step]: {"010"[::step]: 4}, "ZZX"[::step]: {"110"[::step]: 5}}
    shots = read_shots(written(tmp_path, "s.json", settings), "pauli-4", bit_order=order)
    found = sorted(map(tuple, shots.pauli_6().outcomes.tolist()))
    assert found == [(0, 3, 4)] * 4 + [(5, 5, 0)] * 5


def test_lines_of_digits(tmp_path):
    path = tmp_path / "lines.txt"
    path.write_text("".join("".join(map(str, row)) + "\n" for row in CODES))
    assert np.array_equal(read_shots(path, "pauli-4").outcomes, CODES)
    path.write_text("0123\n012\n")
    with pytest.raises(InputError, match="3 to 4 digits"):
        read_shots(path, "pauli-4")


BAD = {
    "range.npy": (np.full((9, 3), 7), {}, "0 to 3"),
    "halves.npy": (np.full((9, 3), 0.5), {}, "whole numbers"),
    "base.npy": (np.ones((9, 3), int), {}, "start at 0 or at 1"),
    "few.npy": (CODES[:3], {}, "3 shots of a measurement with 4"),
    "form.npy": (np.zeros((2, 9, 2), int), {}, "raw or pennylane"),
    "none.npy": (CODES, {"povm": None}, "measurement of these outcomes is not known"),
    "name.npy": (CODES, {"povm": "mine"}, "how many outcomes"),
    "other.npz": ({"outcomes": CODES, "povm": "tetrahedral"}, {}, "holds tetrahedral"),
    "raw.npz": ({"bases": BASES, "bits": BITS + 1}, {}, "bits hold 2"),
    "shape.npz": ({"bases": BASES, "bits": BITS[:9]}, {}, "one basis and one bit"),
    "order.json": ({"01": 5, "22": 9}, {}, "order of bits"),
    "mixed.json": ({"01": 5, "2": 9}, {"bit_order": "left"}, "leading zeros"),
    "share.json": ({"01": 0.5}, {"bit_order": "left"}, "probabilities"),
    "hex.json": ({"0x1f": 5}, {"bit_order": "left"}, "one digit"),
    "empty.json": ({"ZZ": {}}, {"bit_order": "left"}, "without any count"),
    "zero.json": ({"01": 0}, {"bit_order": "left"}, "without any count"),
    "list.json": ({"counts": [1, 2]}, {"bit_order": "left"}, "no dictionary of counts"),
    "many.json": ({"01": 10**14}, {"bit_order": "left"}, "GiB of memory"),
    "basis.json": ({"XQ": {"01": 9}}, {"bit_order": "left"}, "X, Y, Z"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_with_the_repair(name, tmp_path):
    values, given, match = BAD[name]
    path = written(tmp_path, name, values)
    with pytest.raises(InputError, match=match):
        read_shots(path, **{"povm": "pauli-4", **given})


@pytest.mark.parametrize(
    ("name", "content", "match"),
    [
        ("deep.json", b"[" * 100_000 + b"]" * 100_000, "nested too deeply"),
        ("wide.json", '{"01": 5}'.encode("utf-16"), "UTF-16 text"),
        ("wide.txt", "0123\n".encode("utf-16"), "UTF-16 text"),
    ],
)
def test_text_that_is_no_counts_is_refused(name, content, match, tmp_path):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=match):
        read_shots(tmp_path / name, "pauli-4", bit_order="left")


def test_a_damaged_archive_is_named(tmp_path):
    path = tmp_path / "cut.npz"
    np.savez(path, outcomes=CODES)
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(InputError, match="truncated or damaged"):
        read_shots(path, "pauli-4")


def test_merged_outcomes_do_not_tell_bases():
    with pytest.raises(InputError, match="without bases"):
        Shots.from_outcomes(CODES, "pauli-4").raw()
