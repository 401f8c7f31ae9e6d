"""A map from noise to configurations: a distribution without a density."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia.contracts import Condition, Pushforward
from energeia.distributions.gaussian import StandardNormal
from energeia.nn.residual import joined


class ImplicitGenerator(Pushforward):
    """x = G(z, condition), z ~ N(0, 1) of shape ``(latent,)`` (Goodfellow et al. 2014).

    ``network`` takes the latent vector with the condition appended and gives ``shape[0]`` reals;
    columns named in ``periodic`` are angles, reduced to [-pi, pi).

    >>> import equinox as eqx, jax
    >>> key = jax.random.key(0)
    >>> ImplicitGenerator(eqx.nn.Linear(2, 3, key=key), latent=2, shape=(3,)).sample(key).shape
    (3,)
    """

    network: Callable[[Array], Array]
    latent: int = eqx.field(static=True)
    shape: tuple[int, ...] = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)
    periodic: tuple[int, ...] = eqx.field(static=True, default=())

    @property
    def prior(self) -> StandardNormal:
        """The standard normal of ``latent`` dimensions."""
        return StandardNormal((self.latent,))

    def transform(self, z: Float[Array, " latent"], condition: Condition = None) -> Array:
        """The configuration of one latent vector, shape ``self.shape``."""
        x = self.network(joined(z, condition))
        if not self.periodic:
            return x
        wrapped = jnp.mod(x + jnp.pi, 2 * jnp.pi) - jnp.pi
        return jnp.where(np.isin(np.arange(self.shape[0]), self.periodic), wrapped, x)
