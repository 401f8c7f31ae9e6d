"""The two-dimensional XY model on a periodic square lattice."""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import BlockEnergy, Condition
from energeia.distributions.von_mises import draw_von_mises
from energeia.physics.lattice.clock import ClockSolution, solve_clock
from energeia.physics.lattice.square import neighbor_sum, require_width, site_colors


class XY(BlockEnergy):
    """E(theta) = -beta sum_<ij> cos(theta_i - theta_j), angles of period 2 pi, in nats.

    The lattice is periodic both ways, each site bonded to its right and lower neighbor (so L = 2
    counts every pair twice). A configuration has shape ``(L, L)``; a flat one of length L^2 is
    read row by row. Given the others an angle has a von Mises distribution, from which it is drawn;
    blocks are colors of the sites that neighbors do not share, two for even L and three for odd.

    Raises:
        InputError: for L below 2.

    >>> XY(3, 1.0).blocks, round(XY(2, 1.0).solution.energy, 8)
    (3, -1.55912185)
    """

    L: int = eqx.field(static=True)
    beta: float = eqx.field(static=True)
    condition_shape: None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        require_width("an XY lattice", self.L)

    @property
    @override
    def shape(self) -> tuple[int, int]:
        return (self.L, self.L)

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        theta = jnp.reshape(x, self.shape)
        return -self.beta * sum(
            (jnp.sum(jnp.cos(theta - jnp.roll(theta, -1, axis))) for axis in (0, 1)), jnp.zeros(())
        )

    @property
    def solution(self) -> ClockSolution:
        """Exact averages of widths 2 and 3, by quadrature in double precision (cached).

        Raises:
            InputError: for a wider lattice.
        """
        return solve_clock(self.L, self.beta)

    @property
    def log_partition(self) -> float:
        """log of the integral of exp(-E) over all angles, nats.

        Raises:
            InputError: for a lattice wider than 3.
        """
        return self.solution.log_partition

    @property
    @override
    def blocks(self) -> int:
        return int(site_colors(self.L).max()) + 1

    @override
    def draw_block(self, key: PRNGKey, block: int, x: Array, condition: Condition = None) -> Array:
        theta = jnp.reshape(x, self.shape)
        field = neighbor_sum(jnp.stack([jnp.cos(theta), jnp.sin(theta)]))
        strength = self.beta * jnp.hypot(field[0], field[1])
        # A negative beta turns the field round.
        angle = jnp.arctan2(field[1], field[0]) + math.pi * (self.beta < 0)
        drawn = draw_von_mises(key, angle, jnp.abs(strength)).astype(theta.dtype)
        return jnp.where(site_colors(self.L) == block, drawn, theta).reshape(x.shape)
