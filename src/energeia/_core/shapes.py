"""Shapes of parts that must agree."""

import math
from typing import Any

import equinox as eqx
import jax

from energeia._core.errors import InputError

Shape = tuple[int, ...] | None


def require_same_shape(part: str, shape: Shape, whole: str, wanted: Shape) -> None:
    """Refuse a part whose shape differs from that of what it is put into.

    Raises:
        InputError: naming both shapes.

    >>> require_same_shape("a base", (2,), "a bijection", (2,))
    """
    found, needed = (None if s is None else tuple(s) for s in (shape, wanted))
    if found != needed:
        raise InputError(
            f"{part} of shape {found} was given to {whole} of shape {needed}: give both the same"
        )


def require_same_size(part: str, inner: tuple[int, ...], outer: tuple[int, ...]) -> None:
    """Refuse a part whose shape has another number of numbers than the one it is read in.

    Raises:
        InputError: naming both shapes.

    >>> require_same_size("a bijection", (2, 2), (4,))
    """
    if math.prod(inner) != math.prod(outer):
        raise InputError(
            f"{part} of shape {inner} was given for configurations of shape {outer}: give one of "
            f"{math.prod(outer)} numbers"
        )


def require_leading_axis(what: str, stacked: Any, count: int | None = None) -> None:
    """Refuse stacked modules whose arrays do not share a leading axis, of length ``count``.

    Raises:
        InputError: naming the lengths found.
    """
    leaves = jax.tree.leaves(eqx.filter(stacked, _has_shape))
    lengths = {leaf.shape[0] if leaf.shape else None for leaf in leaves}
    if len(lengths) > 1 or (count is not None and lengths and lengths != {count}):
        raise InputError(
            f"{what} have leading axes of lengths {sorted(map(str, lengths))} where one of "
            f"{'the same length' if count is None else count} was wanted: build them with "
            "equinox.filter_vmap"
        )


def one_of(stacked: Any) -> Any:
    """One of stacked modules with shapes in the place of arrays, to ask for its shape.

    >>> import jax.numpy as jnp
    >>> one_of((jnp.zeros((3, 2)), "static"))
    (ShapeDtypeStruct(shape=(2,), dtype=float32), 'static')
    """
    return jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(leaf.shape[1:], leaf.dtype) if _has_shape(leaf) else leaf,
        stacked,
        is_leaf=_has_shape,
    )


def _has_shape(leaf: Any) -> bool:
    return eqx.is_array(leaf) or isinstance(leaf, jax.ShapeDtypeStruct)
