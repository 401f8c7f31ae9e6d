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

    Columns named in ``circles`` are angles of period 2 pi; the network sees their cosine and sine
    in their place. A critic is known up to a constant; under a relativistic payoff it estimates
    log p_generated - log p_data, not -log p_data.

    >>> import equinox as eqx, jax
    >>> net = eqx.nn.Linear(3, "scalar", key=jax.random.key(0))
    >>> critic = Critic(net, shape=(2,), circles=(1,))
    >>> critic.energy(jax.numpy.ones(2)).shape
    ()
    """

    network: Callable[[Array], Array]
    shape: tuple[int, ...] = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)
    circles: tuple[int, ...] = eqx.field(static=True, default=())

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """The critic's energy of one configuration."""
        if self.circles:
            on = np.asarray(self.circles)
            off = np.setdiff1d(np.arange(self.shape[0]), on)
            x = jnp.concatenate([x[off], jnp.cos(x[on]), jnp.sin(x[on])])
        return jnp.reshape(self.network(joined(x, condition)), ())
