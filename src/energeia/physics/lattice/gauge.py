"""Compact U(1) gauge theory on a periodic square lattice, solved by characters."""

import math

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.angles import wrap
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import BlockEnergy, Condition
from energeia.distributions.von_mises import draw_von_mises
from energeia.physics.lattice.characters import GaugeSolution, solve_u1
from energeia.physics.lattice.square import require_width, ring_colors


class U1Gauge(BlockEnergy):
    """E(theta) = -beta sum_P cos(theta_P), link angles of period 2 pi, in nats (Wilson 1974).

    ``theta[mu, i, j]`` belongs to the link from the site (i, j) to its neighbor along axis mu, and
    theta_P = theta_0(x) + theta_1(x + e_0) - theta_0(x + e_1) - theta_1(x). The lattice is periodic
    both ways. A configuration has shape ``(2, L, L)``; a flat one is read in that order. Given the
    others a link has a von Mises distribution, from which it is drawn; the links of one block have
    one direction and share no plaquette: there are four blocks for even L and six for odd.

    Raises:
        InputError: for L below 2.

    >>> gauge = U1Gauge(8, 2.0)
    >>> round(gauge.log_partition, 3), round(gauge.solution.charge_2, 4)
    (287.984, 1.2393)
    """

    L: int = eqx.field(static=True)
    beta: float = eqx.field(static=True)
    condition_shape: None = eqx.field(static=True, default=None)

    def __check_init__(self) -> None:
        require_width("a gauge lattice", self.L)

    @property
    @override
    def shape(self) -> tuple[int, int, int]:
        return (2, self.L, self.L)

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        return -self.beta * jnp.sum(jnp.cos(plaquettes(x.reshape(self.shape))))

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """-E(x) - log Z, exact."""
        return -self.energy(x) - self.log_partition

    @property
    def solution(self) -> GaugeSolution:
        """Exact averages of any width (cached)."""
        return solve_u1(self.L, self.beta)

    @property
    def log_partition(self) -> float:
        """log of the integral of exp(-E) over all 2 L^2 angles, each of width 2 pi, in nats."""
        return self.solution.log_partition

    @property
    @override
    def blocks(self) -> int:
        return 2 * (2 + self.L % 2)

    @override
    def draw_block(self, key: PRNGKey, block: int, x: Array, condition: Condition = None) -> Array:
        theta = jnp.reshape(x, self.shape)
        field = _fields(theta)
        strength = jnp.hypot(field[0], field[1])
        # A negative beta turns the field round.
        angle = jnp.arctan2(field[1], field[0]) + math.pi * (self.beta < 0)
        drawn = draw_von_mises(key, angle, abs(self.beta) * strength).astype(theta.dtype)
        return jnp.where(link_colors(self.L) == block, drawn, theta).reshape(x.shape)


def plaquettes(theta: Float[Array, "2 L L"]) -> Float[Array, "L L"]:
    """theta_P of the plaquette whose corner with the least coordinates is each site, unwrapped.

    >>> plaquettes(jnp.arange(8.0).reshape(2, 2, 2)).tolist()
    [[1.0, 3.0], [-3.0, -1.0]]
    """
    return theta[0] + jnp.roll(theta[1], -1, 0) - jnp.roll(theta[0], -1, 1) - theta[1]


def link_colors(L: int) -> np.ndarray:
    """The block of each link, shape ``(2, L, L)``: its direction and its place across it.

    Links of one direction share a plaquette where they are neighbors across it.
    """
    ring = ring_colors(L)
    across = np.broadcast_to(ring, (L, L))
    return np.stack([across, across.T + 2 + L % 2])


def _fields(theta: Float[Array, "2 L L"]) -> tuple[Array, Array]:
    """The vectors F with E = -beta |F| cos(theta - arg F) of each link: cosine and sine sums."""
    after, before = [], []
    angle = plaquettes(theta)
    for mu, sign in ((0, 1), (1, -1)):
        # The link enters the plaquette of its own site with this sign, and with the opposite one
        # that of the site before it across its direction.
        after.append(theta[mu] - sign * angle)
        before.append(theta[mu] + sign * jnp.roll(angle, 1, 1 - mu))
    ends = jnp.stack([jnp.stack(after), jnp.stack(before)])
    return jnp.sum(jnp.cos(ends), axis=0), jnp.sum(jnp.sin(ends), axis=0)


def gauge_transform(
    theta: Float[Array, "2 L L"], phases: Float[Array, "L L"]
) -> Float[Array, "2 L L"]:
    """theta_mu(x) + phi(x) - phi(x + e_mu), in [-pi, pi): the same configuration in another gauge.

    >>> turned = gauge_transform(jnp.zeros((2, 2, 2)), jnp.array([[0.5, 0.0], [0.0, 0.0]]))
    >>> turned[0].tolist(), plaquettes(turned).tolist()
    ([[0.5, 0.0], [-0.5, 0.0]], [[0.0, 0.0], [0.0, 0.0]])
    """
    gaps = jnp.stack([phases - jnp.roll(phases, -1, axis) for axis in (0, 1)])
    return wrap(theta + gaps)
