"""A critic is an energy: low where data are, high where they are not."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from energeia._core.types import Scalar
from energeia.contracts import Condition, Energy
from energeia.nn.residual import joined


class Critic(Energy):
    """E(x, condition) = network([x, condition]), one smooth function of real coordinates.

    Columns named in ``periodic`` are angles of period 2 pi; they enter the network by cosine and
    sine. With ``octaves``, sin and cos of x, 2x, 4x, ... are inputs, too: without them a smooth
    network is slow to resolve narrow modes and the low-density regions between them. A critic is
    known up to a constant; under a relativistic payoff it estimates log p_generated - log p_data,
    not -log p_data.

    >>> import equinox as eqx, jax
    >>> net = eqx.nn.Linear(3, "scalar", key=jax.random.key(0))
    >>> critic = Critic(net, shape=(2,), periodic=(1,))
    >>> critic.energy(jax.numpy.ones(2)).shape
    ()
    """

    network: Callable[[Array], Array]
    shape: tuple[int, ...] = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)
    periodic: tuple[int, ...] = eqx.field(static=True, default=())
    octaves: int = eqx.field(static=True, default=0)

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """The critic's energy of one configuration."""
        return jnp.reshape(self.network(joined(self._features(x), condition)), ())

    def _features(self, x: Array) -> Array:
        """The inputs of the network."""
        on = np.asarray(self.periodic, dtype=int)
        off = np.setdiff1d(np.arange(self.shape[0]), on)
        lines = x[off] if self.periodic else x
        waves = [lines * 2.0**k for k in range(self.octaves)] + [x[on]] * bool(self.periodic)
        return jnp.concatenate([lines, *(f(w) for w in waves for f in (jnp.cos, jnp.sin))])


def critic_inputs(dimension: int, periodic: int, octaves: int) -> int:
    """The number of inputs of a ``Critic``'s network from a configuration."""
    return (dimension - periodic) * (1 + 2 * octaves) + 2 * periodic
