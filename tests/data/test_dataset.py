import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.data import gather
from energeia.data.dataset import Selection, duplicate_warning, split
from energeia.data.sources import open_data
from energeia.support import Binary, Real, Support


@pytest.fixture
def data(tmp_path):
    rows = np.random.default_rng(0).normal(size=(103, 5))
    np.save(tmp_path / "a.npy", rows)
    return open_data(str(tmp_path / "a.npy"), condition_columns=[4, 1])


def test_parts_are_disjoint_and_complete(data):
    parts = split(data, seed=3)
    joined = np.concatenate(parts.indices)
    assert sorted(joined.tolist()) == list(range(103))
    assert [len(p) for p in parts[:3]] == [83, 10, 10]
    for part, indices in zip(parts[:3], parts.indices, strict=True):
        np.testing.assert_array_equal(part.rows, data.rows[indices])
        np.testing.assert_array_equal(part.condition, data.condition[indices])
        assert part.provenance.sha256 == data.provenance.sha256
    assert parts.train.provenance.part == "train of 0.8/0.1/0.1, seed 3"


def test_the_seed_decides(data):
    first, again, other = (split(data, seed=s).indices[2] for s in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_blocks_are_contiguous(data):
    parts = split(data, blocks=True)
    assert parts.indices[0].tolist() == list(range(83))
    assert parts.indices[2].tolist() == list(range(93, 103))


def test_conditions_leave_the_rows(data):
    assert data.rows.shape == (103, 3)
    assert data.columns == ("x0", "x2", "x3")
    assert data.condition_columns == ("x4", "x1")
    assert (data.layout, data.condition_dimension, data.dimension) == ((3,), 2, 3)


def test_too_few_rows_or_wrong_fractions(tmp_path, data):
    np.save(tmp_path / "b.npy", np.random.default_rng(0).normal(size=(9, 2)))
    with pytest.raises(InputError, match="9 rows where at least 10"):
        split(open_data(str(tmp_path / "b.npy")))
    with pytest.raises(InputError, match="sum 1"):
        split(data, fractions=(0.8, 0.1, 0.2))


def test_a_file_larger_than_memory_is_not_copied(tmp_path, monkeypatch):
    rows = np.random.default_rng(0).normal(size=(200, 4))
    np.save(tmp_path / "a.npy", rows)
    monkeypatch.setattr(gather, "IN_MEMORY", 100)
    data = open_data(str(tmp_path / "a.npy"))
    assert isinstance(data.rows, np.memmap)
    test = split(data).test
    assert isinstance(test.rows, Selection)
    indices = split(data).indices[2]
    assert test.rows.shape == (20, 4)
    np.testing.assert_array_equal(test.rows[3:7], rows[indices[3:7]])
    np.testing.assert_array_equal(test.rows[:, 1], rows[indices, 1])
    np.testing.assert_array_equal(np.asarray(test.rows), rows[indices])
    np.testing.assert_array_equal(test.take([1, 2]).rows[0:2], rows[indices[[1, 2]]])


def test_whole_numbers_and_single_precision_stay_exact(tmp_path):
    for dtype, kept in (("u1", "f4"), ("f4", "f4"), ("f8", "f8"), ("i8", "f8"), ("?", "f4")):
        np.save(tmp_path / "a.npy", np.random.default_rng(0).integers(0, 2, (60, 3)).astype(dtype))
        assert open_data(str(tmp_path / "a.npy")).rows.dtype == np.dtype(kept)


def test_repeats_are_warned_of(tmp_path):
    real = Support(((Real(), 3),))
    (said,) = duplicate_warning(7, 107, real)
    assert said.startswith("7 of 107 rows")
    assert duplicate_warning(0, 107, real) == ()
    (said,) = duplicate_warning(92, 100, Support(((Binary(), 3),)))
    assert "8 possible configurations" in said
    rows = np.random.default_rng(0).normal(size=(100, 3))
    np.save(tmp_path / "a.npy", np.r_[rows, rows[:7]])
    assert open_data(str(tmp_path / "a.npy")).warnings[0].startswith("7 of 107 rows")
