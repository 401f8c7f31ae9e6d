"""Normalizing flows: a simple density transformed by a bijection."""

from jaxtyping import Array
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.shapes import require_same_shape
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Bijection, Condition, Density, Pushforward


class Flow(Pushforward, Density):
    """log p(x) = log base(f(x)) + log |det df/dx|, with ``bijection`` f from data to the base.

    Training needs the direction from data to base, so it is the bijection's forward one.
    Rezende and Mohamed 2015, "Variational inference with normalizing flows", eq. 5.

    Raises:
        InputError: if base and bijection differ in shape, or the base has a condition.

    >>> import jax.numpy as jnp
    >>> from energeia.bijections.elementwise import Affine
    >>> from energeia.distributions.gaussian import StandardNormal
    >>> flow = Flow(StandardNormal((1,)), Affine(jnp.zeros(1), jnp.log(2.0) * jnp.ones(1)))
    >>> round(float(flow.log_prob(jnp.zeros(1))), 4)
    -0.2258
    """

    base: Density
    bijection: Bijection

    def __check_init__(self) -> None:
        require_same_shape("a base", self.base.shape, "a bijection", self.bijection.shape)
        if self.base.condition_shape is not None:
            raise InputError(
                f"a base with conditions of shape {self.base.condition_shape} was given to a flow, "
                "which hands its condition to the bijection: give a base without a condition"
            )

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.bijection.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.bijection.condition_shape

    @override
    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        z, log_det = self.bijection.forward(x, condition)
        return self.base.log_prob(z) + log_det

    @override
    def sample_and_log_prob(
        self, key: PRNGKey, condition: Condition = None
    ) -> tuple[Array, Scalar]:
        z, log_base = self.base.sample_and_log_prob(key)
        x, log_det = self.bijection.inverse(z, condition)
        return x, log_base - log_det

    @property
    @override
    def prior(self) -> Density:
        return self.base

    def transform(self, z: Array, condition: Condition = None) -> Array:
        """The configuration that the bijection sends to z."""
        return self.bijection.inverse(z, condition)[0]
