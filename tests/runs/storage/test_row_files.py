"""Files of rows are valid at every moment and hold what was written."""

import shutil

import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.runs.storage.row_files import bytes_of, growing, partial_path, require_room

ROWS = np.random.default_rng(0).normal(size=(10, 2, 3)).astype(np.float32)


def read(path):
    if path.suffix == ".npy":
        return np.load(path, allow_pickle=False)
    return np.loadtxt(path, delimiter=",", skiprows=1, dtype=np.float32).reshape(-1, 2, 3)


NAMES = tuple("abcdef")


@pytest.mark.parametrize("end", [".npy", ".csv"])
def test_blocks_join_to_the_file_of_all_rows(end, tmp_path):
    path = tmp_path / f"x{end}"
    with growing(path, 10, NAMES) as file:
        for start in range(0, 10, 4):
            file.write(ROWS[start : start + 4])
            # What is on the disk is valid before the end, whatever happens next.
            assert np.array_equal(read(partial_path(path)), ROWS[: start + 4])
            assert not path.exists()
    assert np.array_equal(read(path), ROWS)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]
    if end == ".npy":
        np.save(tmp_path / "whole.npy", ROWS)
        assert path.read_bytes() == (tmp_path / "whole.npy").read_bytes()


@pytest.mark.parametrize("end", [".npy", ".csv"])
def test_a_stop_keeps_the_rows_so_far_and_says_how_many(end, tmp_path, caplog):
    path = tmp_path / f"x{end}"
    path.write_text("old")
    writing = growing(path, 10, NAMES)
    writing.__enter__().write(ROWS[:4])
    assert not writing.__exit__(KeyboardInterrupt, KeyboardInterrupt(), None)
    assert np.array_equal(read(tmp_path / f"x.partial{end}"), ROWS[:4])
    assert f"the first 4 of 10 rows are in {tmp_path / f'x.partial{end}'}" in caplog.text
    assert path.read_text() == "old"


def test_a_stop_before_the_first_row_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), growing(tmp_path / "x.npy", 10):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_more_rows_than_the_disk_has_room_for_are_refused(tmp_path):
    path, free = tmp_path / "x.npy", shutil.disk_usage(tmp_path).free
    with pytest.raises(InputError, match=r"ask for at most [0-9]+ rows"):
        require_room(path, 2 * free, ROWS)
    assert require_room(path, 10, ROWS) == ROWS.nbytes


def test_the_size_of_text_is_about_that_of_the_file(tmp_path):
    path = tmp_path / "x.csv"
    with growing(path, 10) as file:
        file.write(ROWS)
    assert bytes_of(path, 10, ROWS) == pytest.approx(path.stat().st_size, rel=0.1)
