"""Strided correlation of images and its transposes: three maps of one trilinear form.

T(w, x, y) = sum w[a, b, c, o] x[n, i s + a, j s + b, c] y[n, i, j, o] has a derivative in each of
its arguments, bilinear in the other two: images ``y`` of ``w`` and ``x``, weights of ``x`` and
``y``, images ``x`` of ``w`` and ``y``. The transpose of each is one of the others, so that one
primitive is closed under differentiation of every order, and each map can be computed by the method
that is fastest for it:

- XLA's convolution on CPUs is fast in one order of axes, into which it transposes others only
outside of loops. Inside one, the derivative in the weights costs fifty times as much, so this
module transposes.
- The derivative in ``x`` is a convolution of an image dilated with zeros, slow where the image is
  smaller than the kernel. Concatenated slices and a matrix product are faster on CPUs, as they are
  for images of few channels.
"""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, Float

_GIVEN = {"y": ("w", "x"), "w": ("x", "y"), "x": ("w", "y")}
_FEW_CHANNELS = 4


def correlate(
    w: Float[Array, "k k c o"], x: Float[Array, "n h v c"], stride: int
) -> Float[Array, "n i j o"]:
    """The derivative of T in y; images ``x`` have sides (i - 1) stride + k.

    >>> correlate(jnp.ones((2, 2, 1, 1)), jnp.ones((1, 4, 4, 1)), 2)[0, :, :, 0].tolist()
    [[4.0, 4.0], [4.0, 4.0]]
    """
    return _form.bind(w, x, of="y", stride=stride)


def _by_library(w: Array, x: Array, stride: int, spacing: int = 1) -> Array:
    return jax.lax.conv_general_dilated(
        x, w, (stride, stride), "VALID", rhs_dilation=(spacing, spacing),
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
    )  # fmt: skip


def _by_product(w: Array, x: Array, stride: int) -> Array:
    return jax.vmap(_patched, in_axes=(None, 0, None))(w, x, stride)


def _patched(w: Array, x: Array, stride: int) -> Array:
    """Patches in two passes, rows then columns, from blocks of ``stride`` pixels.

    Every slice is contiguous and there are kernel + kernel / stride of them, not kernel^2, so
    that both they and their transposes (sums of padded slices) move memory in long runs.
    """
    kernel, _, _, outputs = w.shape
    rows, columns = ((n - kernel) // stride + 1 for n in x.shape[:2])
    steps = -(-kernel // stride)
    tall, wide = rows + steps - 1, columns + steps - 1
    x = jnp.pad(x, ((0, tall * stride - x.shape[0]), (0, wide * stride - x.shape[1]), (0, 0)))
    blocks = x.reshape(tall, stride, wide * stride, -1)
    down = [blocks[a // stride : a // stride + rows, a % stride] for a in range(kernel)]
    bands = jnp.concatenate(down, axis=-1)
    pixel = bands.shape[-1]
    bands = bands.reshape(rows, wide, stride * pixel)
    across = [
        bands[:, b : b + columns, : min(stride, kernel - b * stride) * pixel] for b in range(steps)
    ]
    return jnp.concatenate(across, axis=-1) @ w.swapaxes(0, 1).reshape(-1, outputs)


def _shape(a: Any, b: Any, of: str, stride: int) -> tuple[int, ...]:
    """The shape of the result from those of the two arguments."""
    if of == "y":
        rows, columns = ((n - a.shape[0]) // stride + 1 for n in b.shape[1:3])
        return (b.shape[0], rows, columns, a.shape[3])
    if of == "w":
        kernel = a.shape[1] - (b.shape[1] - 1) * stride
        return (kernel, kernel, a.shape[3], b.shape[3])
    height, width = ((n - 1) * stride + a.shape[0] for n in b.shape[1:3])
    return (b.shape[0], height, width, a.shape[2])


def _maps(correlation: Callable[[Array, Array, int], Array]) -> Callable[..., Array]:
    """All three maps from one implementation of the correlation and its transposes."""

    def one(a: Array, b: Array, *, of: str, stride: int) -> Array:
        if of == "y":
            return correlation(a, b, stride)
        like = jax.ShapeDtypeStruct(_shape(a, b, of, stride), a.dtype)
        if of == "w":
            return jax.linear_transpose(lambda w: correlation(w, a, stride), like)(b)[0]
        return jax.linear_transpose(lambda x: correlation(a, x, stride), like)(b)[0]

    return one


_lower_default, _products = _maps(_by_library), _maps(_by_product)


def _lower_cpu(a: Array, b: Array, *, of: str, stride: int) -> Array:
    if of == "w":
        # A correlation of x with y, with the axes of images and channels exchanged.
        found = _by_library(b.transpose(1, 2, 0, 3), a.transpose(3, 1, 2, 0), 1, stride)
        return found.transpose(1, 2, 0, 3)
    # The compiler undoes a padding in front and swaps an image smaller than the kernel with it.
    large = min(b.shape[1:3]) >= 2 * a.shape[0] - stride
    if of == "y" and large and b.shape[3] >= _FEW_CHANNELS:
        return _by_library(a, b, stride)
    return _products(a, b, of=of, stride=stride)


def _transposed(place: int, cotangent: Array, a: Any, b: Any, *, of: str, stride: int) -> Array:
    """The transpose in the unknown argument: the derivative of T there, at the cotangent."""
    wanted, known = _GIVEN[of][place], _GIVEN[of][1 - place]
    values = {of: cotangent, known: (a, b)[1 - place]}
    return _form.bind(*(values[name] for name in _GIVEN[wanted]), of=wanted, stride=stride)


def _batched(rows: tuple[Array, Array], axes: tuple[Any, Any], **kept: Any) -> tuple[Array, int]:
    """Images under one set of weights form a larger batch; many sets of weights use products."""
    (a, b), (left, right) = rows, axes
    if kept["of"] == "w" or left is not None:
        return jax.vmap(lambda a, b: _products(a, b, **kept), in_axes=axes)(a, b), 0
    b = jnp.moveaxis(b, right, 0)
    found = _form.bind(a, b.reshape(-1, *b.shape[2:]), **kept)
    return found.reshape(*b.shape[:2], *found.shape[1:]), 0


_form = Primitive("strided")
_form.def_impl(jax.jit(_form.bind, static_argnames=("of", "stride")))
_form.def_abstract_eval(lambda a, b, of, stride: a.update(shape=_shape(a, b, of, stride)))
ad.defbilinear(
    _form,
    lambda *given, **kept: _transposed(0, *given, **kept),
    lambda *given, **kept: _transposed(1, *given, **kept),
)
batching.primitive_batchers[_form] = _batched
mlir.register_lowering(_form, mlir.lower_fun(_lower_default, multiple_results=False))
mlir.register_lowering(_form, mlir.lower_fun(_lower_cpu, multiple_results=False), platform="cpu")
