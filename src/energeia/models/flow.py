"""Normalizing flows: a simple density transformed by a bijection."""

from jaxtyping import Array
from typing_extensions import override

from energeia._core.shapes import require_same_shape
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Bijection, Condition, Density, Pushforward, condition_for


class Flow(Pushforward, Density):
    """log p(x) = log base(f(x)) + log |det df/dx|, with ``bijection`` f from data to the base.

    Training needs the direction from data to base, so it is the bijection's forward one.
    Both take the condition, if they have one.
    Rezende and Mohamed 2015, "Variational inference with normalizing flows", eq. 5.

    Raises:
        InputError: if base and bijection differ in the shape of configurations or of conditions.

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
        if self.base.condition_shape and self.bijection.condition_shape:
            require_same_shape(
                "a base with a condition", self.base.condition_shape,
                "a bijection with one", self.bijection.condition_shape,
            )  # fmt: skip

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.bijection.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.bijection.condition_shape or self.base.condition_shape

    @override
    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        z, log_det = self.bijection.forward(x, condition_for(self.bijection, condition))
        return self.base.log_prob(z, condition_for(self.base, condition)) + log_det

    @override
    def sample_and_log_prob(
        self, key: PRNGKey, condition: Condition = None
    ) -> tuple[Array, Scalar]:
        z, log_base = self.base.sample_and_log_prob(key, condition_for(self.base, condition))
        x, log_det = self.bijection.inverse(z, condition_for(self.bijection, condition))
        return x, log_base - log_det

    @property
    @override
    def prior(self) -> Density:
        return self.base

    def transform(self, z: Array, condition: Condition = None) -> Array:
        """The configuration that the bijection sends to z."""
        return self.bijection.inverse_point(z, condition_for(self.bijection, condition))
