"""Every bad input gets one sentence that ends in a repair, and nothing is changed on disk."""

import gzip
import os
import pickle
import struct

import h5py
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.data.sources import open_data, open_like
from energeia.support import Integer, Support

GOOD = np.random.default_rng(0).normal(size=(50, 3))


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def saved(folder, name, array, **options):
    np.save(folder / name, array, **options)
    return str(folder / name)


def npz(folder, **arrays):
    np.savez(folder / "a.npz", **arrays)
    return str(folder / "a.npz")


def truncated(folder, name, make):
    path = make
    with open(path, "rb") as file:
        content = file.read()
    return write(folder, name, content[: 2 * len(content) // 3])


def hdf5(folder, **sets):
    with h5py.File(folder / "a.h5", "w") as file:
        for key, value in sets.items():
            file[key] = value
    return str(folder / "a.h5")


def with_shape(folder, shape):
    header = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    header = header.ljust(117) + "\n"
    return write(folder, "a.npy", b"\x93NUMPY\x01\x00\x76\x00" + header.encode() + bytes(80))


def linked(folder, target):
    (folder / "a.npy").symlink_to(target)
    return str(folder / "a.npy")


def pipe(folder):
    os.mkfifo(folder / "a.csv")
    return str(folder / "a.csv")


def with_nan(rows):
    values = GOOD.copy()
    values[list(rows), 0] = np.nan
    return values


def constant_column():
    values = GOOD.copy()
    values[:, 1] = 0.25
    return values


class Trap:
    """Unpickling this would leave a file behind."""

    def __reduce__(self):
        return (os.mkdir, ("trap-was-sprung",))


CASES = {
    "missing": (lambda d: str(d / "no.npy"), "does not exist"),
    "long name": (lambda d: "a" * 5000 + ".npy", "does not exist"),
    "null in name": (lambda d: "a\0b.npy", "does not exist"),
    "folder": (lambda d: str(d), "is a folder"),
    "empty npy": (lambda d: write(d, "a.npy", ""), "is empty"),
    "empty csv": (lambda d: write(d, "a.csv", "\n\n# nothing\n"), "no rows"),
    "names only": (lambda d: write(d, "a.csv", "a,b\n"), "no rows"),
    "truncated npy": (lambda d: truncated(d, "b.npy", saved(d, "a.npy", GOOD)), "truncated"),
    "truncated npz": (lambda d: truncated(d, "b.npz", npz(d, x=GOOD)), "truncated"),
    "truncated h5": (lambda d: truncated(d, "b.h5", hdf5(d, x=GOOD)), "truncated"),
    "truncated idx": (
        lambda d: write(d, "a-ubyte", struct.pack(">I", 0x803) + struct.pack(">III", 9, 9, 9)),
        "truncated",
    ),
    "truncated gz": (lambda d: write(d, "a-ubyte.gz", gzip.compress(b"12345" * 50)[:30]), "trunc"),
    "not an npy": (lambda d: write(d, "a.npy", "hello there, no numbers"), "damaged"),
    "npy header cut": (lambda d: write(d, "a.npy", b"\x93NUMPY\x01\x00\xff"), "damaged"),
    "not an npz": (lambda d: write(d, "a.npz", "hello there, no numbers"), "damaged"),
    "not an h5": (lambda d: write(d, "a.h5", "hello there, no numbers"), "damaged"),
    "object npy": (
        lambda d: saved(d, "a.npy", np.array([Trap(), None], object), allow_pickle=True),
        "Python objects",
    ),
    "object npz": (lambda d: npz(d, x=np.array([Trap(), None], object)), "Python objects"),
    "pickle in npy": (lambda d: write(d, "a.npy", pickle.dumps(GOOD)), "damaged"),
    "pickle": (lambda d: write(d, "a.pkl", pickle.dumps(GOOD)), "never loaded"),
    "unknown kind": (lambda d: write(d, "a.parquet", "PAR1"), "kind that is not read"),
    "text npy": (lambda d: saved(d, "a.npy", np.array(["a", "b"])), "<U1"),
    "complex": (lambda d: saved(d, "a.npy", GOOD + 1j), "complex"),
    "scalar": (lambda d: saved(d, "a.npy", np.array(3.0)), "shape ()"),
    "no rows": (lambda d: saved(d, "a.npy", np.zeros((0, 3))), "shape (0, 3)"),
    "one row": (lambda d: saved(d, "a.npy", GOOD[:1]), "one row"),
    "two arrays": (lambda d: npz(d, x=GOOD, y=GOOD), "2 arrays (x, y)"),
    "no such array": (lambda d: npz(d, x=GOOD) + ":z", "no 'z', only x"),
    "two datasets": (lambda d: hdf5(d, x=GOOD, y=GOOD), "2 datasets (/x, /y)"),
    "no such dataset": (lambda d: hdf5(d, x=GOOD) + ":/z", "only /x"),
    "key of npy": (lambda d: saved(d, "a.npy", GOOD) + ":x", "holds one array"),
    "word in csv": (lambda d: write(d, "a.csv", "p,q\n1,2\n3,up\n"), "line 3, column 1 (q)"),
    "short line": (lambda d: write(d, "a.csv", "1,2\n3\n"), "line 2 has 1 cells"),
    "mixed first line": (lambda d: write(d, "a.csv", "1,up\n3,4\n"), "both words and numbers"),
    "not text": (lambda d: write(d, "a.csv", b"\xff\xfe1,2"), "UTF-8"),
    "missing cell": (lambda d: write(d, "a.csv", "1,2\n3,\n5,6\n"), "1 of 3 rows (1)"),
    "nan row": (
        lambda d: saved(d, "a.npy", with_nan(range(3, 11))),
        "8 of 50 rows (3, 4, 5, 6, 7, ..",
    ),
    "infinity": (lambda d: saved(d, "a.npy", np.where(GOOD > 2, np.inf, GOOD)), "NaN or infinity"),
    "constant": (lambda d: saved(d, "a.npy", constant_column()), "--drop-columns 1"),
    "source": (lambda d: "isin:L=4", "did you mean 'ising'"),
    "parameter": (lambda d: "ising:bta=1", "did you mean 'beta'"),
    "value": (lambda d: "ising:L=four", "whole number"),
    "no value": (lambda d: "ising:L", "whole number"),
    "no parameters": (lambda d: "digits:n=3", "write digits alone"),
    "part": (lambda d: "mnist:part=tset", "did you mean 'test'"),
    "nan": (lambda d: "ising:beta=nan", "a finite number"),
    "inf": (lambda d: "ising:beta=inf", "a finite number"),
    "too many draws": (lambda d: "moons:n=10000000000000", "would take 298,023 GiB of memory"),
    "huge header": (lambda d: with_shape(d, (99999999999999999999, 5)), "truncated or damaged"),
    "negative header": (lambda d: with_shape(d, (-3, 5)), "truncated or damaged"),
    "dangling link": (lambda d: linked(d, "gone.npy"), "is a link to gone.npy"),
    "pipe": (lambda d: pipe(d), "is a pipe"),
    "device": (lambda d: linked(d, "/dev/zero"), "is a pipe, a socket or a device"),
    "utf-16": (lambda d: write(d, "a.csv", "1,2\n3,4\n".encode("utf-16")), "UTF-16 text"),
    "utf-16 bare": (lambda d: write(d, "a.csv", "1,2\n".encode("utf-16-le")), "not UTF-8"),
    "long cell": (lambda d: write(d, "a.csv", "1,2\n3," + "x" * 200_000), "'xxxxxx"),
    "unequal columns": (lambda d: npz(d, x=GOOD[:, 0], y=GOOD[1:, 0]), "2 arrays (x, y)"),
    "no draws": (lambda d: "ising:L=4,n=0", "at least 1"),
}


@pytest.mark.parametrize("name", CASES)
def test_one_sentence(name, tmp_path, monkeypatch):
    make, expected = CASES[name]
    spec = make(tmp_path)
    monkeypatch.chdir(tmp_path)
    before = {p: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()}
    with pytest.raises(InputError) as caught:
        open_data(spec)
    said = str(caught.value)
    assert expected in said
    assert "\n" not in said
    assert ": " in said.replace(spec, "")  # the repair follows a colon
    assert len(said) < 400 + len(spec)
    assert {p: p.read_bytes() for p in tmp_path.iterdir() if p.is_file()} == before
    assert not (tmp_path / "trap-was-sprung").exists()


def test_control_the_good_file_opens(tmp_path):
    data = open_data(saved(tmp_path, "a.npy", GOOD))
    assert data.rows.shape == (50, 3)
    assert data.warnings == ()


def test_folder_of_data_unset_or_wrong(monkeypatch, tmp_path):
    monkeypatch.delenv("ENERGEIA_DATA", raising=False)
    with pytest.raises(InputError, match="ENERGEIA_DATA"):
        open_data("mnist")
    monkeypatch.setenv("ENERGEIA_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match="not a folder"):
        open_data("binarized-mnist")
    monkeypatch.setenv("ENERGEIA_DATA", str(tmp_path))
    with pytest.raises(InputError, match="does not exist"):
        open_data("mnist")


def test_bad_rows_are_dropped_when_asked(tmp_path):
    data = open_data(saved(tmp_path, "a.npy", with_nan([4, 7])), drop_bad_rows=True)
    assert len(data) == 48
    assert data.provenance.dropped_rows == 2
    assert "2 of 50 rows" in data.warnings[0]
    with pytest.raises(InputError, match="every one of its 50 rows"):
        open_data(saved(tmp_path, "b.npy", with_nan(range(50))), drop_bad_rows=True)


def test_constant_columns_are_dropped_when_asked(tmp_path):
    spec = saved(tmp_path, "a.npy", constant_column())
    assert open_data(spec, drop_columns=[1]).rows.shape == (50, 2)
    with pytest.raises(InputError, match="no column 7"):
        open_data(spec, drop_columns=[7])
    with pytest.raises(InputError, match="no column of"):
        open_data(spec, drop_columns=[0, 1, 2])
    with pytest.raises(InputError, match="both dropped and a condition"):
        open_data(spec, drop_columns=[1], condition_columns=[1])


def test_declared_support_is_checked(tmp_path):
    spec = saved(tmp_path, "a.npy", GOOD)
    with pytest.raises(InputError, match="outside its support positive"):
        open_data(spec, support="0:positive")
    with pytest.raises(InputError, match="columns 0 to 2"):
        open_data(spec, support="5:positive")
    with pytest.raises(InputError, match="support of 2 columns"):
        open_data(spec, support=Support(((Integer(0, 3), 2),)))


def test_rows_for_a_trained_model(tmp_path):
    support = Support(((Integer(0, 4), 4),))
    good = np.tile(np.arange(5), (4, 1)).T.reshape(5, 2, 2)
    assert open_like(saved(tmp_path, "a.npy", good), support, (2, 2)).layout == (2, 2)
    assert len(open_like(saved(tmp_path, "o.npy", good[:1]), support, (2, 2))) == 1
    with pytest.raises(InputError, match=r"shape \(3,\) where the model was trained on .*\(2, 2\)"):
        open_like(saved(tmp_path, "b.npy", GOOD), support, (2, 2))
    with pytest.raises(InputError, match=r"column 0, row 4 holds 5"):
        open_like(saved(tmp_path, "c.npy", np.where(good == 4, 5, good)), support, (2, 2))


def test_a_dropped_column_may_hold_anything(tmp_path):
    spec = saved(tmp_path, "a.npy", with_nan([4, 7]))
    assert len(open_data(spec, drop_columns=[0])) == 50
    with pytest.raises(InputError, match=r"2 of 50 rows \(4, 7\)"):
        open_data(spec, condition_columns=[0])
    with pytest.raises(InputError, match=r"2 of 50 rows \(4, 7\)"):
        open_data(spec, rows=20)  # numbered as in the file, whichever rows were chosen
    data = open_data(spec, condition_columns=[0], drop_bad_rows=True, rows=20)
    assert data.condition is not None
    assert (len(data), data.condition.shape) == (20, (20, 1))
