"""An autoregressive density of rows and images in raster order (PixelCNN, PixelRNN)."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int
from typing_extensions import override

from energeia._core.shapes import require_same_shape
from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey
from energeia.contracts import Condition
from energeia.distributions.columns import Columns, Picker
from energeia.models.sequential import SequentialDensity
from energeia.models.slots import Slots
from energeia.nn.raster import RasterNetwork

POSITION_SIZE = 8
"""Size of the learned embedding of each site's position."""

MakeNetwork = Callable[[PRNGKey, int, int], RasterNetwork]
"""Builds a network from a key, the number of inputs of a site and the size of its context."""


class ChannelOutputs(eqx.Module):
    """The outputs of each channel of a site, from the site's features and the channels before:

    o_c = W_c silu(U silu(f) + u + sum_(b < c) B_(b, c) x_b).
    """

    entry: Float[Array, "width width"]
    bias: Float[Array, " width"]
    before: Float[Array, "channels channels inputs width"]
    """B, by the later channel and the earlier one; what is not earlier is masked."""
    exit: Float[Array, "channels width outputs"]

    def __init__(self, key: PRNGKey, width: int, channels: int, inputs: int, outputs: int) -> None:
        first, second, third = jax.random.split(key, 3)
        self.entry = jax.random.normal(first, (width, width)) / width**0.5
        self.bias = jnp.zeros(width)
        shape = (channels, channels, inputs, width)
        self.before = jax.random.normal(second, shape) / max(channels * inputs, 1) ** 0.5
        self.exit = 0.1 * jax.random.normal(third, (channels, width, outputs)) / width**0.5

    def hidden(self, features: Float[Array, "*sites width"]) -> Float[Array, "*sites width"]:
        """What all channels of a site have in common."""
        return jax.nn.silu(features) @ self.entry + self.bias

    @property
    def masked(self) -> Float[Array, "channels channels inputs width"]:
        """B, with zeros where a channel is not earlier."""
        return self.before * jnp.tri(len(self.before), k=-1)[:, :, None, None]

    def every(
        self, hidden: Float[Array, "*sites width"], x: Float[Array, "*sites channels inputs"]
    ) -> Float[Array, "*sites channels outputs"]:
        """The outputs of all channels."""
        hidden = hidden[..., None, :] + jnp.einsum("...bi,cbiw->...cw", x, self.masked)
        return jnp.einsum("...cw,cwo->...co", jax.nn.silu(hidden), self.exit)

    def one(
        self, hidden: Float[Array, " width"], c: Int[Array, ""], x: Float[Array, "channels inputs"]
    ) -> Float[Array, " outputs"]:
        """The outputs of channel c; of ``x`` the earlier channels count."""
        hidden = hidden + jnp.einsum("bi,biw->w", x, self.masked[c])
        return jax.nn.silu(hidden) @ self.exit[c]


class _Drawing(NamedTuple):
    """What stays the same while a configuration is drawn."""

    pick: Picker
    write: Array
    """The slot of each column's features, shape ``(d,)``."""
    read: Array
    """The slot of each column's parameters."""
    starts: Array
    """Where each column's biases start."""
    bias: Array


class RasterDensity(SequentialDensity):
    """p(y) = prod_i p(y_i | y_before_i) over the sites of ``(h, w, channels)`` in raster order.

    A ``RasterNetwork``, convolutional or recurrent, reads the features of every column and gives
    each site features of the sites before it; ``ChannelOutputs`` adds the earlier channels of the
    same site, so that the channels of a site are drawn in their order (van den Oord et al. 2016,
    arXiv:1601.06759, eq. 2). The context of every layer is a learned embedding of the position and
    the condition (arXiv:1606.05328, eqs. 3 and 4). ``h = 1`` is a row of sites.

    Sampling costs about as many operations as one density: the network keeps features of the sites
    before. Heads of several kinds have outputs and features of their own.

    Arguments: ``columns`` in raster order; ``layout`` is ``(h, w, channels)``; ``make(key, inputs,
    context)`` builds a network for so many inputs of a site and numbers of its context;
    ``reference`` rows of y set the biases to the marginal distributions.

    Raises:
        InputError: if the columns do not fill the layout.

    >>> from energeia.distributions.columns import columns_of
    >>> from energeia.nn import RecurrentField
    >>> from energeia.support import Binary, Support
    >>> def make(key, inputs, context):
    ...     return RecurrentField(
    ...         key, inputs=inputs, width=4, depth=2, height=3, context=context)
    >>> columns = columns_of(Support(((Binary(), 12),)))
    >>> model = RasterDensity(jax.random.key(0), columns, (3, 4, 1), make)
    >>> model.sample(jax.random.key(1)).shape, model.log_prob(jnp.zeros(12)).shape
    ((12,), ())
    """

    columns: Columns
    order: Frozen | None
    field: RasterNetwork
    outputs: ChannelOutputs
    positions: Float[Array, "h w size"]
    bias: Float[Array, " parameters"]
    layout: tuple[int, int, int] = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True)

    def __init__(
        self,
        key: PRNGKey,
        columns: Columns,
        layout: tuple[int, int, int],
        make: MakeNetwork,
        *,
        condition_shape: tuple[int, ...] | None = None,
        reference: Float[Array, "rows d"] | None = None,
    ) -> None:
        require_same_shape("columns", (columns.dimension,), "a layout", (math.prod(layout),))
        self.columns, self.layout, self.condition_shape = columns, layout, condition_shape
        self.order = None
        first, second, third = jax.random.split(key, 3)
        height, length, channels = layout
        inputs = Slots.of_features(columns).width
        extra = condition_shape[0] if condition_shape else 0
        self.field = make(first, channels * inputs, POSITION_SIZE + extra)
        written = Slots.of_parameters(columns).width
        self.outputs = ChannelOutputs(second, self.field.width, channels, inputs, written)
        self.positions = 0.3 * jax.random.normal(third, (height, length, POSITION_SIZE))
        self.bias = jnp.zeros(sum(columns.parameters))
        if reference is not None:
            self.bias = columns.initial(reference)

    @override
    def parameters(
        self, y: Float[Array, " d"], condition: Condition = None
    ) -> Float[Array, " parameters"]:
        x = Slots.of_features(self.columns).laid(self.columns.embed(y))
        x = x.reshape(*self.layout, -1)
        features = self.field(x.reshape(*self.layout[:2], -1), self._context(condition))
        written = self.outputs.every(self.outputs.hidden(features), x)
        slots = Slots.of_parameters(self.columns)
        return slots.taken(written.reshape(self.columns.dimension, -1)) + self.bias

    @override
    def _by_rank(self, pick: Picker, condition: Condition) -> tuple[Array, Array | None]:
        height, length, channels = self.layout
        read = Slots.of_features(self.columns).width
        drawing = self._drawing(pick)

        def row(carry: tuple[Any, Array], at: tuple) -> tuple[tuple, tuple]:
            cache, above = carry
            i, context = at
            cache = self.field.row(cache, above, context)

            def site(carry: tuple[Any, Array], j: Array) -> tuple[tuple, tuple]:
                cache, features = self.field.site(carry[0], j, carry[1])
                x, drawn = self._site(drawing, i * length + j, features)
                return (cache, x.reshape(-1)), (x.reshape(-1), drawn)

            first = jnp.zeros(channels * read)
            (cache, _), (x, drawn) = jax.lax.scan(site, (cache, first), jnp.arange(length))
            return (cache, x), drawn

        first = (self.field.start(length), jnp.zeros((length, channels * read)))
        rows = (jnp.arange(height), self._context(condition))
        drawn = jax.lax.scan(row, first, rows)[1]
        return jax.tree.map(jnp.ravel, drawn)

    def _site(
        self, drawing: _Drawing, site: Array, features: Float[Array, " width"]
    ) -> tuple[Float[Array, "channels inputs"], tuple[Array, Array | None]]:
        """The features of all channels of a site, drawn one after the other, and what was drawn."""
        channels, width = self.layout[2], Slots.of_features(self.columns).width
        longest = max(head.features for head in self.columns.heads)
        pad = max(self.columns.parameters)
        hidden = self.outputs.hidden(features)

        def channel(x: Array, c: Array) -> tuple[Array, tuple[Array, Array | None]]:
            i = site * channels + c
            written = jnp.pad(self.outputs.one(hidden, c, x[:, :width]), (0, pad))
            theta = jax.lax.dynamic_slice_in_dim(written, drawing.read[i], pad)
            theta = theta + jax.lax.dynamic_slice_in_dim(drawing.bias, drawing.starts[i], pad)
            value, seen, more = drawing.pick(i, theta)
            # Beyond the last slot there is room for features padded to the longest.
            x = jax.lax.dynamic_update_slice(x, seen[None], (c, drawing.write[i]))
            return x, (value, more)

        blank = jnp.zeros((channels, width + longest))
        x, drawn = jax.lax.scan(channel, blank, jnp.arange(channels))
        return x[:, :width], drawn

    def _drawing(self, pick: Picker) -> _Drawing:
        return _Drawing(
            pick,
            jnp.asarray(Slots.of_features(self.columns).starts),
            jnp.asarray(Slots.of_parameters(self.columns).starts),
            jnp.asarray(self.columns.starts),
            jnp.pad(self.bias, (0, max(self.columns.parameters))),
        )

    def _context(self, condition: Condition) -> Float[Array, "h w size"]:
        """What the network sees at each site beside other sites."""
        if condition is None:
            return self.positions
        repeated = jnp.broadcast_to(condition, (*self.layout[:2], *condition.shape))
        return jnp.concatenate([self.positions, repeated], axis=-1)
