"""Densities of tables that have both discrete and continuous columns, without dequantization."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.shapes import require_same_shape
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density
from energeia.models.sequential import SequentialDensity


class Mixed(Density):
    """p(y) = p(k) p(v | k), with k the codes of discrete columns and v the others: exact.

    ``discrete`` is a density of k. ``continuous`` is one of v whose condition are the features of k
    followed by the condition of the whole. ``is_discrete`` says which coordinates of y are codes.

    Raises:
        InputError: for parts whose shapes do not fit.
    """

    discrete: SequentialDensity
    continuous: Density
    is_discrete: tuple[bool, ...] = eqx.field(static=True)

    def __check_init__(self) -> None:
        codes = sum(self.is_discrete)
        rest = (len(self.is_discrete) - codes,)
        require_same_shape("a density", self.discrete.shape, "discrete columns", (codes,))
        require_same_shape("a density", self.continuous.shape, "continuous columns", rest)
        seen = sum(self.discrete.columns.features) + (self.discrete.condition_shape or (0,))[0]
        given = self.continuous.condition_shape
        require_same_shape("a density with conditions", given, "features", (seen,))

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (len(self.is_discrete),)

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.discrete.condition_shape

    @override
    def log_prob(self, x: Float[Array, " d"], condition: Condition = None) -> Scalar:
        mark = np.asarray(self.is_discrete)
        codes, reals = x[np.flatnonzero(mark)], x[np.flatnonzero(~mark)]
        log_p = self.discrete.log_prob(codes, condition)
        return log_p + self.continuous.log_prob(reals, self._seen(codes, condition))

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Float[Array, " d"]:
        return self.sample_and_log_prob(key, condition)[0]

    @override
    def sample_and_log_prob(
        self, key: PRNGKey, condition: Condition = None
    ) -> tuple[Float[Array, " d"], Scalar]:
        first, second = jax.random.split(key)
        codes, log_p = self.discrete.sample_and_log_prob(first, condition)
        seen = self._seen(codes, condition)
        reals, log_q = self.continuous.sample_and_log_prob(second, seen)
        mark = np.asarray(self.is_discrete)
        y = jnp.zeros(self.shape, reals.dtype)
        y = y.at[np.flatnonzero(mark)].set(codes).at[np.flatnonzero(~mark)].set(reals)
        return y, log_p + log_q

    def _seen(self, codes: Array, condition: Condition) -> Array:
        """The condition of the continuous columns."""
        features = self.discrete.columns.embed(codes)
        return features if condition is None else jnp.concatenate([features, condition])
