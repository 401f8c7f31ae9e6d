"""Bijections of fields in another shape: as flat rows, or with blocks of sites as channels."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.errors import InputError
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


def squeeze(x: Float[Array, "*n h w c"]) -> Float[Array, "*n h/2 w/2 4*c"]:
    """Each block of 2 x 2 sites as the channels of one site.

    First come the two sites of a block on its diagonal, then the other two, so that the halves of
    the channels are the two colors of a checkerboard. Dinh et al. 2017, "Density estimation using
    Real NVP", section 3.6.

    Raises:
        InputError: for an odd side.

    >>> squeeze(jnp.arange(4.0).reshape(2, 2, 1)).tolist()
    [[[0.0, 3.0, 1.0, 2.0]]]
    """
    require_even_sides(*x.shape[-3:-1])
    corners = ((0, 0), (1, 1), (0, 1), (1, 0))
    return jnp.concatenate([x[..., i::2, j::2, :] for i, j in corners], axis=-1)


def unsqueeze(x: Float[Array, "*n h w 4*c"]) -> Float[Array, "*n 2*h 2*w c"]:
    """The inverse of ``squeeze``.

    >>> unsqueeze(squeeze(jnp.arange(8.0).reshape(2, 4, 1)))[:, :, 0].tolist()
    [[0.0, 1.0, 2.0, 3.0], [4.0, 5.0, 6.0, 7.0]]
    """
    *n, height, width, channels = x.shape
    first, last, right, below = jnp.split(x, 4, axis=-1)
    wide = (*n, height, 2 * width, channels // 4)
    upper = jnp.stack([first, right], axis=-2).reshape(wide)
    lower = jnp.stack([below, last], axis=-2).reshape(wide)
    return jnp.stack([upper, lower], axis=-3).reshape(*n, 2 * height, 2 * width, channels // 4)


def require_even_sides(height: int, width: int, levels: int = 1) -> None:
    """Refuse a field that cannot be squeezed ``levels`` times.

    Raises:
        InputError: naming the sides that can be.
    """
    times = 2**levels
    if height % times or width % times or not (height and width):
        fewer = " or fewer levels" if levels > 1 else ""
        raise InputError(
            f"a field of {height} x {width} was given where both sides are halved "
            f"{'once' if levels == 1 else f'{levels} times'}: give sides that are multiples of "
            f"{times}{fewer}"
        )


class Squeezed(Bijection):
    """``inner`` applied to the squeezed field: (h, w, c) as (h/2, w/2, 4c), see ``squeeze``.

    Raises:
        InputError: for an ``inner`` whose shape is not that of a squeezed field.

    >>> from energeia.bijections.elementwise import Reverse
    >>> Squeezed(Reverse((1, 1, 4))).forward(jnp.arange(4.0).reshape(2, 2, 1))[0][:, :, 0].tolist()
    [[2.0, 3.0], [0.0, 1.0]]
    """

    inner: Bijection

    def __check_init__(self) -> None:
        shape = self.inner.shape
        if len(shape) != 3 or shape[-1] % 4:
            raise InputError(
                f"a bijection of shape {shape} was given for a squeezed field: give one of "
                "(height, width, channels) with a multiple of four channels"
            )

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        height, width, channels = self.inner.shape
        return 2 * height, 2 * width, channels // 4

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.inner.condition_shape

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        y, log_det = self.inner.forward(squeeze(x), condition)
        return unsqueeze(y), log_det

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        x, log_det = self.inner.inverse(squeeze(y), condition)
        return unsqueeze(x), log_det
