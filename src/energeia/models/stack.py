"""A mixture of densities of different kinds."""

import jax
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.shapes import require_same_shape
from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density, condition_for


class Stack(Density):
    """p(x) = sum_m w_m q_m(x), exact and normalized, with fixed weights w_m.

    Members may be of any class, where those of an ``Ensemble`` share one. Smyth and Wolpert 1999,
    "Linearly combining density estimators via stacking".

    Raises:
        InputError: for members of different shapes.

    >>> from energeia.distributions import StandardNormal, Uniform
    >>> both = Stack((StandardNormal((1,)), Uniform((1,))), Frozen(jnp.log(jnp.array([0.5, 0.5]))))
    >>> round(float(jnp.exp(both.log_prob(jnp.array([0.5])))), 4)  # (0.3521 + 1) / 2
    0.676
    """

    members: tuple[Density, ...]
    log_weights: Frozen
    """log w, of sum one."""

    def __check_init__(self) -> None:
        for member in self.members[1:]:
            require_same_shape("a member", member.shape, "the first one", self.shape)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.members[0].shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        shapes = [member.condition_shape for member in self.members]
        return next((shape for shape in shapes if shape is not None), None)

    @override
    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        logs = [m.log_prob(x, condition_for(m, condition)) for m in self.members]
        return jax.nn.logsumexp(jnp.stack(logs) + self.log_weights.value)

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """The draw of one member picked by weight; every member is drawn, and one draw kept."""
        pick, draw = jax.random.split(key)
        every = [m.sample(draw, condition_for(m, condition)) for m in self.members]
        return jnp.stack(every)[jax.random.categorical(pick, self.log_weights.value)]
