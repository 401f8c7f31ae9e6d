"""Networks of fields whose features at a site depend on the sites before it in raster order."""

from abc import abstractmethod
from typing import Any

import equinox as eqx
from jaxtyping import Array, Float, Int


class RasterNetwork(eqx.Module):
    """Features of each site of ``(h, w, inputs)`` that depend on the sites before it alone.

    Sites are in raster order, row after row. A context of each site, such as its position or a
    condition, is seen too. ``row`` and ``site`` repeat ``__call__`` in that order with a cache,
    each feature being computed once, so that drawing a field costs about one pass.
    """

    @property
    @abstractmethod
    def width(self) -> int:
        """The number of features of a site."""

    @abstractmethod
    def __call__(
        self, x: Float[Array, "h w inputs"], context: Float[Array, "h w size"]
    ) -> Float[Array, "h w width"]:
        """The features of every site."""

    @abstractmethod
    def start(self, length: int) -> Any:
        """The cache before the first row, of so many sites."""

    @abstractmethod
    def row(
        self, cache: Any, above: Float[Array, "w inputs"], context: Float[Array, "w size"]
    ) -> Any:
        """Start a row, given the inputs of the row above (or zeros)."""

    @abstractmethod
    def site(
        self, cache: Any, j: Int[Array, ""], left: Float[Array, " inputs"]
    ) -> tuple[Any, Float[Array, " width"]]:
        """The features of site j of the row, from the inputs of the site before it (or zeros)."""
