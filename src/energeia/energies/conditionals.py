"""Energies of columns whose conditional probabilities are known without log Z."""

from abc import abstractmethod

from jaxtyping import Array, Float

from energeia._core.types import PRNGKey
from energeia.contracts import BlockEnergy, Condition


class ColumnConditionals(BlockEnergy):
    """An energy of d columns with p(x_i given all other columns) exact, and so with the
    pseudo-likelihood sum_i log p(x_i | rest) (Besag 1975)."""

    @abstractmethod
    def column_log_probs(
        self, key: PRNGKey, x: Array, columns: int, condition: Condition = None
    ) -> Float[Array, " columns"]:
        """log p(x_i given all other x) for ``columns`` different columns drawn at random, in nats;
        a density in columns of reals."""
