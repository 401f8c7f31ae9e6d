"""A bijection of fields as one of flat rows, or the other way round."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.shapes import require_same_size
from energeia._core.types import Scalar
from energeia.contracts import Bijection, Condition


class ReshapedBijection(Bijection):
    """``inner`` applied to configurations of another shape, read in the order of their rows.

    Raises:
        InputError: if the two shapes have different numbers of sites.

    >>> import jax.numpy as jnp
    >>> from energeia.bijections.elementwise import Affine
    >>> field = Affine(jnp.zeros((2, 2)), jnp.zeros((2, 2)))
    >>> ReshapedBijection(field, (4,)).forward(jnp.ones(4))[0].shape
    (4,)
    """

    inner: Bijection
    shape: tuple[int, ...] = eqx.field(static=True)

    def __check_init__(self) -> None:
        require_same_size("a bijection", self.inner.shape, self.shape)

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.inner.condition_shape

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        y, log_det = self.inner.forward(jnp.reshape(x, self.inner.shape), condition)
        return jnp.reshape(y, self.shape), log_det

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        x, log_det = self.inner.inverse(jnp.reshape(y, self.inner.shape), condition)
        return jnp.reshape(x, self.shape), log_det
