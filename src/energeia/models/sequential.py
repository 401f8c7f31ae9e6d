"""Densities that are drawn one column after the other."""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, ConditionalSampler, Density
from energeia.distributions.columns import Columns, Picker


class SequentialDensity(Density, ConditionalSampler):
    """p(y) = prod_r p(y_r | y_0 .. y_(r-1)): the chain rule, over columns in an order.

    A subclass says how the parameters of every head follow from the columns before it, for a whole
    configuration (``parameters``) and while one is being drawn (``_by_rank``). ``order[r]`` is the
    column of rank r; without an order, columns follow each other as they stand.
    """

    columns: eqx.AbstractVar[Columns]
    order: eqx.AbstractVar[Frozen | None]

    @abstractmethod
    def parameters(
        self, y: Float[Array, " d"], condition: Condition = None
    ) -> Float[Array, " parameters"]:
        """The parameters of every head, by rank: rank r depends on ranks below r."""

    @abstractmethod
    def _by_rank(self, pick: Picker, condition: Condition) -> tuple[Array, Array | None]:
        """Columns picked one after the other, by rank, and what ``pick`` adds to each.

        ``pick(r, theta)`` returns the value of rank r, its features and anything else.
        """

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (self.columns.dimension,)

    @override
    def log_prob(self, x: Float[Array, " d"], condition: Condition = None) -> Scalar:
        theta = self.parameters(x, condition)
        return jnp.sum(self.columns.log_prob(theta, self._ordered(x)))

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Float[Array, " d"]:
        keys = jax.random.split(key, self.columns.dimension)

        def pick(r: Array, theta: Array) -> tuple[Scalar, Array, None]:
            return *self.columns.draw(keys[r], r, theta), None

        return self._unordered(self._by_rank(pick, condition)[0])

    def sample_and_log_prob(
        self, key: PRNGKey, condition: Condition = None
    ) -> tuple[Float[Array, " d"], Scalar]:
        """One configuration and its log-density, in one pass."""
        blank = jnp.zeros(self.columns.dimension)
        y, logs = self._kept(key, blank, jnp.zeros(blank.shape, bool), condition)
        return y, jnp.sum(logs)

    @override
    def complete(
        self, key: PRNGKey, x: Float[Array, " d"], known: Bool[Array, " d"],
        condition: Condition = None,
    ) -> tuple[Float[Array, " d"], Scalar]:  # fmt: skip
        """One pass of the sampler in which known columns keep their values.

        log weight = sum over known i of log p(x_i | x_before_i): constant, so that draws are
        exact, where the known columns are the first of the order.
        """
        y, logs = self._kept(key, x, known, condition)
        return y, jnp.sum(jnp.where(known, logs, 0.0))

    def _kept(
        self, key: PRNGKey, x: Array, known: Array, condition: Condition
    ) -> tuple[Array, Array]:
        """Known values and draws of the others, with log p of each column given those before."""
        keys = jax.random.split(key, self.columns.dimension)
        values, fixed = self._ordered(x), self._ordered(known)

        def pick(r: Array, theta: Array) -> tuple[Scalar, Array, Scalar]:
            return self.columns.keep_or_draw(keys[r], r, theta, values[r], fixed[r])

        y, logs = self._by_rank(pick, condition)
        assert logs is not None
        return self._unordered(y), self._unordered(logs)

    def _ordered(self, y: Array) -> Array:
        return y if self.order is None else y[self.order.value]

    def _unordered(self, y: Array) -> Array:
        return y if self.order is None else jnp.zeros_like(y).at[self.order.value].set(y)
