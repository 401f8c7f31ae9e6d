"""Two small convolutional networks: from an image to a vector, and from a vector to an image."""

import math

import equinox as eqx
import jax
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey
from energeia.nn.convolutional import Convolution, TransposedConvolution


class ImageEncoder(eqx.Module):
    """Two strided 5x5 convolutions and a linear map: a flattened image to ``(outputs,)``.

    Smooth activations, no normalization: its gradient may be differentiated again, and images do
    not interact. Sides must be multiples of 4.

    >>> import jax
    >>> net = ImageEncoder((8, 8, 1), 3, channels=4, key=jax.random.key(0))
    >>> net(jax.numpy.ones(64)).shape
    (3,)
    """

    first: Convolution
    second: Convolution
    last: eqx.nn.Linear
    layout: tuple[int, int, int] = eqx.field(static=True)

    def __init__(
        self, layout: tuple[int, int, int], outputs: int, *, channels: int, key: PRNGKey
    ) -> None:
        keys = jax.random.split(key, 3)
        height, width, inputs = layout
        self.first = Convolution(inputs, channels, kernel=5, stride=2, key=keys[0])
        self.second = Convolution(channels, 2 * channels, kernel=5, stride=2, key=keys[1])
        left = height // 4 * (width // 4) * 2 * channels
        self.last = eqx.nn.Linear(left, outputs, key=keys[2])
        self.layout = layout

    def __call__(self, x: Float[Array, " pixels"]) -> Float[Array, " outputs"]:
        """The outputs of one image."""
        h = jax.nn.silu(self.first(x.reshape(self.layout)))
        h = jax.nn.silu(self.second(h))
        return self.last(h.ravel())


class ImageDecoder(eqx.Module):
    """A linear map and two transposed 4x4 convolutions: ``(inputs,)`` to a flattened image.

    >>> import jax
    >>> net = ImageDecoder(5, (8, 8, 1), channels=4, key=jax.random.key(0))
    >>> net(jax.numpy.ones(5)).shape
    (64,)
    """

    first: eqx.nn.Linear
    second: TransposedConvolution
    last: TransposedConvolution
    seed: tuple[int, int, int] = eqx.field(static=True)

    def __init__(
        self, inputs: int, layout: tuple[int, int, int], *, channels: int, key: PRNGKey
    ) -> None:
        keys = jax.random.split(key, 3)
        height, width, outputs = layout
        self.seed = (height // 4, width // 4, 2 * channels)
        self.first = eqx.nn.Linear(inputs, math.prod(self.seed), key=keys[0])
        self.second = TransposedConvolution(2 * channels, channels, kernel=4, stride=2, key=keys[1])
        self.last = TransposedConvolution(channels, outputs, kernel=4, stride=2, key=keys[2])

    def __call__(self, z: Float[Array, " inputs"]) -> Float[Array, " pixels"]:
        """The image of one input vector."""
        h = jax.nn.silu(self.first(z)).reshape(self.seed)
        return self.last(jax.nn.silu(self.second(h))).ravel()
