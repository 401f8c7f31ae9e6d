"""The fully visible Boltzmann machine, and its path from independent columns."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition
from energeia.energies.algebra import Path
from energeia.energies.conditionals import ColumnConditionals
from energeia.energies.spins import PairSpins


class BoltzmannMachine(ColumnConditionals):
    """E(y) = -sum_{i<j} J_ij s_i s_j - (h + H c) . s, s = 2 y - 1, of codes 0 and 1, in nats.

    All units are visible and all pairs coupled (Ackley, Hinton and Sejnowski 1985). Couplings are
    the upper triangle of ``weights``, so that training keeps them symmetric; those of other units
    of the columns follow from the two values of s. A condition c moves the fields.

    Arguments: ``fields``, shape ``(n,)``; couplings begin at zero.

    >>> machine = BoltzmannMachine(jnp.array([0.5, 0.0]))
    >>> float(machine.energy(jnp.array([1.0, 0.0]))), machine.blocks
    (-0.5, 2)
    """

    weights: Float[Array, "n n"]
    fields: Float[Array, " n"]
    condition_to_field: Float[Array, "n condition"] | None

    def __init__(self, fields: Float[Array, " n"], condition_dimension: int = 0) -> None:
        n = len(fields)
        self.weights, self.fields = jnp.zeros((n, n)), fields
        conditional = condition_dimension > 0
        self.condition_to_field = jnp.zeros((n, condition_dimension)) if conditional else None

    @property
    @override
    def shape(self) -> tuple[int]:
        return (len(self.fields),)

    @property
    @override
    def condition_shape(self) -> tuple[int] | None:
        moved = self.condition_to_field
        return None if moved is None else (moved.shape[1],)

    @property
    @override
    def blocks(self) -> int:
        """One for each unit: all are coupled."""
        return len(self.fields)

    @property
    def couplings(self) -> Float[Array, "n n"]:
        """J, symmetric with zeros on the diagonal."""
        upper = jnp.triu(self.weights, 1)
        return upper + upper.T

    def spins(self, condition: Condition = None) -> PairSpins:
        """The same energy of spins -1 and +1, at one condition; of known values, not inside jit."""
        return PairSpins(np.asarray(self.couplings), np.asarray(self._fields(condition)))

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        s = 2 * x - 1
        return -s @ (jnp.triu(self.weights, 1) @ s) - self._fields(condition) @ s

    @override
    def draw_block(self, key: PRNGKey, block: int, x: Array, condition: Condition = None) -> Array:
        """One unit given the others; ``block`` may be traced."""
        n = jnp.arange(len(self.fields))
        # Of the upper triangle, the row after the unit and the column before it.
        pair = jnp.where(n > block, self.weights[block], self.weights[:, block])
        field = jnp.where(n == block, 0.0, pair) @ (2 * x - 1) + self._fields(condition)[block]
        on = jax.random.uniform(key, (), x.dtype) < jax.nn.sigmoid(2 * field)
        return x.at[block].set(on.astype(x.dtype))

    @override
    def column_log_probs(
        self, key: PRNGKey, x: Array, columns: int, condition: Condition = None
    ) -> Float[Array, " columns"]:
        """log p(y_i given all other y) = log sigma(2 s_i (sum_j J_ij s_j + h_i)), in nats."""
        s = 2 * x - 1
        found = jax.nn.log_sigmoid(2 * s * (self.couplings @ s + self._fields(condition)))
        if columns == len(self.fields):
            return found
        return jax.random.choice(key, found, (columns,), replace=False)

    def _fields(self, condition: Condition) -> Array:
        if self.condition_to_field is None or condition is None:
            return self.fields
        return self.fields + self.condition_to_field @ condition


def independent_fields(mean: Float[Array, " n"]) -> Float[Array, " n"]:
    """h with which independent units have the given means: atanh(2 mean - 1)."""
    return 0.5 * (jnp.log(mean) - jnp.log1p(-mean))


class MachinePath(Path):
    """From independent units to a machine: J -> beta J, H -> beta H, h -> (1 - beta) h_0 + beta h.

    Every point is itself a machine, so Gibbs sweeps stay exact at every beta.
    """

    target: BoltzmannMachine
    base_fields: Frozen

    @override
    def at(self, beta: Float[Array, ""] | float) -> BoltzmannMachine:
        machine = self.target
        moved = machine.condition_to_field
        return eqx.tree_at(
            lambda m: (m.weights, m.fields, m.condition_to_field),
            machine,
            (
                beta * machine.weights,
                (1 - beta) * self.base_fields.value + beta * machine.fields,
                None if moved is None else beta * moved,
            ),
            is_leaf=lambda leaf: leaf is None,
        )

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """Independent units at the base rates, whatever the condition."""
        on = jax.nn.sigmoid(2 * self.base_fields.value)
        return jax.random.bernoulli(key, on).astype(on.dtype)

    @override
    def log_partition(self, condition: Condition = None) -> Scalar:
        """sum_i log 2 cosh h_0i."""
        h = jnp.abs(self.base_fields.value)
        return jnp.sum(h + jnp.log1p(jnp.exp(-2 * h)))
