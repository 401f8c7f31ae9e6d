"""Densities of rotations from densities of unit quaternions."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density, Wrapper
from energeia.support import Support


class UpToSign(Wrapper, Density):
    """p(x) = sum of f(s x) over the signs s of every rotation: q and -q are the same.

    With k rotations the sum has 2^k terms. Densities are per unit of one half of each sphere.
    """

    inner: Density
    support: Support = eqx.field(static=True)

    @override
    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        signs = jnp.asarray(sign_changes(self.support), x.dtype)
        logs = jax.vmap(self.inner.log_prob, in_axes=(0, None))(signs * x, condition)
        return jax.nn.logsumexp(logs)

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        return self.inner.sample(key, condition)


def sign_changes(support: Support) -> np.ndarray:
    """Factors 1 and -1 of every column, one row for each choice of the signs of rotations.

    >>> from energeia.support import Real, Rotation
    >>> sign_changes(Support.of([Real(), Rotation()])).tolist()
    [[1.0, 1.0, 1.0, 1.0, 1.0], [1.0, -1.0, -1.0, -1.0, -1.0]]
    """
    starts = [
        i for start, stop, factor, _ in support.blocks if factor.name == "rotation"
        for i in range(start, stop, factor.width)
    ]  # fmt: skip
    rows = np.ones((2 ** len(starts), support.width))
    for row, signs in zip(rows, itertools.product((1.0, -1.0), repeat=len(starts)), strict=True):
        for start, sign in zip(starts, signs, strict=True):
            row[start : start + 4] = sign
    return rows
