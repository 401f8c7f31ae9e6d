"""What is certified: a density in the user's units, in 64 bits, with points to check it at."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.precision import Precision
from energeia._core.trees import Frozen
from energeia._core.unoptimized import run_unoptimized
from energeia.bijections.continuous import continuous_maps, with_maps
from energeia.bijections.linear import Whitening
from energeia.bijections.sphere import SphereSpline
from energeia.contracts import Density
from energeia.support import Support

_T = TypeVar("_T")
_LEAST_32 = 1e-6


class Subject(NamedTuple):
    """A density and points of its support, all in float64 and in the user's units."""

    model: Density
    support: Support
    rows: Float[np.ndarray, "n d"]
    """Held-out rows."""
    condition: Float[np.ndarray, "n c"] | None
    """The condition of each row."""
    at: Float[np.ndarray, " c"] | None
    """The one condition of the draws, and of the lines that integrate."""
    draws: Float[np.ndarray, "m d"]
    """Independent draws of the model."""
    key: Array

    def at_each(self, count: int) -> tuple[np.ndarray, ...]:
        """The one condition ``count`` times, where there is one."""
        return () if self.at is None else (np.broadcast_to(self.at, (count, len(self.at))),)

    def points(self, count: int) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
        """Up to ``count`` rows and as many draws, and their conditions where there are some."""
        x = np.concatenate([self.rows[:count], self.draws[:count]])
        if self.at is None or self.condition is None:
            return x, ()
        at = self.at_each(len(x) - len(self.condition[:count]))
        return x, (np.concatenate([self.condition[:count], *at]),)


def computed(function: Callable[..., Any], carry: Any, *rows: np.ndarray) -> Any:
    """``function(carry, *rows)`` on the host, of few rows: compiling costs more than running, but
    where equations are solved."""
    run = eqx.filter_jit(function) if continuous_maps(carry) else partial(run_unoptimized, function)
    found = run(carry, *map(jnp.asarray, rows))
    return jax.tree.map(np.asarray, found)


def widened(model: _T) -> _T:
    """The model in 64 bits.

    An inverse that is stored beside its matrix is computed anew, and a stored rotation is replaced
    by the nearest one: in 32 bits they were rounded, and are what they should be to 1e-7 only.
    """

    def whole(node: Any) -> Any:
        if isinstance(node, Whitening):
            inverse = jnp.tril(jnp.linalg.inv(node.factor.array))
            return Whitening(node.location, node.factor, Frozen(inverse))
        if isinstance(node, SphereSpline):
            left, _, right = jnp.linalg.svd(node.start.array)
            return eqx.tree_at(lambda n: n.start, node, Frozen(left @ right))
        return node

    stored = Whitening | SphereSpline
    return jax.tree.map(whole, in_bits(model, 64), is_leaf=lambda n: isinstance(n, stored))


def in_bits(tree: _T, bits: Precision) -> _T:
    """The same with every real array in 32 or 64 bits, in the context of that precision."""
    dtype = jnp.float64 if bits == 64 else jnp.float32

    def cast(leaf: Any) -> Any:
        real = eqx.is_inexact_array(leaf) or (
            isinstance(leaf, np.ndarray) and np.issubdtype(leaf.dtype, np.floating)
        )
        return jnp.asarray(leaf, dtype) if real else leaf

    cast_tree = jax.tree.map(cast, tree)
    if bits == 64:
        return cast_tree
    # Numbers of 32 bits cannot be solved for to less.
    return with_maps(cast_tree, lambda m: m.with_tolerance(max(m.tolerance, _LEAST_32)))
