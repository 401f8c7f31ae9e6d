"""A causal recurrent network of fields, computed at once or site by site."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int
from typing_extensions import override

from energeia._core.types import PRNGKey
from energeia.nn.diagonal import DiagonalLstm
from energeia.nn.raster import RasterNetwork
from energeia.nn.recurrent import Hidden


class RecurrentCache(NamedTuple):
    """What sampling keeps of a recurrent field, so that no state is computed twice."""

    from_right: Float[Array, "w depth width"]
    """The outputs of the layers from the right, in the present row."""
    from_left: Float[Array, "w depth width"]
    """Those from the left, in the present row up to the last known site and in the row above beyond
    it."""
    state: Hidden
    """The states of the layers from the left at the site before."""
    context: Float[Array, "w size"]
    """The context of the present row."""


class RecurrentField(RasterNetwork):
    """The diagonal BiLSTM (van den Oord et al. 2016, arXiv:1601.06759, section 3.2): features of
    each site that depend on all sites before it in raster order, and on them alone.

    Two stacks of ``DiagonalLstm`` cross the field. One runs from the left and reads at site (i, j)
    the inputs of site (i, j-1); the other runs from the right and reads those of site (i-1, j), so
    its states see the rows above from column j on. Each layer's outputs of both are added in the
    features of the first stack. With ``height`` 1, a row of sites, there is no second stack.

    Unlike in the paper, the stack from the right reads its own features and no others. In each row
    it can therefore be computed before any site is known, and its first layer reads the inputs
    themselves: masked features of a row do not contain the row's last site, which a site of the
    next row would then miss.

    >>> network = RecurrentField(jax.random.key(0), inputs=1, width=4, depth=2, height=5)
    >>> network(jnp.ones((5, 6, 1)), jnp.zeros((5, 6, 0))).shape
    (5, 6, 4)
    """

    left: DiagonalLstm
    right: DiagonalLstm | None

    def __init__(
        self, key: PRNGKey, *, inputs: int, width: int, depth: int, height: int, context: int = 0
    ) -> None:
        first, second = jax.random.split(key)
        sizes = {"inputs": inputs, "width": width, "depth": depth, "context": context}
        self.left = DiagonalLstm(first, **sizes)
        self.right = DiagonalLstm(second, **sizes) if height > 1 else None

    @property
    @override
    def width(self) -> int:
        return self.left.width

    @override
    def __call__(
        self, x: Float[Array, "h w inputs"], context: Float[Array, "h w size"]
    ) -> Float[Array, "h w width"]:
        height, length = x.shape[:2]
        beside = self.left.start(height, length)[0]
        if self.right is not None:
            above = jnp.pad(x, ((1, 0), (0, 0), (0, 0)))[:-1]
            beside = self.right(above[:, ::-1], context[:, ::-1], beside)[0][:, ::-1]
        before = jnp.pad(x, ((0, 0), (1, 0), (0, 0)))[:, :-1]
        return self.left(before, context, beside)[1]

    @override
    def start(self, length: int) -> RecurrentCache:
        zeros = self.left.start(length)[0]
        size = self.left.layers[0].inputs.shape[0] - self.width
        return RecurrentCache(zeros, zeros, self.left.start(), jnp.zeros((length, size)))

    @override
    def row(
        self,
        cache: RecurrentCache,
        above: Float[Array, "w inputs"],
        context: Float[Array, "w size"],
    ) -> RecurrentCache:
        kept = cache.from_right
        if self.right is not None:
            blank = jnp.zeros_like(kept)
            kept = self.right.row(kept[::-1], above[::-1], context[::-1], blank)[::-1]
        return RecurrentCache(kept, cache.from_left, self.left.start(), context)

    @override
    def site(
        self, cache: RecurrentCache, j: Int[Array, ""], left: Float[Array, " inputs"]
    ) -> tuple[RecurrentCache, Float[Array, " width"]]:
        state, features = self.left.step(
            cache.state, cache.from_left[j], left, cache.context[j], cache.from_right[j]
        )
        from_left = cache.from_left.at[j].set(state[0])
        return cache._replace(from_left=from_left, state=state), features
