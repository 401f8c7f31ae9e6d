"""Penalties on the slope of an energy, which keep a game of two players from diverging."""

from abc import abstractmethod
from typing import Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Energy


class Scored(NamedTuple):
    """Rows with their energies and slopes, from one pass over the network."""

    rows: Batch
    energies: Float[Array, " rows"]
    squares: Float[Array, " rows"]
    """|grad E(x)|^2 of each row, summed over all axes of one configuration."""


def scored(energy: Energy, rows: Batch) -> Scored:
    """Energies and slopes of rows in one pass, which the payoff and the penalties share."""
    energies, slopes = jax.vmap(jax.value_and_grad(energy.energy))(rows.x, rows.condition)
    return Scored(rows, energies, jnp.sum(slopes.reshape(len(slopes), -1) ** 2, axis=1))


class Penalty(eqx.Module):
    """A regularization of the critic, added to its payoff."""

    @abstractmethod
    def value(self, key: PRNGKey, critic: Energy, real: Scored, generated: Scored) -> Scalar:
        """The penalty of one pair of batches, which the critic has scored."""


class SlopePenalty(Penalty):
    """E |grad E(x)|^2, the square summed over *all* axes of x, then averaged over rows.

    ``on`` says where: "real" is R1, "generated" is R2 (Mescheder et al. 2018, arXiv:1801.04406).
    The objective multiplies it by gamma / 2.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.energies.critic import Critic
    >>> critic = Critic(lambda x: 3.0 * x[0] + 4.0 * x[1], shape=(2,))
    >>> rows = scored(critic, Batch(jnp.ones((5, 2)), None))
    >>> float(SlopePenalty("real").value(jax.random.key(0), critic, rows, rows))
    25.0
    """

    on: Literal["real", "generated"] = eqx.field(static=True)

    def value(self, key: PRNGKey, critic: Energy, real: Scored, generated: Scored) -> Scalar:
        """The mean squared slope over the batch named by ``on``."""
        return jnp.mean((real if self.on == "real" else generated).squares)


class UnitSlopePenalty(Penalty):
    """E (|grad E(x)| - 1)^2 at random points of the segments between real and generated rows.

    WGAN-GP (Gulrajani et al. 2017, arXiv:1704.00028, eq. 3), whose lambda is gamma / 2 here.
    """

    def value(self, key: PRNGKey, critic: Energy, real: Scored, generated: Scored) -> Scalar:
        """The mean squared distance of the slope from one."""
        x, y = real.rows.x, generated.rows.x
        share = jax.random.uniform(key, (len(x),) + (1,) * (x.ndim - 1))
        between = Batch(share * x + (1 - share) * y, real.rows.condition)
        squares = scored(critic, between).squares
        # The root has no derivative at zero slope, so the penalty is constant there.
        return jnp.mean((jnp.sqrt(jnp.maximum(squares, 1e-12)) - 1) ** 2)


class NoisePenalty(Penalty):
    """E_real[(1 - p)^2 |grad E|^2] + E_generated[p^2 |grad E|^2], p = sigmoid(-E).

    The effect of adding noise to both sides of the Jensen-Shannon game, to first order in its
    variance (Roth et al. 2017, arXiv:1705.09367, eq. 22): R1 and R2, weighted by the critic's
    errors.
    """

    def value(self, key: PRNGKey, critic: Energy, real: Scored, generated: Scored) -> Scalar:
        """The weighted mean squared slopes of both batches."""
        on_real = jax.nn.sigmoid(real.energies) ** 2 * real.squares
        on_generated = jax.nn.sigmoid(-generated.energies) ** 2 * generated.squares
        return jnp.mean(on_real) + jnp.mean(on_generated)


def cosine_decay(start: float, end: float, share: Scalar) -> Scalar:
    """A weight that goes from ``start`` to ``end`` along half a cosine of ``share`` in [0, 1]."""
    return end + (start - end) * 0.5 * (1 + jnp.cos(jnp.pi * jnp.minimum(share, 1.0)))
