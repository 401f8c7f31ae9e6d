"""Causal convolutional networks of rows and images, computed at once or site by site."""

from functools import partial
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int
from typing_extensions import override

from energeia._core.types import PRNGKey
from energeia.nn.gated import GatedLayer, left_of
from energeia.nn.raster import RasterNetwork

_PRODUCTS = jax.checkpoint_policies.dots_with_no_batch_dims_saveable


class FieldCache(NamedTuple):
    """What sampling keeps of each layer, so that no feature is computed twice."""

    above: Float[Array, "depth rows w width"] | None
    """The last rows of the vertical stack, those that the next row sees."""
    gates: Float[Array, "depth w gates"]
    """The gates of the present row but for its own sites: by the rows above and the context."""
    left: Float[Array, "depth padded width"]
    """The horizontal stack in the present row, with zeros in front; unknown sites hold anything."""


class CausalField(RasterNetwork):
    """Gated convolutions: features that depend on the sites before a site in raster order alone.

    For images of shape ``(h, w, inputs)``, a stack of ``GatedLayer``: after L layers of kernel k
    (odd), a site sees the sites to its left up to 1 + L (k - 1) / 2, and of each of the
    1 + L (k - 1) / 2 rows above those up to L (k - 1) / 2 columns to either side. With
    ``height`` 1 a row of sites, without a vertical stack: layer l sees its own site and k - 1 to
    the left in steps of ``dilations[l]`` (van den Oord et al. 2016, arXiv:1609.03499).

    ``periodic`` joins the first and the last column for the vertical stack, whose rows are
    complete. Nothing else can be periodic in a raster order: the first row comes before the last,
    and the first site of a row before the last, its left neighbor. So a site beyond such an edge
    is seen only by the later one of the two, if it is within reach on the way through the field.

    All layers are one ``jax.lax.scan``, so the time of compilation does not depend on the depth.

    >>> network = CausalField(jax.random.key(0), inputs=1, width=4, depth=2, kernel=3, height=5)
    >>> network(jnp.ones((5, 6, 1)), jnp.zeros((5, 6, 0))).shape
    (5, 6, 4)
    """

    entries: Float[Array, "stacks inputs width"]
    layers: GatedLayer
    """Arrays of all layers, stacked."""
    dilations: tuple[int, ...] = eqx.field(static=True)
    periodic: bool = eqx.field(static=True)

    def __init__(
        self,
        key: PRNGKey,
        *,
        inputs: int,
        width: int,
        depth: int,
        kernel: int,
        height: int,
        context: int = 0,
        dilations: tuple[int, ...] = (),
        periodic: bool = False,
    ) -> None:
        first, second = jax.random.split(key)
        tall = height > 1
        scale = max(inputs, 1) ** -0.5
        self.entries = scale * jax.random.normal(first, (2 if tall else 1, inputs, width))
        self.layers = eqx.filter_vmap(
            lambda key: GatedLayer(key, width=width, kernel=kernel, context=context, tall=tall)
        )(jax.random.split(second, depth))
        self.dilations, self.periodic = dilations or (1,) * depth, periodic

    @property
    @override
    def width(self) -> int:
        return self.entries.shape[2]

    @property
    def _rows(self) -> int:
        """Rows that a layer of the vertical stack sees, its own included."""
        return 1 if self.layers.vertical is None else self.layers.vertical.shape[1]

    @property
    def _padding(self) -> int:
        """Sites to the left that the widest layer sees."""
        return (self.layers.horizontal.shape[1] - 1) * max(self.dilations)

    @override
    def __call__(
        self, x: Float[Array, "h w inputs"], context: Float[Array, "h w size"]
    ) -> Float[Array, "h w width"]:
        above = jnp.pad(x, ((1, 0), (0, 0), (0, 0)))[:-1] @ self.entries[-1]
        left = jnp.pad(x, ((0, 0), (1, 0), (0, 0)))[:, :-1] @ self.entries[0]
        steps, padding = range(self.layers.horizontal.shape[1]), self._padding

        # Patches are many times as large as features: they are computed anew for the gradient.
        @partial(jax.checkpoint, policy=_PRODUCTS)  # pyright: ignore[reportPrivateImportUsage]
        def one(carry: tuple[Array, Array, Array], at: tuple) -> tuple[tuple, None]:
            v, h, skip = carry
            layer, dilation = at
            padded = jnp.pad(v, ((self._rows - 1, 0), (0, 0), (0, 0)))
            v, gates = layer.down(padded, layer.terms(context), self.periodic)
            padded = jnp.pad(h, ((0, 0), (padding, 0), (0, 0)))
            taps = [left_of(padded, m * dilation, padding) for m in steps]
            h, more = layer.right(taps, gates)
            return (v, h, skip + more), None

        first = (above, left, jnp.zeros_like(left))
        return jax.lax.scan(one, first, (self.layers, jnp.asarray(self.dilations)))[0][2]

    @override
    def start(self, length: int) -> FieldCache:
        depth, gates = len(self.dilations), self.layers.horizontal.shape[3]
        above = None
        if self.layers.vertical is not None:
            above = jnp.zeros((depth, self._rows - 1, length, self.width))
        left = jnp.zeros((depth, self._padding + length, self.width))
        return FieldCache(above, jnp.zeros((depth, length, gates)), left)

    @override
    def row(
        self, cache: FieldCache, above: Float[Array, "w inputs"], context: Float[Array, "w size"]
    ) -> FieldCache:
        def one(v: Array, at: tuple) -> tuple[Array, tuple[Array | None, Array]]:
            layer, kept = at
            seen = v if kept is None else jnp.concatenate([kept, v])
            v, gates = layer.down(seen, layer.terms(context)[None], self.periodic)
            return v, (None if kept is None else seen[1:], gates[0])

        first = (above @ self.entries[-1])[None]
        kept, gates = jax.lax.scan(one, first, (self.layers, cache.above))[1]
        return FieldCache(kept, gates, cache.left)

    @override
    def site(
        self, cache: FieldCache, j: Int[Array, ""], left: Float[Array, " inputs"]
    ) -> tuple[FieldCache, Float[Array, " width"]]:
        steps, padding = range(self.layers.horizontal.shape[1]), self._padding

        # One array of all layers is carried: arrays given and returned for each would be copied.
        def one(carry: tuple[Array, Array, Array], at: tuple) -> tuple[tuple, None]:
            h, skip, kept = carry
            layer, gates, level, dilation = at
            kept = jax.lax.dynamic_update_slice(kept, h[None, None], (level, padding + j, 0))

            def tap(m: int) -> Array:
                start = (level, padding + j - m * dilation, 0)
                return jax.lax.dynamic_slice(kept, start, (1, 1, self.width))[0, 0]

            here = jax.lax.dynamic_index_in_dim(gates, j, keepdims=False)
            h, more = layer.right([h, *(tap(m) for m in steps[1:])], here)
            return (h, skip + more, kept), None

        first = left @ self.entries[0]
        levels = jnp.arange(len(self.dilations))
        layers = (self.layers, cache.gates, levels, jnp.asarray(self.dilations))
        (_, skip, kept), _ = jax.lax.scan(one, (first, jnp.zeros_like(first), cache.left), layers)
        return cache._replace(left=kept), skip
