"""Layouts with a slot for every head, for networks whose weights all columns share."""

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia.distributions.columns import Columns


class Slots(NamedTuple):
    """Numbers of columns of several kinds in rows of equal width: slot k is for head k.

    A network with one set of weights for all columns reads and writes such rows; of each, a column
    uses the slot of its own head.

    >>> slots = Slots(sizes=(1, 2), kinds=(1, 0))
    >>> slots.laid(jnp.array([5.0, 6.0, 7.0])).tolist()
    [[0.0, 5.0, 6.0], [7.0, 0.0, 0.0]]
    """

    sizes: tuple[int, ...]
    """Numbers of a column, for each head."""
    kinds: tuple[int, ...]
    """The head of each column."""

    @classmethod
    def of_features(cls, columns: Columns) -> "Slots":
        """The features of every column."""
        return cls(tuple(head.features for head in columns.heads), columns.kinds)

    @classmethod
    def of_parameters(cls, columns: Columns) -> "Slots":
        """The parameters of every column."""
        return cls(tuple(head.parameters for head in columns.heads), columns.kinds)

    @property
    def width(self) -> int:
        """The width of a row."""
        return sum(self.sizes)

    @property
    def starts(self) -> np.ndarray:
        """Where the numbers of each column are in its row, shape ``(d,)``."""
        return np.cumsum([0, *self.sizes[:-1]])[list(self.kinds)]

    @property
    def places(self) -> np.ndarray:
        """The indices of the numbers of all columns, in rows one after the other."""
        return np.concatenate(
            [
                i * self.width + start + np.arange(self.sizes[k])
                for i, (k, start) in enumerate(zip(self.kinds, self.starts, strict=True))
            ]
        )

    def laid(self, flat: Float[Array, " numbers"]) -> Float[Array, "d width"]:
        """Numbers of all columns, one after the other, in their slots; zeros elsewhere."""
        if len(self.sizes) > 1:
            flat = jnp.zeros(len(self.kinds) * self.width).at[self.places].set(flat)
        return flat.reshape(len(self.kinds), self.width)

    def taken(self, rows: Float[Array, "d width"]) -> Float[Array, " numbers"]:
        """The numbers of all columns from their slots, one after the other."""
        flat = rows.reshape(-1)
        return flat[self.places] if len(self.sizes) > 1 else flat
