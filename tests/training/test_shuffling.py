"""A shuffled order for a disk: every row once a pass, mixed from all over, read in short runs."""

import numpy as np
import pytest

from energeia.training.shuffling import ShuffledOrder, take


@pytest.mark.parametrize(("count", "run"), [(1, 1), (35, 1), (1000, 3), (1000, 7), (1024, 4)])
def test_every_row_comes_once_a_pass(count, run):
    order = ShuffledOrder(count, run, seed=1)
    for start in (0, count, 5 * count):
        np.testing.assert_array_equal(np.sort(order.indices(start, count)), np.arange(count))
    whole = order.indices(0, 2 * count)
    pieces = [order.indices(start, 1) for start in range(2 * count)]
    np.testing.assert_array_equal(whole, np.concatenate(pieces))


def test_passes_and_seeds_differ_and_repeat():
    order = ShuffledOrder(500, 2, seed=1)
    first, second = order.indices(0, 500), order.indices(500, 500)
    assert not np.array_equal(first, second)
    assert not np.array_equal(first, ShuffledOrder(500, 2, seed=2).indices(0, 500))
    np.testing.assert_array_equal(first, ShuffledOrder(500, 2, seed=1).indices(0, 500))


def test_a_batch_is_mixed_from_all_over_a_sorted_file():
    count, batch = 200_000, 256
    order = ShuffledOrder.of(count, row_bytes=400, seed=3)
    assert order.run == 163
    starts = range(0, 100 * batch, batch)
    means = np.array([order.indices(start, batch).mean() for start in starts]) / count
    # Rows of one window share 128 runs, so their mean varies a little more than of free draws.
    free = np.sqrt(1 / 12 / batch + 1 / 12 / 128)
    assert np.max(np.abs(means - 0.5)) < 4.5 * free
    # The control: the order of the file.
    assert abs(np.arange(batch).mean() / count - 0.5) > 10 * free


def test_rows_of_an_order_are_read_in_short_runs_and_not_beyond():
    class Counted:
        """Rows that note which of them were read."""

        def __init__(self):
            self.read = []

        def __getitem__(self, rows):
            self.read.append(rows)
            return rows * 10

    rows, order = Counted(), ShuffledOrder(1_000_000, 100, seed=0)
    chosen = order.indices(0, 12_800)
    np.testing.assert_array_equal(take(rows, chosen), chosen * 10)
    (read,) = rows.read
    assert np.all(np.diff(read) > 0)
    assert len(read) == 12_800
    assert np.sum(np.diff(read) > 1) < 128
