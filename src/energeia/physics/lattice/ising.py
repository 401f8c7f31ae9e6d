"""The two-dimensional Ising model on a periodic square lattice: an energy with exact solutions."""

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
from energeia.energies.spins import PairSpins
from energeia.physics.lattice import transfer_matrix
from energeia.physics.lattice.square import lattice_bonds, neighbor_sum, require_width
from energeia.physics.lattice.transfer_matrix import IsingSolution


class Ising(BlockEnergy, BondEnergy):
    """E(x) = -beta (J sum_<ij> x_i x_j + h sum_i x_i), spins -1 and +1, in nats.

    The lattice is periodic both ways, each site bonded to its right and lower neighbor (so L = 2
    counts every pair twice). A configuration has shape ``(L, L)``; a flat one of length L^2 is
    read row by row. Widths up to 10 are solved exactly, and log Z without field at any width.

    Raises:
        InputError: for L below 2.

    >>> ising = Ising(4, 0.44068679350977)
    >>> round(ising.solution.energy, 8), round(ising.solution.abs_magnetization, 8)
    (-1.56562379, 0.84386044)
    >>> ising.draw(seed=0, count=3).shape
    (3, 4, 4)
    """

    L: int = eqx.field(static=True)
    beta: float = eqx.field(static=True)
    J: float = eqx.field(static=True, default=1.0)
    h: float = eqx.field(static=True, default=0.0)

    def __check_init__(self) -> None:
        require_width("an Ising lattice", self.L)

    @property
    def shape(self) -> tuple[int, int]:
        """``(L, L)``."""
        return (self.L, self.L)

    @property
    def condition_shape(self) -> None:
        """None: the couplings are fixed."""
        return

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        s = jnp.reshape(x, self.shape)
        bonds = s * (jnp.roll(s, -1, axis=0) + jnp.roll(s, -1, axis=1))
        return -self.beta * (self.J * jnp.sum(bonds) + self.h * jnp.sum(s))

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """-E(x) - log Z, exact.

        Raises:
            InputError: where log Z is not known, see ``log_partition``.
        """
        return -self.energy(x) - self.log_partition

    @property
    def log_partition(self) -> float:
        """log Z: by transfer matrix up to width 10, by Kaufman's formula without field beyond.

        Raises:
            InputError: for a wider lattice in a field or with J <= 0.
        """
        if self.L > transfer_matrix.LARGEST and self.h == 0.0 and self.J > 0:
            return transfer_matrix.kaufman(self.L, self.beta, self.J)
        return self.solution.log_partition

    @property
    def solution(self) -> IsingSolution:
        """Exact averages per site and the entropy, for widths up to 10 (cached).

        Raises:
            InputError: for a wider lattice.
        """
        return transfer_matrix.solve(self.L, self.beta, self.J, self.h)

    def draw(self, seed: int | np.random.Generator, count: int) -> Float[np.ndarray, "count L L"]:
        """Independent exact samples, row by row from the transfer matrix.

        Raises:
            InputError: for a width above 10.
        """
        rng = np.random.default_rng(seed)
        return transfer_matrix.sample(rng, count, self.L, self.beta, self.J, self.h)

    @property
    def blocks(self) -> int:
        """Two: the colors of the checkerboard.

        Raises:
            InputError: for odd L, where the periodic lattice cannot be two-colored.
        """
        if self.L % 2:
            raise InputError(
                f"a periodic lattice of odd width {self.L} cannot be colored with two colors: "
                "choose an even width for checkerboard updates, or sample the same energy as "
                "Ising.pairs, whose spins have as many colors as they need"
            )
        return 2

    def draw_block(self, key: PRNGKey, block: int, x: Array, condition: Condition = None) -> Array:
        """Heat bath of one color: P(s_i = +1) = sigmoid(2 beta (J sum of neighbors + h))."""
        s = jnp.reshape(x, self.shape)
        field = 2 * self.beta * (self.J * neighbor_sum(s) + self.h)
        up = jax.random.uniform(key, self.shape) < jax.nn.sigmoid(field)
        color = np.add.outer(np.arange(self.L), np.arange(self.L)) % self.blocks
        new = jnp.where(color == block, jnp.where(up, 1.0, -1.0).astype(s.dtype), s)
        return jnp.reshape(new, x.shape)

    @property
    def pairs(self) -> PairSpins:
        """The same energy of flat configurations, with blocks at every width, odd ones too."""
        couplings = np.zeros((self.L**2, self.L**2))
        for ends in (self.bonds.T, self.bonds.T[::-1]):
            np.add.at(couplings, tuple(ends), self.J)
        return PairSpins(couplings, np.full(self.L**2, self.h), self.beta)

    @property
    @override
    def bonds(self) -> Int[np.ndarray, "bonds 2"]:
        return lattice_bonds(self.L)

    @property
    @override
    def bond_strengths(self) -> Float[np.ndarray, " bonds"]:
        return np.full(2 * self.L**2, 2 * self.beta * self.J)

    @property
    @override
    def alphabet(self) -> tuple[float, ...]:
        return (-1.0, 1.0)

    @property
    @override
    def value_weights(self) -> Float[np.ndarray, " values"]:
        return self.beta * self.h * np.array(self.alphabet)
