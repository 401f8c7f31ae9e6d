import gzip
import struct

import h5py
import numpy as np
import pytest

from energeia.data.readers import read

ROWS = np.random.default_rng(1).normal(size=(6, 4))


def test_every_kind_gives_the_same_rows(tmp_path):
    np.save(tmp_path / "a.npy", ROWS)
    np.savez_compressed(tmp_path / "a.npz", rows=ROWS, other=ROWS + 1)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["deep/rows"] = ROWS
    np.savetxt(tmp_path / "a.csv", ROWS, delimiter=",", header="a,b,c,d", comments="")
    np.savetxt(tmp_path / "a.txt", ROWS)
    header = struct.pack(">I", 0x0E02) + struct.pack(">II", 6, 4)
    idx = gzip.compress(header + ROWS.astype(">f8").tobytes())
    (tmp_path / "a-ubyte.gz").write_bytes(idx)
    for spec in ("a.npy", "a.npz:rows", "a.h5", "a.h5:/deep/rows", "a.h5:deep/rows", "a.csv",
                 "a.txt", "a-ubyte.gz"):  # fmt: skip
        table = read(str(tmp_path / spec))
        np.testing.assert_array_equal(np.asarray(table.values), ROWS, err_msg=spec)
        assert table.alike is (spec not in ("a.csv", "a.txt")), spec
        assert table.names == (("a", "b", "c", "d") if spec == "a.csv" else None)


def test_an_array_for_each_column_is_a_table(tmp_path):
    columns = {"mass": np.arange(6) * 0.5, "charge": np.array([0, 1, 0, 1, 1, 0])}
    np.savez(tmp_path / "a.npz", **columns)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.update(columns)
    for name, order in (("a.npz", ["mass", "charge"]), ("a.h5", ["charge", "mass"])):
        table = read(str(tmp_path / name))
        assert table.names == tuple(order)
        assert not table.alike
        np.testing.assert_array_equal(table.values, np.stack([columns[n] for n in order], 1))
        assert read(f"{tmp_path / name}:mass").values.shape == (6,)


def test_npy_is_mapped_not_read(tmp_path):
    np.save(tmp_path / "a.npy", ROWS)
    assert isinstance(read(str(tmp_path / "a.npy")).values, np.memmap)


def test_fields_become_columns(tmp_path):
    fields = np.zeros(5, dtype=[("mass", "f8"), ("charge", "i4")])
    fields["charge"] = np.arange(5)
    np.save(tmp_path / "a.npy", fields)
    table = read(str(tmp_path / "a.npy"))
    assert table.names == ("mass", "charge")
    np.testing.assert_array_equal(table.values[:, 1], np.arange(5))


@pytest.mark.parametrize(
    ("text", "names", "rows"),
    [
        ("1;2\n3;4\n", None, [[1, 2], [3, 4]]),
        ("# made by hand\nx\ty\n1\t2\n", ("x", "y"), [[1, 2]]),
        ('"a b","c"\n"1","2e3"\n', ("a b", "c"), [[1, 2000]]),
        ("\ufeffx,y\n1,nan\n,4\n", ("x", "y"), [[1, np.nan], [np.nan, 4]]),
        ("1 2\n  3   4\n", None, [[1, 2], [3, 4]]),
        ("7\n8\n", None, [[7], [8]]),
    ],
)
def test_text(tmp_path, text, names, rows):
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    table = read(str(tmp_path / "a.csv"))
    assert table.names == names
    np.testing.assert_array_equal(table.values, rows)
