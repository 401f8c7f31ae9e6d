"""Spins with couplings between any pairs: glasses, Boltzmann machines, networks of memories."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import BlockEnergy, Condition


class PairSpins(BlockEnergy):
    """E(s) = -beta (sum_{i<j} J_ij s_i s_j + sum_i h_i s_i), spins -1 and +1, in nats.

    The fully visible Boltzmann machine of spins, and the Sherrington-Kirkpatrick,
    Edwards-Anderson and Hopfield energies by their couplings. Spins without a coupling between
    them are drawn together: blocks are the colors of the graph of the couplings that are not zero
    where they were given, found greedily, so a square lattice of even sides has two, one of odd
    sides three or four, and a complete graph one for each spin.

    Arguments: ``couplings``, symmetric; ``fields``, zero by default; ``beta``.

    Raises:
        InputError: for couplings that are not square, symmetric and zero on the diagonal, or fields
            of another number.

    >>> ring = jnp.asarray(np.roll(np.eye(4), 1, axis=0) + np.roll(np.eye(4), -1, axis=0))
    >>> spins = PairSpins(ring)
    >>> float(spins.energy(jnp.ones(4))), spins.blocks
    (-4.0, 2)
    """

    couplings: Float[Array, "n n"]
    fields: Float[Array, " n"]
    beta: Float[Array, ""]
    colors: tuple[int, ...] = eqx.field(static=True)
    condition_shape: None = eqx.field(static=True, default=None)

    def __init__(
        self, couplings: Float[ArrayLike, "n n"], fields: Float[ArrayLike, " n"] | None = None,
        beta: ArrayLike = 1.0,
    ) -> None:  # fmt: skip
        known = np.asarray(couplings, float)
        if known.ndim != 2 or known.shape[0] != known.shape[1]:
            raise InputError(f"couplings of shape {known.shape} were given: give a square matrix")
        if not np.array_equal(known, known.T) or np.any(np.diag(known)):
            raise InputError(
                "couplings were given that are not symmetric with a diagonal of zeros: give "
                "(J + J.T) / 2 with its diagonal set to zero"
            )
        given = np.zeros(len(known)) if fields is None else np.asarray(fields, float)
        if given.shape != (len(known),):
            raise InputError(f"{given.size} fields were given for {len(known)} spins: give as many")
        self.couplings, self.fields = jnp.asarray(known, float), jnp.asarray(given, float)
        self.beta, self.colors = jnp.asarray(beta, float), greedy_colors(known != 0)

    @property
    @override
    def shape(self) -> tuple[int]:
        return (len(self.colors),)

    @property
    @override
    def blocks(self) -> int:
        return max(self.colors) + 1

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        s = x.ravel()
        return -self.beta * (0.5 * s @ (self.couplings @ s) + self.fields @ s)

    def local_fields(self, x: Array) -> Float[Array, " n"]:
        """sum_j J_ij s_j + h_i, without beta."""
        return self.couplings @ x.ravel() + self.fields

    @override
    def draw_block(self, key: PRNGKey, block: int, x: Array, condition: Condition = None) -> Array:
        """The spins of one color given the others; ``block`` may be traced."""
        up = jax.nn.sigmoid(2 * self.beta * self.local_fields(x))
        drawn = jnp.where(jax.random.uniform(key, up.shape) < up, 1.0, -1.0)
        own = jnp.asarray(self.colors) == block
        return jnp.where(own.reshape(x.shape), drawn.reshape(x.shape), x)


def greedy_colors(joined: np.ndarray) -> tuple[int, ...]:
    """A color for each vertex of a graph, none shared by neighbors, by saturation (DSATUR).

    The uncolored vertex whose neighbors have the most colors gets the least one that is free
    (Brelaz 1979), which colors bipartite graphs with two.

    >>> greedy_colors(np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], bool))
    (1, 0, 1)
    """
    count = len(joined)
    if count and joined.sum() == count * (count - 1):
        return tuple(range(count))
    colors, seen = np.full(count, -1), np.zeros((count, count + 1), bool)
    degree = joined.sum(axis=1)
    for _ in range(count):
        rank = np.where(colors < 0, seen.sum(axis=1) * (count + 1) + degree, -1)
        vertex = int(np.argmax(rank))
        colors[vertex] = int(np.argmin(seen[vertex]))
        seen[joined[vertex], colors[vertex]] = True
    return tuple(map(int, colors))
