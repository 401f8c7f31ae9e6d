"""Pytrees: which leaves are trained, what they are called, whether they are finite."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool


def leaf_names(tree: Any) -> list[str]:
    """Name each leaf by its path, for files and for messages.

    >>> leaf_names({"a": 1, "b": (2, 3)})
    ['a', 'b.0', 'b.1']
    """
    paths, _ = jax.tree_util.tree_flatten_with_path(tree)
    return [".".join(_step(step) for step in path) for path, _ in paths]


def _step(step: Any) -> str:
    for attribute in ("name", "key", "idx"):
        if hasattr(step, attribute):
            return str(getattr(step, attribute))
    return str(step)


def is_finite(tree: Any) -> Bool[Array, ""]:
    """Whether every number in every inexact leaf is finite."""
    leaves = [leaf for leaf in jax.tree.leaves(tree) if eqx.is_inexact_array(leaf)]
    if not leaves:
        return jnp.asarray(True)
    return jnp.all(jnp.stack([jnp.all(jnp.isfinite(leaf)) for leaf in leaves]))


@jax.jit
def own_copy(tree: Any) -> Any:
    """Copies of all arrays, of strong dtypes, in one program: of leaves one by one, each shape
    would be compiled."""
    return jax.tree.map(_owned, tree)


def _owned(leaf: Array) -> Array:
    if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key):
        return jnp.copy(leaf)
    return jnp.array(leaf, dtype=leaf.dtype, copy=True)


def parameter_count(tree: Any) -> int:
    """Count the trainable numbers of a module."""
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(tree, eqx.is_inexact_array)))


class Frozen(eqx.Module):
    """An array that belongs to a model and is never trained, such as a mask or a data mean.

    Reading ``.value`` stops the gradient, so an optimizer that moves the whole model leaves it
    where it is (use a plain optimizer: weight decay would still shrink it).
    """

    array: jax.Array

    @property
    def value(self) -> jax.Array:
        """The array, with its gradient stopped."""
        return jax.lax.stop_gradient(self.array)


def trainable(tree: Any) -> Any:
    """Mark with True the leaves that training may change: inexact arrays outside ``Frozen``."""
    return jax.tree.map(
        lambda leaf: False if isinstance(leaf, Frozen) else eqx.is_inexact_array(leaf),
        tree,
        is_leaf=lambda leaf: isinstance(leaf, Frozen),
    )


def stopped(tree: Any) -> Any:
    """The same module with the gradient of every array stopped."""
    return jax.tree.map(
        lambda leaf: jax.lax.stop_gradient(leaf) if eqx.is_array(leaf) else leaf, tree
    )
