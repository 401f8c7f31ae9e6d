"""Batches: rows gathered on the device, rows streamed from a larger file, or conditions alone."""

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from energeia._core.types import PRNGKey
from energeia.contracts import Batch
from energeia.training.fields import on_device
from energeia.training.shuffling import ShuffledOrder, WeightedOrder, cumulative_shares, take


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


class DrawnByWeight(NamedTuple):
    """Resident data of which each row is drawn in proportion to its weight, for an objective that
    knows of no weights."""

    rows: Batch
    """Without weights."""
    cumulative: jax.Array
    """The sum of the shares of a row and of all before it, shape ``(rows,)``; the last is one."""
    batch: int

    def inputs(self, first_round: int, rounds: int) -> ChunkInputs:
        """The whole data and the shares; nothing is streamed."""
        del first_round, rounds
        return ChunkInputs((self.rows, self.cumulative), None)

    def draw(self, key: PRNGKey, inputs: ChunkInputs, move: int) -> Batch:
        """Gather random rows, by inversion of the cumulative shares."""
        del move
        every, cumulative = inputs.data
        place = jax.random.uniform(key, (self.batch,), cumulative.dtype)
        index = jnp.searchsorted(cumulative[:-1], place, side="right")
        return jax.tree.map(lambda rows: rows[index], every)


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
    """Data too large for the device: every row comes once a pass, in a new random order, or
    each is drawn in proportion to its weight."""

    rows: Batch
    batch: int
    moves: int
    """Number of moves in a round, each with its own batch."""
    order: ShuffledOrder | WeightedOrder

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


Source = Resident | DrawnByWeight | Streamed | ConditionBatches
"""Where the batches of a training come from."""


def batches(
    rows: Batch | ConditionsOnly,
    batch: int,
    moves: int,
    resident_mb: int,
    seed: int,
    *,
    by_weight: bool = False,
) -> Source:
    """Keep small data on the device, stream large in an order that follows from ``seed``.

    ``by_weight``: rows come in proportion to their weights, which the batches then leave out.
    """
    if isinstance(rows, ConditionsOnly):
        return ConditionBatches(rows, batch)
    size = sum(4 * math.prod(r.shape) for r in rows if r is not None)
    bare, weight = rows._replace(weight=None) if by_weight else rows, rows.weight
    if size > resident_mb * 2**20:
        row_bytes = rows.x.dtype.itemsize * math.prod(rows.x.shape[1:])
        if by_weight:
            order = WeightedOrder(cumulative_shares(weight), seed)
        else:
            order = ShuffledOrder.of(len(rows.x), row_bytes, seed)
        return Streamed(bare, batch, moves, order)
    if by_weight:
        shares = on_device(cumulative_shares(weight))
        return DrawnByWeight(jax.tree.map(on_device, bare), shares, batch)
    return Resident(jax.tree.map(on_device, rows), batch)
