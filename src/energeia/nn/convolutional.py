"""A strided convolution and its transpose, as layers of one image."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey
from energeia.nn.strided import correlate


class Convolution(eqx.Module):
    """out[i, j] = b + sum_(a, b, c) weight[a, b, c] x[i s + a - p, j s + b - p, c].

    One image of shape ``(height, width, channels)`` goes to ``(height / s, width / s, outputs)``
    for strides ``s`` that divide both. Padding ``p`` is (kernel - stride) // 2 on the low side and
    the rest on the high side, of zeros, or of the other side of a periodic image.

    Derivatives of every order are maps of ``nn.strided``, each fast on CPUs.

    >>> import jax
    >>> layer = Convolution(1, 4, kernel=3, stride=2, key=jax.random.key(0))
    >>> layer(jax.numpy.ones((8, 8, 1))).shape
    (4, 4, 4)
    """

    weight: Float[Array, "kernel kernel inputs outputs"]
    bias: Float[Array, " outputs"]
    stride: int = eqx.field(static=True)
    periodic: bool = eqx.field(static=True)

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int,
        stride: int = 1,
        periodic: bool = False,
        key: PRNGKey,
    ) -> None:
        self.weight = _initial(key, (kernel, kernel, inputs, outputs), kernel * kernel * inputs)
        self.bias = jnp.zeros(outputs)
        self.stride, self.periodic = stride, periodic

    def __call__(self, x: Float[Array, "h w inputs"]) -> Float[Array, "i j outputs"]:
        """The convolved image."""
        return convolve(self.weight, x, self.stride, self.periodic) + self.bias


class TransposedConvolution(eqx.Module):
    """The adjoint of ``Convolution`` in x, plus a bias.

    One image of shape ``(h, w, inputs)`` goes to ``(h s, w s, outputs)``.

    >>> import jax
    >>> layer = TransposedConvolution(4, 1, kernel=4, stride=2, key=jax.random.key(0))
    >>> layer(jax.numpy.ones((4, 4, 4))).shape
    (8, 8, 1)
    """

    weight: Float[Array, "kernel kernel outputs inputs"]
    bias: Float[Array, " outputs"]
    stride: int = eqx.field(static=True)
    periodic: bool = eqx.field(static=True)

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int,
        stride: int = 1,
        periodic: bool = False,
        key: PRNGKey,
    ) -> None:
        # Each output sums kernel^2 / stride^2 products of every input.
        fan = max(kernel * kernel // (stride * stride), 1) * inputs
        self.weight = _initial(key, (kernel, kernel, outputs, inputs), fan)
        self.bias = jnp.zeros(outputs)
        self.stride, self.periodic = stride, periodic

    def __call__(self, y: Float[Array, "i j inputs"]) -> Float[Array, "h w outputs"]:
        """The image whose convolution has ``y`` for its cotangent."""
        i, j, _ = y.shape
        like = jax.ShapeDtypeStruct((i * self.stride, j * self.stride, len(self.bias)), y.dtype)
        adjoint = jax.linear_transpose(
            lambda x: convolve(self.weight, x, self.stride, self.periodic), like
        )
        return adjoint(y)[0] + self.bias


def convolve(
    weight: Float[Array, "kernel kernel inputs outputs"],
    x: Float[Array, "h w inputs"],
    stride: int,
    periodic: bool,
) -> Float[Array, "i j outputs"]:
    """The linear part of ``Convolution``.

    Raises:
        ValueError: if the stride does not divide the image, or exceeds the kernel.
    """
    kernel = weight.shape[0]
    if x.shape[0] % stride or x.shape[1] % stride or kernel < stride:
        raise ValueError(
            f"an image of {x.shape[0]} x {x.shape[1]} and a kernel of {kernel} were given for a "
            f"stride of {stride}: the stride must divide the image and not exceed the kernel"
        )
    low = (kernel - stride) // 2
    sides = (low, kernel - stride - low)
    padded = jnp.pad(x, (sides, sides, (0, 0)), mode="wrap" if periodic else "constant")
    return correlate(weight, padded[None], stride)[0]


def _initial(key: PRNGKey, shape: tuple[int, ...], fan: int) -> Array:
    return jax.random.normal(key, shape) / fan**0.5
