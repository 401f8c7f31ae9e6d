"""Permutation of columns as a primitive whose transpose is a permutation."""

from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir
from jaxtyping import Array, Int


def permuted(u: Array, order: Int[Array, " d"], back: Int[Array, " d"]) -> Array:
    """``u[..., order]``, where ``back`` is the inverse permutation.

    The transpose of a plain gather is a scatter, which on CPUs is a loop over columns; here it is
    the gather ``g[..., back]``. A primitive and not a custom rule for reverse mode, so that forward
    mode and Hessians work.

    >>> import jax.numpy as jnp
    >>> order = jnp.array([2, 0, 1])
    >>> permuted(jnp.array([10.0, 20.0, 30.0]), order, jnp.argsort(order)).tolist()
    [30.0, 10.0, 20.0]
    """
    return _permute.bind(u, order, back)


def _gathered(u: Array, order: Array, back: Array) -> Array:
    return u[..., order]


def _tangent(primals: tuple[Any, ...], tangents: tuple[Any, ...]) -> tuple[Array, Array]:
    u, order, back = primals
    return permuted(u, order, back), permuted(tangents[0], order, back)


def _transposed(cotangent: Array, u: Any, order: Array, back: Array) -> tuple[Array, None, None]:
    return permuted(cotangent, back, order), None, None


def _batched(rows: tuple[Array, ...], axes: tuple[Any, ...]) -> tuple[Array, int]:
    u, order, back = rows
    if axes[1] is None and axes[2] is None:
        return permuted(jnp.moveaxis(u, axes[0], 0), order, back), 0
    return jax.vmap(_gathered, in_axes=axes)(u, order, back), 0


_permute = Primitive("permute")
_permute.def_impl(jax.jit(_gathered))
_permute.def_abstract_eval(lambda u, order, back: u)
ad.primitive_jvps[_permute] = _tangent
ad.primitive_transposes[_permute] = _transposed
batching.primitive_batchers[_permute] = _batched
mlir.register_lowering(_permute, mlir.lower_fun(_gathered, multiple_results=False))
