"""Couplings of the channels of a field, and bijections of some of them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.scalar import ScalarBijection
from energeia.contracts import Bijection, Condition
from energeia.nn.fields import FieldNetwork


class ChannelCoupling(Bijection):
    """y_1 = x_1 and y_2 = T(x_2; network(x_1, condition)), x_1 the first half of the channels.

    Of a field (h, w, c). The network has ``depth`` hidden layers of ``channels`` channels, with
    convolutions of 1 x 1 between them and larger ones before and after, and ends in zeros, so the
    map starts as the identity; the condition shifts its first hidden layer.
    With ``periodic_layout`` it closes around the lattice, and the map commutes with translations;
    otherwise fields are zero beyond their edges, and the first hidden layer has a bias at each
    site. Kingma and Dhariwal 2018, "Glow", section 3.3.

    A ``Coupling`` with a mask of channels is the same family of maps; here neither network nor
    transformer touches the numbers that the mask would discard.

    Raises:
        InputError: for a shape that is no field of two channels or more.

    >>> from energeia.bijections import AffineScalar
    >>> layer = ChannelCoupling(
    ...     (4, 4, 2), AffineScalar(), channels=8, depth=1, periodic_layout=True,
    ...     key=jax.random.key(0))
    >>> layer.forward(jnp.ones((4, 4, 2)))[0].shape
    (4, 4, 2)
    """

    network: FieldNetwork
    site_bias: Array | None
    condition_weights: eqx.nn.Linear | None
    transformer: ScalarBijection
    shape: tuple[int, ...] = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True)

    def __init__(
        self,
        shape: tuple[int, ...],
        transformer: ScalarBijection,
        *,
        channels: int,
        depth: int,
        periodic_layout: bool,
        kernel: int = 3,
        condition_shape: tuple[int, ...] | None = None,
        key: PRNGKey,
    ) -> None:
        if len(shape) != 3 or shape[-1] < 2:
            raise InputError(
                f"a coupling of channels was asked for on a field of shape {shape}: give "
                "(height, width, channels) with two channels or more"
            )
        self.shape, self.condition_shape = tuple(shape), condition_shape
        self.transformer = transformer
        self.site_bias = None if periodic_layout else jnp.zeros((*shape[:-1], channels))
        body, head = jax.random.split(key)
        kept = shape[-1] // 2
        self.network = FieldNetwork(
            kept,
            (shape[-1] - kept) * transformer.parameters(periodic=False),
            channels=channels,
            depth=depth,
            kernel=kernel,
            inner=1,
            periodic=periodic_layout,
            last=0.0,
            key=body,
        )
        width = 0 if condition_shape is None else int(np.prod(condition_shape))
        linear = eqx.nn.Linear(width, channels, use_bias=False, key=head) if width else None
        self.condition_weights = linear

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        kept, changed, raw = self._split(x, condition)
        return self._join(kept, *self.transformer.forward(changed, raw))

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        kept, changed, raw = self._split(y, condition)
        return self._join(kept, *self.transformer.inverse(changed, raw))

    def _split(self, u: Array, condition: Condition) -> tuple[Array, Array, Array]:
        """The channels kept, the numbers changed, and their parameters."""
        half = self.shape[-1] // 2
        kept, changed = u[..., :half], jnp.ravel(u[..., half:])
        shift = self.site_bias
        if self.condition_weights is not None and condition is not None:
            of_condition = self.condition_weights(jnp.ravel(condition))
            shift = of_condition if shift is None else shift + of_condition
        return kept, changed, self.network(kept, shift).reshape(len(changed), -1)

    def _join(self, kept: Array, changed: Array, log_slopes: Array) -> tuple[Array, Scalar]:
        new = changed.reshape(*self.shape[:-1], -1)
        return jnp.concatenate([kept, new], axis=-1), jnp.sum(log_slopes)


class FirstChannels(Bijection):
    """``inner`` applied to the first channels of a field of ``channels``; the others stay.

    Raises:
        InputError: for an ``inner`` of more channels.

    >>> from energeia.bijections import Reverse
    >>> FirstChannels(Reverse((1, 1, 2)), 4).forward(jnp.arange(4.0)[None, None])[0].tolist()
    [[[1.0, 0.0, 2.0, 3.0]]]
    """

    inner: Bijection
    channels: int = eqx.field(static=True)

    def __check_init__(self) -> None:
        if self.inner.shape[-1] > self.channels:
            raise InputError(
                f"a bijection of {self.inner.shape[-1]} channels was given for the first of "
                f"{self.channels}: give one of at most as many"
            )

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (*self.inner.shape[:-1], self.channels)

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.inner.condition_shape

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        count = self.inner.shape[-1]
        y, log_det = self.inner.forward(x[..., :count], condition)
        return jnp.concatenate([y, x[..., count:]], axis=-1), log_det

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        count = self.inner.shape[-1]
        x, log_det = self.inner.inverse(y[..., :count], condition)
        return jnp.concatenate([x, y[..., count:]], axis=-1), log_det
