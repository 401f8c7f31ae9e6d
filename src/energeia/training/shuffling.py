"""Random choices among rows that may be in a file larger than memory."""

import functools
from typing import Any, NamedTuple

import jax
import numpy as np

from energeia.contracts import Batch

_RUN_BYTES = 1 << 16
"""Neighboring rows that are read together: reading single rows from a disk costs as much."""
_DRAWN = 4096
"""Random row numbers that are drawn together, so that any part of their sequence can be found."""
_RUNS = 128
"""Runs of rows from all over the file that are shuffled together."""


def seed_of(key: jax.Array) -> int:
    """A seed for the host's generator that follows from a key."""
    return int.from_bytes(np.asarray(jax.random.key_data(key)).tobytes(), "little")


def random_indices(count: int, wanted: int, seed: Any) -> np.ndarray:
    """At most ``wanted`` of ``count`` row numbers, chosen at random, in ascending order.

    >>> random_indices(5, 9, 0)
    array([0, 1, 2, 3, 4])
    """
    if wanted >= count:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, wanted, replace=False))


def random_rows(rows: Batch, wanted: int, seed: Any) -> Batch:
    """At most ``wanted`` of the rows, chosen at random and read in the order of the file."""
    chosen = random_indices(len(rows.x), wanted, seed)
    return jax.tree.map(lambda values: np.asarray(values[chosen]), rows)


def rows_by_weight(rows: Batch, wanted: int, seed: Any) -> Batch:
    """Rows drawn with replacement in proportion to their weights, which are left out."""
    place = np.random.default_rng(seed).random(wanted)
    chosen = np.sort(np.searchsorted(cumulative_shares(rows.weight)[:-1], place, side="right"))
    return jax.tree.map(lambda values: take(values, chosen), rows._replace(weight=None))


def cumulative_shares(weight: Any) -> np.ndarray:
    """The share of the total weight that rows up to each one have, in float64.

    >>> cumulative_shares(np.array([1.0, 0.0, 3.0]))
    array([0.25, 0.25, 1.  ])
    """
    total = np.cumsum(np.asarray(weight, np.float64))
    return total / total[-1]


def take(rows: Any, indices: np.ndarray) -> np.ndarray:
    """``rows[indices]``, read in the order of the rows on disk."""
    order = np.argsort(indices, kind="stable")
    taken = np.asarray(rows[indices[order]])
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return taken[back]


class ShuffledOrder(NamedTuple):
    """A random order of rows that suits a disk, a new one in every pass; from the seed alone.

    Each pass cuts the rows into short runs of neighbors, brings the runs into a random order and
    shuffles the rows of every ``_RUNS`` runs together. Every row comes once a pass, and a batch is
    drawn from all over the file although only short contiguous pieces are read.
    """

    count: int
    """Rows."""
    run: int
    """Neighboring rows that are read together."""
    seed: int

    @classmethod
    def of(cls, count: int, row_bytes: int, seed: int) -> "ShuffledOrder":
        """The order of ``count`` rows of ``row_bytes`` each; few rows are shuffled singly."""
        run = min(max(1, _RUN_BYTES // max(row_bytes, 1)), max(1, count // _RUNS))
        return cls(count, run, seed)

    def indices(self, start: int, need: int) -> np.ndarray:
        """The row numbers at positions ``start .. start + need - 1`` of the endless order."""
        parts = []
        while need > 0:
            at, part = divmod(start, self.count)
            window = min(part // self._window, self._windows - 1)
            offset = part - window * self._window
            piece = _shuffled_window(self, at, window)[offset : offset + need]
            parts.append(piece)
            start, need = start + len(piece), need - len(piece)
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)

    @property
    def _window(self) -> int:
        return _RUNS * self.run

    @property
    def _windows(self) -> int:
        return max(1, self.count // self._window)

    def window(self, turn: int, number: int) -> np.ndarray:
        """The rows of one window of a pass, shuffled; the last window takes what is left over."""
        runs = _shuffled_runs(self, turn)
        last = number == self._windows - 1
        chosen = runs[number * _RUNS : None if last else (number + 1) * _RUNS]
        rows = (chosen[:, None] * self.run + np.arange(self.run)).ravel()
        if last:
            rows = np.concatenate([rows, np.arange(len(runs) * self.run, self.count)])
        return np.random.default_rng([self.seed, turn, number]).permutation(rows)


class WeightedOrder(NamedTuple):
    """Row numbers drawn independently, each in proportion to its weight; from the seed alone."""

    cumulative: np.ndarray
    """See ``cumulative_shares``."""
    seed: int

    def indices(self, start: int, need: int) -> np.ndarray:
        """The row numbers at positions ``start .. start + need - 1`` of an endless sequence."""
        first, last = start // _DRAWN, -(-(start + need) // _DRAWN)
        places = [np.random.default_rng([self.seed, b]).random(_DRAWN) for b in range(first, last)]
        place = np.concatenate(places)[start - first * _DRAWN :][:need]
        return np.searchsorted(self.cumulative[:-1], place, side="right")


@functools.lru_cache(maxsize=2)
def _shuffled_runs(order: ShuffledOrder, turn: int) -> np.ndarray:
    return np.random.default_rng([order.seed, turn]).permutation(order.count // order.run)


@functools.lru_cache(maxsize=2)
def _shuffled_window(order: ShuffledOrder, turn: int, number: int) -> np.ndarray:
    return order.window(turn, number)
