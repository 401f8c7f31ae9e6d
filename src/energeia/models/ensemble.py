"""An equal mixture of densities of one kind."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.shapes import one_of, require_leading_axis
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

    def __check_init__(self) -> None:
        require_leading_axis("the members", self.members, self.count)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return one_of(self.members).shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.members.condition_shape

    @override
    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
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
