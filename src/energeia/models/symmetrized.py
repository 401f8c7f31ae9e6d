"""A density made invariant under a group, exactly."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.shapes import require_same_shape
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density, Wrapper
from energeia.physics.symmetry import SymmetryGroup


class Symmetrized(Wrapper, Density):
    """p(x) = 1/|G| sum_g q(g x): the mixture of a density over a finite group.

    Normalized because every g preserves volume. KL(P || p) <= KL(P || q) for every invariant P,
    by the convexity of -log. A density costs |G| passes, ``chunk`` of them at a time; a sample
    costs one. ``inner`` and ``group`` both act on the same coordinates.
    """

    inner: Density
    group: SymmetryGroup
    chunk: int = eqx.field(static=True, default=16)

    def __check_init__(self) -> None:
        columns = (self.group.dimension,)
        require_same_shape("a density", (math.prod(self.inner.shape),), "a group of maps", columns)

    @override
    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:

        def one(index: Array) -> Scalar:
            return self.inner.log_prob(self._moved(index, x), condition)

        size = math.gcd(self.group.order, self.chunk)
        blocks = jnp.arange(self.group.order).reshape(-1, size)
        terms = jax.lax.map(jax.vmap(one), blocks) if len(blocks) > 1 else jax.vmap(one)(blocks[0])
        return jax.nn.logsumexp(terms) - math.log(self.group.order)

    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """A sample of the inner density, transformed by a random group element."""
        draw, move = jax.random.split(key)
        x = self.inner.sample(draw, condition)
        return self._moved(jax.random.randint(move, (), 0, self.group.order), x)

    def _moved(self, index: Array, x: Array) -> Array:
        return self.group.apply(index, jnp.ravel(x)).reshape(x.shape)
