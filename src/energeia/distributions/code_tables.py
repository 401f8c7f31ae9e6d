"""Tables of the probabilities of codes of several columns, side by side in one array."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from energeia._core.types import PRNGKey


class CodeTables(NamedTuple):
    """Where the codes of columns with these alphabet sizes are in one array of all of them.

    >>> tables = CodeTables((2, 3))
    >>> tables.indicators(jnp.array([1.0, 0.0])).astype(int).tolist()
    [0, 1, 1, 0, 0]
    """

    sizes: tuple[int, ...]

    @property
    def total(self) -> int:
        """The number of codes of all columns."""
        return sum(self.sizes)

    @property
    def columns(self) -> np.ndarray:
        """The column that each code belongs to, shape ``(total,)``."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    def indicators(self, codes: Float[Array, "*rows q"]) -> Bool[Array, "*rows total"]:
        """Which codes are those of a row."""
        each = np.concatenate([np.arange(size) for size in self.sizes] or [np.zeros(0, int)])
        return codes[..., self.columns] == each

    def log_probs(
        self, tables: Float[Array, "k total"], codes: Float[Array, " q"], known: Bool[Array, " q"]
    ) -> Float[Array, " k"]:
        """The sum of the log-probabilities of the known codes, for each row of ``tables``."""
        start = np.cumsum((0, *self.sizes))[:-1]
        place = start + jnp.clip(codes.astype(int), 0, np.asarray(self.sizes, int) - 1)
        return jnp.sum(jnp.where(known, tables[:, place], 0.0), axis=1)

    def draw(self, key: PRNGKey, table: Float[Array, " total"]) -> Float[Array, " q"]:
        """Independent codes."""
        if not self.sizes:
            return jnp.zeros(0)
        noisy = table + jax.random.gumbel(key, table.shape, table.dtype)
        # All alphabets are padded to the longest, so that one program serves columns of any number.
        start, most = np.cumsum((0, *self.sizes))[:-1], max(self.sizes)
        inside = np.arange(most) < np.asarray(self.sizes)[:, None]
        place = np.where(inside, start[:, None] + np.arange(most), 0)
        return jnp.argmax(jnp.where(inside, noisy[place], -jnp.inf), axis=1).astype(table.dtype)
