"""The multi-scale architecture, and stacks whose layers start from rows."""

from collections.abc import Callable, Sequence

import equinox as eqx
import jax
from jaxtyping import Array, Float

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.bijections.channels import FirstChannels
from energeia.bijections.compose import Chain, Stacked
from energeia.bijections.reshape import Squeezed, require_even_sides
from energeia.contracts import Bijection

Rows = Float[Array, "n h w c"]
"""Fields."""


def level_shapes(shape: tuple[int, int, int], levels: int) -> list[tuple[int, int, int]]:
    """The fields that the levels of a multi-scale flow see: (h, w, c), (h/2, w/2, 2c), ...

    Raises:
        InputError: for sides that cannot be halved as many times.

    >>> level_shapes((8, 8, 1), 2)
    [(8, 8, 1), (4, 4, 2)]
    """
    height, width, channels = shape
    require_even_sides(height, width, levels)
    return [(height >> k, width >> k, channels << k) for k in range(levels)]


def multi_scale(levels: Sequence[Bijection]) -> Bijection:
    """Levels of which each but the last factors out half of the channels of its squeezed field.

    The first level maps fields (h, w, c). The result, squeezed to (h/2, w/2, 4c), is split: the
    second half of the channels is final, the first half is the field (h/2, w/2, 2c) of the next
    level. Numbers stay at their sites, so the shape of the whole is that of the first level. Dinh
    et al. 2017, "Density estimation using Real NVP", eqs. 13 to 15.

    Raises:
        InputError: for no levels, or ones whose shapes do not follow each other.

    >>> import jax.numpy as jnp
    >>> from energeia.bijections import Affine
    >>> first, second = (Affine(jnp.zeros(s), jnp.zeros(s)) for s in level_shapes((8, 8, 1), 2))
    >>> multi_scale([first, second]).shape
    (8, 8, 1)
    """
    shapes = [tuple(level.shape) for level in levels]
    if not shapes or shapes[1:] != [(h // 2, w // 2, 2 * c) for h, w, c in shapes[:-1]]:
        raise InputError(
            f"levels of shapes {shapes} were given for a multi-scale flow: give at least one, each "
            "of half the sides and twice the channels of the one before"
        )
    whole = levels[-1]
    for level in reversed(levels[:-1]):
        rest = Squeezed(FirstChannels(whole, 4 * level.shape[-1]))
        whole = Chain((level, rest))
    return whole


def stacked_on_rows(
    build: Callable[[PRNGKey, Rows], tuple[Bijection, Rows]], layers: int, rows: Rows, key: PRNGKey
) -> tuple[Stacked, Rows]:
    """Equal layers, each built from the rows as those before it leave them, and the rows after all.

    ``build`` returns a layer and the rows that it maps its rows to; it knows best which of its
    parts start as the identity. A scan, so that any number of layers is compiled once, in building
    as in use.

    >>> import jax.numpy as jnp
    >>> from energeia.bijections import ActNorm, EverySite
    >>> def normalized(key, rows):
    ...     layer = EverySite(ActNorm(rows), (1, 1))
    ...     return layer, jax.vmap(lambda row: layer.forward(row)[0])(rows)
    >>> rows = jnp.array([1.0, 3.0]).reshape(2, 1, 1, 1)
    >>> stack, after = stacked_on_rows(normalized, 3, rows, jax.random.key(0))
    >>> after.ravel().tolist(), stack.layers.inner.center.array.ravel().tolist()
    ([-1.0, 1.0], [2.0, 0.0, 0.0])
    """

    def step(rows: Rows, key: PRNGKey) -> tuple[Rows, Bijection]:
        layer, after = build(key, rows)
        return after, eqx.filter(layer, eqx.is_array)

    after, arrays = jax.lax.scan(step, rows, jax.random.split(key, layers))
    shapes, _ = eqx.filter_eval_shape(build, key, rows)
    static = eqx.filter(shapes, lambda leaf: isinstance(leaf, jax.ShapeDtypeStruct), inverse=True)
    return Stacked(eqx.combine(arrays, static)), after
