"""Elementwise affine maps and permutations."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.types import Scalar
from energeia.bijections.permute import permuted
from energeia.contracts import Bijection, Condition


class Affine(Bijection):
    """y = exp(log_scale) x + location, elementwise.

    >>> import jax.numpy as jnp
    >>> y, log_det = Affine(jnp.ones(3), jnp.zeros(3)).forward(jnp.zeros(3))
    >>> y.tolist(), float(log_det)
    ([1.0, 1.0, 1.0], 0.0)
    """

    location: Array
    log_scale: Array
    condition_shape: None = eqx.field(static=True, default=None)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.location.shape

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        return x * jnp.exp(self.log_scale) + self.location, jnp.sum(self.log_scale)

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        return (y - self.location) * jnp.exp(-self.log_scale), -jnp.sum(self.log_scale)


class Reverse(Bijection):
    """The last axis reversed; volume-preserving."""

    shape: tuple[int, ...] = eqx.field(static=True)
    condition_shape: None = eqx.field(static=True, default=None)

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        return jnp.flip(x, axis=-1), jnp.zeros((), x.dtype)

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        return jnp.flip(y, axis=-1), jnp.zeros((), y.dtype)


class Permutation(Bijection):
    """y_i = x_order(i) along the only axis; volume-preserving.

    ``order`` is an integer array, so that a stack of layers may hold one order each.
    """

    order: Array
    condition_shape: None = eqx.field(static=True, default=None)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.order.shape[-1:]

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        return permuted(x, self.order, jnp.argsort(self.order)), jnp.zeros((), x.dtype)

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        return permuted(y, jnp.argsort(self.order), self.order), jnp.zeros((), y.dtype)
