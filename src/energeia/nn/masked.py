"""Layers whose outputs depend only on earlier inputs (Germain et al. 2015).

Every input and every output carries a *label*; an output depends on the inputs whose label is at
most its own. With labels in order the weights are block lower triangular, so the product is cut
into a few blocks that never touch the half that is zero.
"""

import itertools
from collections.abc import Callable, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from energeia._core.types import PRNGKey
from energeia.nn.depth import UNROLLED, through

BLOCKS = 4
"""Number of row blocks: four leave 62% of the full product; more make the products too small."""


class _RowBlock(NamedTuple):
    """Rows ``start`` to ``stop`` of the weights, of which the first ``seen`` columns may be
    nonzero."""

    start: int
    stop: int
    seen: int


class MaskedLinear(eqx.Module):
    """y_i = b_i + sum over inputs j with label_j <= label_i of W_ij x_j.

    ``incoming`` and ``outgoing`` are the labels, each in rising order. Weights start as normal
    numbers of variance ``scale**2`` over the number of inputs of each output.

    >>> import jax, jax.numpy as jnp
    >>> layer = MaskedLinear(jax.random.key(0), incoming=(1, 2, 3), outgoing=(0, 1, 2))
    >>> jax.jacobian(layer)(jnp.ones(3)) != 0
    Array([[False, False, False],
           [ True, False, False],
           [ True,  True, False]], dtype=bool)
    """

    blocks: tuple[Array, ...]
    bias: Array
    incoming: tuple[int, ...] = eqx.field(static=True)
    outgoing: tuple[int, ...] = eqx.field(static=True)

    def __init__(
        self,
        key: PRNGKey,
        incoming: Sequence[int],
        outgoing: Sequence[int],
        scale: float = 1.0,
    ) -> None:
        self.incoming, self.outgoing = tuple(incoming), tuple(outgoing)
        if list(incoming) != sorted(incoming) or list(outgoing) != sorted(outgoing):
            raise ValueError("labels of a masked layer must be in rising order: sort them first")
        seen = np.searchsorted(incoming, outgoing, side="right")
        deviation = scale / np.sqrt(np.maximum(seen, 1))
        cuts = self._row_blocks()
        # One draw for all blocks: each call of the random generator costs compile time.
        stops = np.cumsum([(c.stop - c.start) * c.seen for c in cuts])
        numbers = jnp.split(jax.random.normal(key, (int(stops[-1]),)), stops[:-1])
        self.blocks = tuple(
            block.reshape(c.stop - c.start, c.seen) * deviation[c.start : c.stop, None]
            for block, c in zip(numbers, cuts, strict=True)
        )
        self.bias = jnp.zeros(len(self.outgoing))

    def _row_blocks(self) -> list[_RowBlock]:
        edges = np.linspace(0, len(self.outgoing), BLOCKS + 1).round().astype(int)
        return [
            _RowBlock(
                int(a), int(b), int(np.searchsorted(self.incoming, self.outgoing[b - 1], "right"))
            )
            for a, b in itertools.pairwise(edges)
            if b > a
        ]

    def _mask(self, cut: _RowBlock) -> Bool[Array, "rows seen"]:
        incoming = jnp.asarray(self.incoming[: cut.seen], jnp.int32)
        outgoing = jnp.asarray(self.outgoing[cut.start : cut.stop], jnp.int32)
        return incoming[None, :] <= outgoing[:, None]

    def __call__(self, x: Float[Array, " inputs"]) -> Float[Array, " outputs"]:
        """The outputs for one vector of inputs."""
        parts = [
            x[: cut.seen] @ jnp.where(self._mask(cut), block, 0.0).T
            for cut, block in zip(self._row_blocks(), self.blocks, strict=True)
        ]
        return jnp.concatenate(parts) + self.bias

    def dense(self) -> Float[Array, "outputs inputs"]:
        """The whole matrix, zeros included."""
        width = len(self.incoming)
        parts = [
            jnp.pad(jnp.where(self._mask(cut), block, 0.0), ((0, 0), (0, width - cut.seen)))
            for cut, block in zip(self._row_blocks(), self.blocks, strict=True)
        ]
        return jnp.concatenate(parts)


class HiddenUnits(eqx.Module):
    """The hidden units of a masked residual network: all in one pass, or label after label.

    h_0 = W_0 x and h_l = h_(l-1) + W_l silu(h_(l-1)), with as many units of each label.
    """

    entry: MaskedLinear
    layers: MaskedLinear
    """All of them, stacked along a leading axis, as ``hidden_layers`` makes them."""

    def __call__(self, x: Float[Array, " inputs"]) -> Float[Array, " units"]:
        """silu of the last ones."""

        def residual(layer: MaskedLinear, hidden: Array) -> Array:
            return hidden + layer(jax.nn.silu(hidden))

        return jax.nn.silu(through(self.layers, self.entry(x), residual))

    def blank(self) -> Float[Array, "layers units"]:
        """Of all layers, before any is computed."""
        return jnp.zeros((1 + len(self.layers.bias), len(self.entry.outgoing)))

    def advance(self) -> Callable[[Array, Array, Array], Array]:
        """The function of (units so far, inputs so far, label) that adds the units of that label.

        Only the units whose label a new input completes are computed after it, so all labels
        together cost one pass through the network.
        """
        labels = self.entry.outgoing
        share = labels.count(labels[0])
        entry, depth = self.entry.dense(), len(self.layers.bias)
        middle = eqx.filter_vmap(MaskedLinear.dense)(self.layers), self.layers.bias

        def add(active: Array, x: Array, label: Array) -> Array:
            # Before the first label that has units, those of that label are filled early, from
            # incomplete inputs; nothing reads them until the step that overwrites them.
            at = jnp.maximum(label - labels[0], 0) * share
            hidden = rows_at(entry, at, share) @ x + rows_at(self.entry.bias, at, share)
            active = jax.lax.dynamic_update_slice(active, jax.nn.silu(hidden)[None], (0, at))

            def deeper(carry: tuple[Array, Array], layer: tuple) -> tuple[tuple, None]:
                hidden, active = carry
                level, (matrix, bias) = layer
                hidden = hidden + rows_at(matrix, at, share) @ active[level]
                hidden = hidden + rows_at(bias, at, share)
                new = jax.nn.silu(hidden)[None]
                return (hidden, jax.lax.dynamic_update_slice(active, new, (level + 1, at))), None

            levels = jnp.arange(depth), middle
            return jax.lax.scan(deeper, (hidden, active), levels, unroll=UNROLLED)[0][1]

        return add


def hidden_layers(key: PRNGKey, labels: tuple[int, ...], count: int) -> MaskedLinear:
    """``count`` layers from units of some labels to as many, stacked along a leading axis."""
    keys = jax.random.split(key, count)
    return eqx.filter_vmap(lambda k: MaskedLinear(k, labels, labels))(keys)


def rows_at(matrix: Array, start: Array, count: int) -> Array:
    """``count`` rows from a traced place."""
    return jax.lax.dynamic_slice_in_dim(matrix, start, count)


def hidden_labels(width: int, columns: int, first: int) -> tuple[int, ...]:
    """Labels of about ``width`` hidden units: equally many for each label ``first .. columns - 1``.

    Equal shares let a sampler compute the units of one label at a time, so that drawing a whole
    configuration costs one pass through the network and not one pass a column.

    >>> hidden_labels(6, 4, 1)
    (1, 1, 2, 2, 3, 3)
    """
    labels = range(min(first, columns - 1), columns)
    share = max(1, round(width / len(labels)))
    return tuple(label for label in labels for _ in range(share))
