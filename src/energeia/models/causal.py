"""An autoregressive density whose conditionals are outputs of a causal network."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey
from energeia.contracts import Condition
from energeia.distributions.columns import Columns, Picker
from energeia.models.sequential import SequentialDensity
from energeia.models.slots import Slots
from energeia.nn.causal import CausalStack

POSITION_SIZE = 8
"""Size of the learned position embedding of each column."""


class CausalNetwork(SequentialDensity):
    """p(y) = prod_i p(y_i | h_i), h_i = stack(x_1 .. x_i), x_i = (f(y_(i-1)), position_i,
    condition).

    One set of weights serves every column (Carrasquilla et al. 2019 read quantum measurements
    like this), with a learned position embedding and a bias for each column. The parameters
    of a head are linear in h_i and in x_i itself. Sampling carries the state of the stack, in d
    steps of the cost of one column. Heads of several kinds have outputs and features of their own.

    Arguments: ``columns`` by rank; ``make(key, size)`` builds a stack for inputs of that size;
    ``order`` gives the column of each rank, without which they are in the order of y;
    ``reference`` rows of y set the biases to the marginal distributions.
    """

    columns: Columns
    order: Frozen | None
    stack: CausalStack
    positions: Array
    weights: Array
    bias: Array
    condition_shape: tuple[int, ...] | None = eqx.field(static=True)

    def __init__(
        self,
        key: PRNGKey,
        columns: Columns,
        make: Callable[[PRNGKey, int], CausalStack],
        *,
        condition_shape: tuple[int, ...] | None = None,
        order: tuple[int, ...] | None = None,
        reference: Float[Array, "rows d"] | None = None,
    ) -> None:
        self.columns, self.condition_shape = columns, condition_shape
        self.order = None if order is None else Frozen(jnp.asarray(order))
        extra = condition_shape[0] if condition_shape else 0
        first, second, third = jax.random.split(key, 3)
        size = sum(head.features for head in columns.heads) + POSITION_SIZE + extra
        self.stack = make(first, size)
        self.positions = 0.3 * jax.random.normal(second, (columns.dimension, POSITION_SIZE))
        outputs = sum(head.parameters for head in columns.heads)
        width = self.stack.width + size
        self.weights = 0.1 * jax.random.normal(third, (width, outputs)) / width**0.5
        self.bias = jnp.zeros(sum(columns.parameters))
        if reference is not None:
            self.bias = columns.initial(jax.vmap(self._ordered)(reference))

    @override
    def parameters(
        self, y: Float[Array, " d"], condition: Condition = None
    ) -> Float[Array, " parameters"]:
        seen = self._inputs(self.columns.embed(self._ordered(y)), condition)
        written = jnp.concatenate([self.stack(seen), seen], axis=1) @ self.weights
        return Slots.of_parameters(self.columns).taken(written) + self.bias

    @override
    def _by_rank(self, pick: Picker, condition: Condition) -> tuple[Array, Array | None]:
        longest_read = max(self.columns.parameters)
        longest = max(head.features for head in self.columns.heads)
        slots = Slots.of_features(self.columns)
        write, width = jnp.asarray(slots.starts), slots.width
        starts = jnp.asarray(self.columns.starts)
        read = jnp.asarray(Slots.of_parameters(self.columns).starts)
        bias = jnp.pad(self.bias, (0, longest_read))
        fixed = jnp.zeros(0) if condition is None else condition

        def step(carry: tuple, at: tuple) -> tuple[tuple, tuple]:
            state, seen = carry
            i, position = at
            x = jnp.concatenate([seen[:width], position, fixed])
            state, out = self.stack.step(state, x)
            written = jnp.pad(jnp.concatenate([out, x]) @ self.weights, (0, longest_read))
            theta = jax.lax.dynamic_slice_in_dim(written, read[i], longest_read)
            theta = theta + jax.lax.dynamic_slice_in_dim(bias, starts[i], longest_read)
            value, features, log_prob = pick(i, theta)
            features = jax.lax.dynamic_update_slice(
                jnp.zeros(width + longest), features, (write[i],)
            )
            return (state, features), (value, log_prob)

        steps = (jnp.arange(self.columns.dimension), self.positions)
        return jax.lax.scan(step, (self.stack.start(), jnp.zeros(width + longest)), steps)[1]

    def _inputs(self, features: Array, condition: Condition) -> Float[Array, "d size"]:
        """The inputs of the stack at each column: the features of the one before, in its own
        slots."""
        slots, count = Slots.of_features(self.columns), self.columns.dimension
        laid = slots.laid(features)[:-1]
        parts = [jnp.concatenate([jnp.zeros((1, slots.width)), laid]), self.positions]
        if condition is not None:
            parts.append(jnp.broadcast_to(condition, (count, *condition.shape)))
        return jnp.concatenate(parts, axis=1)
