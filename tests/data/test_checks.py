import numpy as np
import pytest

from energeia.data import checks
from energeia.data.sources import open_data


def test_repeats_agree_with_a_count_of_tuples():
    rng = np.random.default_rng(0)
    for high, width in ((2, 3), (5, 4), (3, 12)):
        rows = rng.integers(0, high, (400, width))
        assert checks.repeated_rows(rows) == 400 - len({tuple(r) for r in rows.tolist()})
    assert checks.repeated_rows(rng.normal(size=(20_000, 2))) == 0


def test_permuted_columns_are_not_repeats():
    assert checks.repeated_rows(np.array([[1.0, 2.0], [2.0, 1.0], [0.0, 3.0]])) == 0


def test_bad_rows_in_blocks(monkeypatch):
    rows = np.random.default_rng(0).normal(size=(100, 3))
    rows[[3, 50, 99], [0, 1, 2]] = [np.nan, np.inf, -np.inf]
    monkeypatch.setattr(checks, "BLOCK_VALUES", 10)
    assert checks.bad_rows(rows).tolist() == [3, 50, 99]
    assert checks.bad_rows(np.arange(4)).size == 0


@pytest.mark.parametrize("phi", [0.5, 0.9])
def test_a_chain_is_told_from_independent_rows(phi):
    rng = np.random.default_rng(1)
    chain = np.zeros((20_000, 2))
    for i in range(1, len(chain)):
        chain[i] = phi * chain[i - 1] + rng.normal(size=2)
    tau, ordered = checks.row_autocorrelation(chain)
    truth = 0.5 + phi / (1 - phi)  # sum of phi^t
    assert ordered
    # Windows of 5 tau: relative error sqrt(2 (2 W + 1) / N), the largest of three is reported.
    assert abs(tau - truth) < 4 * truth * np.sqrt(2 * (10 * truth + 1) / len(chain))
    assert not checks.row_autocorrelation(rng.permutation(chain))[1]


def test_false_alarms_are_rare():
    alarms = [
        checks.row_autocorrelation(np.random.default_rng(s).normal(size=(500, 16)))[1]
        for s in range(100)
    ]
    assert sum(alarms) <= 1


def test_a_sorted_table_and_constant_rows():
    rows = np.sort(np.random.default_rng(0).normal(size=(300, 1)), axis=0)
    assert checks.row_autocorrelation(rows)[1]
    assert checks.row_autocorrelation(np.ones((300, 2))) == (0.5, False)


def test_a_column_that_numbers_the_rows(tmp_path):
    values = np.random.default_rng(0).normal(size=(300, 2))
    table = np.column_stack([np.arange(300), values])
    np.savetxt(tmp_path / "a.csv", table, delimiter=",", header=",p,q", comments="")
    (said,) = open_data(str(tmp_path / "a.csv")).warnings
    assert said.startswith("column 0 () only numbers the rows")
    table[200, 0] = 5
    assert checks.counting_columns(table) == []
