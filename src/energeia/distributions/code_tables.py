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
    ordered: tuple[bool, ...] = ()
    """Which columns are on an ordered scale; by default none."""

    @property
    def total(self) -> int:
        """The number of codes of all columns."""
        return sum(self.sizes)

    @property
    def columns(self) -> np.ndarray:
        """The column that each code belongs to, shape ``(total,)``."""
        return np.repeat(np.arange(len(self.sizes)), self.sizes)

    @property
    def codes(self) -> np.ndarray:
        """The code that each entry stands for, within its column."""
        return np.concatenate([np.arange(size) for size in self.sizes] or [np.zeros(0, int)])

    def smoothed(
        self, counts: Float[Array, "k total"], count: Float[Array, " k"],
        marginal: Float[Array, " total"],
    ) -> Float[Array, "k total"]:  # fmt: skip
        """Log-probabilities from the counts of each component, drawn to what is known before.

        Unordered columns get one pseudo-count of the marginal. A column on an ordered scale gets as
        many as it has codes, of a normal density over them with the mean and the variance of the
        counts (and one pseudo-count of the marginal), so that codes between others are expected.
        """
        ordered = np.repeat(self.ordered or (False,) * len(self.sizes), self.sizes)
        pseudo = np.where(ordered, np.repeat(self.sizes, self.sizes), 1.0)
        prior = jnp.where(ordered, self._normal(counts + marginal, count + 1), marginal)
        return jnp.log((counts + pseudo * prior) / (count[:, None] + pseudo))

    def _normal(self, counts: Float[Array, "k total"], count: Float[Array, " k"]) -> Array:
        """Normal densities with the moments of each column, normalized over its codes."""
        member = self.columns[:, None] == np.arange(len(self.sizes))
        code = self.codes.astype(float)
        mean = (counts @ (code[:, None] * member) / count[:, None])[:, self.columns]
        variance = (counts * (code - mean) ** 2) @ member.astype(float) / count[:, None]
        # The variance of a cell keeps the density of a single code finite.
        spread = variance[:, self.columns] + 1.0 / 12.0
        density = jnp.exp(-0.5 * (code - mean) ** 2 / spread) + 1e-12
        return density / (density @ member.astype(float))[:, self.columns]

    def indicators(self, codes: Float[Array, "*rows q"]) -> Bool[Array, "*rows total"]:
        """Which codes are those of a row."""
        return codes[..., self.columns] == self.codes

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
