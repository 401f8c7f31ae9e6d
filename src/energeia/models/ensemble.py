"""An equal mixture of densities of one kind."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density


class Ensemble(Density):
    """p(x) = 1/M sum_m q_m(x), exact and normalized.

    ``members`` is one density whose arrays have a leading axis of length ``count``, as
    ``equinox.filter_vmap`` makes it. -log p is at most the mean of -log q_m, and lower where the
    errors of members differ, as for networks with different column orders.
    """

    members: Density
    count: int = eqx.field(static=True)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one configuration."""
        return self.members.shape

    @property
    def condition_shape(self) -> tuple[int, ...] | None:
        """The shape of one condition, or None."""
        return self.members.condition_shape

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """log p(x), exact, in nats."""
        terms = eqx.filter_vmap(lambda member: member.log_prob(x, condition))(self.members)
        return jax.nn.logsumexp(terms) - jnp.log(self.count)

    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """The draw of one member picked at random.

        Every member is sampled and one sample is kept: under ``vmap`` this costs ``count`` draws,
        where gathering the weights of a member for each row would cost far more.
        """
        pick, draw = jax.random.split(key)
        every = eqx.filter_vmap(lambda member: member.sample(draw, condition))(self.members)
        return every[jax.random.randint(pick, (), 0, self.count)]
