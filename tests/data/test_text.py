"""Tables are written so that they can be read again."""

import numpy as np
import pytest

from energeia.data.text import read_text, write_text


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("names", [(), ("mass [GeV]", 'a "b", c')])
def test_a_table_comes_back_with_its_names_and_every_bit(tmp_path, dtype, names):
    rng = np.random.default_rng(0)
    rows = (rng.normal(size=(200, 2)) * 10.0 ** rng.integers(-30, 30, (200, 2))).astype(dtype)
    rows[:3] = [[0.1, 3.0], [-0.0, 1e-30], [1 / 3, 2**24]]
    with (tmp_path / "x.csv").open("wb") as stream:
        write_text(stream, rows, names)
    values, found, _ = read_text(tmp_path / "x.csv")
    assert found == (names or None)
    np.testing.assert_array_equal(values.astype(dtype), rows)
    # A decimal number is the same number again in the double precision of a reader.
    assert values[0].tolist() == [0.1, 3.0]


def test_names_that_read_as_numbers_do_not_become_a_row(tmp_path):
    rows = np.array([[1.5, 2.5]])
    with (tmp_path / "x.csv").open("wb") as stream:
        write_text(stream, rows, ("1", "b"))
    values, found, _ = read_text(tmp_path / "x.csv")
    assert found is None
    np.testing.assert_array_equal(values, rows)
