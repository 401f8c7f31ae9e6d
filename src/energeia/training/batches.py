"""Batches: rows gathered on the device, rows streamed from a larger file, or conditions alone."""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from energeia._core.types import PRNGKey
from energeia.contracts import Batch
from energeia.training.fields import on_device
from energeia.training.shuffling import ShuffledOrder, take


class ChunkInputs(NamedTuple):
    """The inputs of a compiled chunk: the whole data, or the streamed batches of each round."""

    data: Any
    streamed: Any


class Resident(NamedTuple):
    """Data that stay on the device: each batch is drawn with replacement."""

    rows: Batch
    batch: int

    @property
    def count(self) -> int:
        """The number of rows."""
        return self.rows.x.shape[0]

    def inputs(self, first_round: int, rounds: int) -> ChunkInputs:
        """The whole data; nothing is streamed."""
        del first_round, rounds
        return ChunkInputs(self.rows, None)

    def draw(self, key: PRNGKey, inputs: ChunkInputs, move: int) -> Batch:
        """Gather random rows."""
        del move
        index = jax.random.randint(key, (self.batch,), 0, self.count)
        return jax.tree.map(lambda rows: rows[index], inputs.data)


class ConditionsOnly(NamedTuple):
    """In the place of training rows where there are none: the model is trained on an energy."""

    low: jax.Array | None = None
    """The ends of the ranges of the conditions, standardized, each of shape ``(c,)``."""
    high: jax.Array | None = None

    def batch(self, key: PRNGKey, count: int) -> Batch:
        """``count`` rows without columns, with conditions that are uniform in their ranges."""
        rows = jnp.zeros((count, 0))
        if self.low is None or self.high is None:
            return Batch(rows)
        shape = (count, *self.low.shape)
        return Batch(rows, jax.random.uniform(key, shape, minval=self.low, maxval=self.high))


class ConditionBatches(NamedTuple):
    """Batches without rows, of new conditions each."""

    conditions: ConditionsOnly
    size: int

    def inputs(self, first_round: int, rounds: int) -> ChunkInputs:
        """The ranges of the conditions; nothing is streamed."""
        del first_round, rounds
        return ChunkInputs(self.conditions, None)

    def draw(self, key: PRNGKey, inputs: ChunkInputs, move: int) -> Batch:
        """Draw conditions."""
        del move
        return inputs.data.batch(key, self.size)


class Streamed(NamedTuple):
    """Data too large for the device: every row comes once a pass, in a new random order."""

    rows: Batch
    batch: int
    moves: int
    """Number of moves in a round, each with its own batch."""
    order: ShuffledOrder

    def inputs(self, first_round: int, rounds: int) -> ChunkInputs:
        """The batches of some rounds, arrays of shape ``(rounds, moves, batch, ...)``."""
        one_round = self.moves * self.batch
        chosen = self.order.indices(first_round * one_round, rounds * one_round)

        def to_device(rows: Any) -> jax.Array:
            return on_device(
                take(rows, chosen).reshape((-1, self.moves, self.batch, *rows.shape[1:]))
            )

        return ChunkInputs(None, jax.tree.map(to_device, self.rows))

    def draw(self, key: PRNGKey, inputs: ChunkInputs, move: int) -> Batch:
        """The streamed rows of this move."""
        del key
        return jax.tree.map(lambda rows: rows[move], inputs.streamed)


Source = Resident | Streamed | ConditionBatches
"""Where the batches of a training come from."""


def batches(
    rows: Batch | ConditionsOnly, batch: int, moves: int, resident_mb: int, seed: int
) -> Source:
    """Keep small data on the device, stream large in an order that follows from ``seed``."""
    if isinstance(rows, ConditionsOnly):
        return ConditionBatches(rows, batch)
    size = sum(4 * math.prod(r.shape) for r in rows if r is not None)
    if size > resident_mb * 2**20:
        row_bytes = rows.x.dtype.itemsize * math.prod(rows.x.shape[1:])
        order = ShuffledOrder.of(len(rows.x), row_bytes, seed)
        return Streamed(rows, batch, moves, order)
    return Resident(jax.tree.map(on_device, rows), batch)
