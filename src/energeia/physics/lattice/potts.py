"""The two-dimensional Potts model on a periodic square lattice, with exact solutions."""

from functools import lru_cache
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import BlockEnergy, Condition
from energeia.energies.bonds import BondEnergy
from energeia.physics.lattice.rows import (
    RowPowers,
    additive_moments,
    draw_rows,
    row_powers,
    row_states,
)
from energeia.physics.lattice.square import (
    lattice_bonds,
    neighbor_sum,
    require_width,
    site_colors,
)

MOST_ROWS = 1024
"""The largest number q^L of rows whose transfer matrix is used."""


class PottsSolution(NamedTuple):
    """Exact averages of a periodic L x L lattice of N = L^2 sites."""

    log_partition: float
    """log Z, nats."""
    energy: float
    """<E> per site, E = -J sum [s = s'] - h sum [s = 0], in units of J."""
    specific_heat: float
    """beta^2 (<E^2> - <E>^2) per site, in units of k_B."""
    order_2: float
    """<|m|^2>, |m|^2 = (q sum_a (N_a / N)^2 - 1) / (q - 1), N_a the sites of color a."""
    share: float
    """<N_0> / N, the share of color 0."""
    entropy: float
    """log Z + beta <E> of the whole lattice, nats."""


class Potts(BlockEnergy, BondEnergy):
    """E(s) = -beta (J sum_<ij> [s_i = s_j] + h sum_i [s_i = 0]), colors 0 .. q - 1, in nats.

    The lattice is periodic both ways, each site bonded to its right and lower neighbor (so L = 2
    counts every pair twice). A configuration has shape ``(L, L)``; a flat one of length L^2 is
    read row by row. With q = 2 it is the Ising model at beta / 2 (Wu 1982, eq. 1.3). Lattices of at
    most 1024 rows q^L are solved exactly. Blocks are colors of the sites of the lattice that
    neighbors do not share, two for even L and three for odd.

    Raises:
        InputError: for L or q below 2.

    >>> potts = Potts(4, 3, 1.0)
    >>> round(potts.solution.energy, 6), round(potts.log_partition, 6)
    (-1.702421, 34.034673)
    >>> potts.draw(seed=0, count=3).shape
    (3, 4, 4)
    """

    L: int = eqx.field(static=True)
    q: int = eqx.field(static=True)
    beta: float = eqx.field(static=True)
    J: float = eqx.field(static=True, default=1.0)
    h: float = eqx.field(static=True, default=0.0)
    condition_shape: None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        require_width("a Potts lattice", self.L)
        if self.q < 2:
            raise InputError(f"a Potts model of q={self.q} colors was asked for: the least is 2")

    @property
    @override
    def shape(self) -> tuple[int, int]:
        return (self.L, self.L)

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        s = jnp.reshape(x, self.shape)
        equal = sum(jnp.sum(s == jnp.roll(s, -1, axis)) for axis in (0, 1))
        # Whole numbers become reals before the product.
        total = self.J * jnp.asarray(equal, float) + self.h * jnp.sum(s == 0).astype(float)
        return -self.beta * total

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """-E(x) - log Z, exact.

        Raises:
            InputError: for more than 1024 rows.
        """
        return -self.energy(x) - self.log_partition

    @property
    def log_partition(self) -> float:
        """log Z, nats, by transfer matrix.

        Raises:
            InputError: for more than 1024 rows.
        """
        return _powers(self.L, self.q, self.beta, self.J, self.h).log_partition

    @property
    def solution(self) -> PottsSolution:
        """Exact averages per site and the entropy, of at most 1024 rows (cached).

        Raises:
            InputError: for more than 1024 rows.
        """
        return solve_potts(self.L, self.q, self.beta, self.J, self.h)

    def draw(self, seed: int | np.random.Generator, count: int) -> Float[np.ndarray, "count L L"]:
        """Independent exact samples, row by row from the transfer matrix.

        Raises:
            InputError: for more than 1024 rows.
        """
        found = _powers(self.L, self.q, self.beta, self.J, self.h)
        rows = draw_rows(np.random.default_rng(seed), count, found)
        return _states(self.q, self.L)[rows].astype(np.float32)

    @property
    @override
    def blocks(self) -> int:
        return int(site_colors(self.L).max()) + 1

    @override
    def draw_block(self, key: PRNGKey, block: int, x: Array, condition: Condition = None) -> Array:
        s = jnp.reshape(x, self.shape)
        own = s == jnp.arange(self.q, dtype=s.dtype)[:, None, None]
        logits = self.beta * self.J * neighbor_sum(own.astype(float))
        logits = logits.at[0].add(self.beta * self.h)
        drawn = jax.random.categorical(key, logits, axis=0).astype(s.dtype)
        return jnp.where(site_colors(self.L) == block, drawn, s).reshape(x.shape)

    @property
    @override
    def bonds(self) -> Int[np.ndarray, "bonds 2"]:
        return lattice_bonds(self.L)

    @property
    @override
    def bond_strengths(self) -> Float[np.ndarray, " bonds"]:
        return np.full(2 * self.L**2, self.beta * self.J)

    @property
    @override
    def alphabet(self) -> tuple[float, ...]:
        return tuple(map(float, range(self.q)))

    @property
    @override
    def value_weights(self) -> Float[np.ndarray, " values"]:
        return self.beta * self.h * (np.arange(self.q) == 0)


@lru_cache(maxsize=32)
def solve_potts(L: int, q: int, beta: float, J: float = 1.0, h: float = 0.0) -> PottsSolution:
    """Exact averages by transfer matrix.

    The energy and the numbers N_a are sums over pairs of neighboring rows, whose first two moments
    are those of ``rows.moments``.

    Raises:
        InputError: for more than 1024 rows.
    """
    found, states, sites = _powers(L, q, beta, J, h), _states(q, L), L * L
    mean, variance = additive_moments(found, _between(states, q, J, h))

    def counts(color: int) -> tuple[float, float]:
        own = np.sum(states == color, axis=1) / 2.0
        return additive_moments(found, own[:, None] + own[None, :])

    # All colors but that of the field are alike.
    (zero, zero_var), (other, other_var) = counts(0), counts(1)
    squares = zero_var + zero**2 + (q - 1) * (other_var + other**2)
    return PottsSolution(
        log_partition=found.log_partition,
        energy=-mean / sites,
        specific_heat=beta**2 * variance / sites,
        order_2=(q * squares / sites**2 - 1) / (q - 1),
        share=zero / sites,
        entropy=found.log_partition - beta * mean,
    )


def _states(q: int, L: int) -> Int[np.ndarray, "states L"]:
    return row_states(np.arange(q), L)


def _between(states: np.ndarray, q: int, J: float, h: float) -> Float[np.ndarray, "states states"]:
    """-E / beta of the bonds between two rows, with half of that within each of them."""
    row = J * np.sum(states == np.roll(states, 1, axis=1), axis=1) + h * np.sum(states == 0, axis=1)
    indicators = np.eye(q)[states].reshape(len(states), -1)
    return 0.5 * (row[:, None] + row[None, :]) + J * (indicators @ indicators.T)


@lru_cache(maxsize=4)
def _powers(L: int, q: int, beta: float, J: float, h: float) -> RowPowers:
    if q**L > MOST_ROWS:
        raise InputError(
            f"a Potts lattice of width {L} and q={q} has {q**L} rows, and the transfer matrix is "
            f"used for at most {MOST_ROWS}: choose a smaller width or fewer colors"
        )
    return row_powers(beta * _between(_states(q, L), q, J, h), L)
