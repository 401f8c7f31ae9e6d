"""Networks that give a coupling layer its parameters at every site."""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.contracts import Condition, Shaped
from energeia.nn.fields import FieldNetwork
from energeia.nn.fourier import fourier_features
from energeia.nn.mlp import MLP


class Conditioner(Shaped):
    """The parameters of a scalar bijection at every site; zero before training.

    Raises:
        InputError: for sites that are marked as angles where there are others.
    """

    @abstractmethod
    def __call__(
        self, kept: Array, mask: Bool[Array, "*shape"], condition: Condition = None
    ) -> Array:
        """Shape ``(*shape, parameters)``, of the sites that a layer keeps.

        ``kept`` is zero where ``mask`` is True, at the sites that the layer changes.
        """


class DenseConditioner(Conditioner):
    """A multilayer perceptron of all kept sites and the condition, for any mask.

    Inputs are the kept sites and their sines and cosines at ``octaves`` octaves; sites that
    ``periodic`` marks as angles enter by sines and cosines only.

    >>> import jax, jax.numpy as jnp
    >>> net = DenseConditioner((2, 2), 3, width=8, depth=1, key=jax.random.key(0))
    >>> net(jnp.zeros((2, 2)), jnp.eye(2, dtype=bool)).shape
    (2, 2, 3)
    """

    network: MLP
    shape: tuple[int, ...] = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True)
    periodic: tuple[bool, ...] = eqx.field(static=True)
    octaves: int = eqx.field(static=True)

    def __init__(
        self,
        shape: tuple[int, ...],
        parameters: int,
        *,
        width: int,
        depth: int,
        condition_shape: tuple[int, ...] | None = None,
        periodic: tuple[bool, ...] = (),
        octaves: int = 0,
        key: PRNGKey,
    ) -> None:
        self.shape, self.condition_shape = shape, condition_shape
        self.periodic, self.octaves = periodic, max(octaves, int(any(periodic)))
        inputs = int(np.prod(shape)) * (1 + 2 * self.octaves) + _size(condition_shape)
        self.network = MLP(inputs, (*shape, parameters), width=width, depth=depth, key=key)

    def __call__(
        self, kept: Array, mask: Bool[Array, "*shape"], condition: Condition = None
    ) -> Array:
        """The parameters at every site."""
        features = [jnp.ravel(part) for part in _features(kept, mask, self.periodic, self.octaves)]
        if condition is not None:
            features.append(jnp.ravel(condition))
        return self.network(jnp.concatenate(features))


class ConvolutionalConditioner(Conditioner):
    """Convolutions of a field with ``depth`` hidden layers, whose parameters do not depend on L.

    A field has shape ``(height, width)`` or ``(height, width, channels)``. Channels of the input
    are the kept sites, their features as in ``DenseConditioner``, and the mask; the condition
    shifts the channels of the first hidden layer. With ``periodic_layout`` the convolutions close
    around the lattice, so that the network commutes with translations that leave the mask as it
    is; otherwise the field is zero beyond its edges.

    Raises:
        InputError: for a shape that is no field.

    >>> import jax, jax.numpy as jnp
    >>> net = ConvolutionalConditioner(
    ...     (4, 4), 2, channels=8, depth=1, periodic_layout=True, key=jax.random.key(0))
    >>> net(jnp.zeros((4, 4)), jnp.eye(4, dtype=bool)).shape
    (4, 4, 2)
    """

    network: FieldNetwork
    shift: eqx.nn.Linear | None
    shape: tuple[int, ...] = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True)
    periodic: tuple[bool, ...] = eqx.field(static=True)
    octaves: int = eqx.field(static=True)

    def __init__(
        self,
        shape: tuple[int, ...],
        parameters: int,
        *,
        channels: int,
        depth: int,
        periodic_layout: bool,
        kernel: int = 3,
        condition_shape: tuple[int, ...] | None = None,
        periodic: tuple[bool, ...] = (),
        octaves: int = 0,
        key: PRNGKey,
    ) -> None:
        if len(shape) not in (2, 3):
            raise InputError(
                f"a convolution was asked for on sites of shape {shape}: it needs (height, width) "
                "or (height, width, channels)"
            )
        self.shape, self.condition_shape = shape, condition_shape
        self.periodic, self.octaves = periodic, max(octaves, int(any(periodic)))
        own = int(np.prod(shape[2:]))
        body, head = jax.random.split(key)
        self.network = FieldNetwork(
            own * (2 + 2 * self.octaves),
            own * parameters,
            channels=channels,
            depth=depth,
            kernel=kernel,
            periodic=periodic_layout,
            last=0.0,
            key=body,
        )
        width = _size(condition_shape)
        self.shift = eqx.nn.Linear(width, channels, use_bias=False, key=head) if width else None

    def __call__(
        self, kept: Array, mask: Bool[Array, "*shape"], condition: Condition = None
    ) -> Array:
        """The parameters at every site."""
        parts = [*_features(kept, mask, self.periodic, self.octaves), mask.astype(kept.dtype)]
        height, width = self.shape[:2]
        h = jnp.concatenate([part.reshape(height, width, -1) for part in parts], axis=-1)
        shift = None
        if self.shift is not None and condition is not None:
            shift = self.shift(jnp.ravel(condition))
        return self.network(h, shift).reshape(*self.shape, -1)


def _features(kept: Array, mask: Array, periodic: tuple[bool, ...], octaves: int) -> list[Array]:
    """The kept sites, zero where they are angles, and their sines and cosines; zero elsewhere."""
    visible = kept
    if any(periodic):
        visible = jnp.where(np.reshape(periodic, kept.shape), 0.0, kept)
    waves = fourier_features(jnp.ravel(kept), octaves).reshape(2 * octaves, *kept.shape)
    return [visible, *jnp.where(mask, 0.0, waves)]


def _size(condition_shape: tuple[int, ...] | None) -> int:
    return 0 if condition_shape is None else int(np.prod(condition_shape))
