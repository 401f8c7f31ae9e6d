"""A coupling layer from any mask, any conditioner and any scalar bijection."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.shapes import require_same_shape
from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.compose import Stacked
from energeia.bijections.conditioners import Conditioner
from energeia.bijections.scalar import ScalarBijection
from energeia.contracts import Bijection, Condition


class Coupling(Bijection):
    """y = x where ``mask`` is False, and y = T(x; conditioner(kept, mask, condition)) where True.

    ``kept`` is x with zeros where the mask is True, of shape ``(*shape,)``; the conditioner returns
    the parameters of T at every site, of shape ``(*shape, parameters)``, so the Jacobian is
    triangular for any mask. ``periodic`` marks sites that are angles, in the order of the raveled
    configuration; empty where none is. Dinh et al. 2017, "Density estimation using Real NVP",
    section 3.4.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.bijections import AffineScalar, ConvolutionalConditioner, coupling_masks
    >>> network = ConvolutionalConditioner(
    ...     (4, 4), 2, channels=8, depth=1, periodic_layout=True, key=jax.random.key(0))
    >>> layer = Coupling(coupling_masks("checkerboard", (4, 4), 1)[0], network, AffineScalar())
    >>> layer.forward(jnp.ones((4, 4)))[0].shape
    (4, 4)
    """

    mask: Bool[Array, "*shape"]
    conditioner: Conditioner
    transformer: ScalarBijection
    periodic: tuple[bool, ...] = eqx.field(static=True, default=())

    def __check_init__(self) -> None:
        # Stacked layers have a leading axis.
        shape = self.conditioner.shape
        require_same_shape("a mask", self.mask.shape[-len(shape) :], "a conditioner", shape)
        if self.periodic and len(self.periodic) != int(np.prod(shape)):
            raise InputError(
                f"{len(self.periodic)} sites were marked as angles or not where a coupling has "
                f"{int(np.prod(shape))}: mark every site, or none"
            )

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.conditioner.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.conditioner.condition_shape

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        raw, periodic = self._parameters(x, condition)
        return self._masked(x, *self.transformer.forward(jnp.ravel(x), raw, periodic))

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        raw, periodic = self._parameters(y, condition)
        return self._masked(y, *self.transformer.inverse(jnp.ravel(y), raw, periodic))

    def _parameters(self, u: Array, condition: Condition) -> tuple[Array, Array | None]:
        """The parameters of every site, and which sites are angles."""
        kept = jnp.where(self.mask, 0.0, u)
        raw = self.conditioner(kept, self.mask, condition)
        angles = jnp.asarray(self.periodic) if any(self.periodic) else None
        return raw.reshape(-1, raw.shape[-1]), angles

    def _masked(self, u: Array, changed: Array, log_slopes: Array) -> tuple[Array, Scalar]:
        value = jnp.where(self.mask, changed.reshape(u.shape), u)
        return value, jnp.sum(jnp.where(jnp.ravel(self.mask), log_slopes, 0.0))


def masked_stack(
    transformer: ScalarBijection,
    masks: Bool[Array, "layers *shape"],
    conditioner: Callable[[PRNGKey], Conditioner],
    *,
    periodic: tuple[bool, ...] = (),
    key: PRNGKey,
    unroll: int = 1,
) -> Stacked:
    """One coupling layer for each mask, each with a conditioner of its own.

    >>> import jax
    >>> from energeia.bijections import DenseConditioner, Spline, coupling_masks
    >>> def network(key):
    ...     return DenseConditioner((4, 4), 23, width=16, depth=1, key=key)
    >>> rows = coupling_masks("stripes", (4, 4), 6)
    >>> masked_stack(Spline(8), rows, network, key=jax.random.key(0)).shape
    (4, 4)
    """

    @eqx.filter_vmap
    def build(mask: Array, key: PRNGKey) -> Coupling:
        return Coupling(mask, conditioner(key), transformer, periodic)

    return Stacked(build(masks, jax.random.split(key, len(masks))), unroll)
