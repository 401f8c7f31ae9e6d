"""What a model can do beyond sampling and scoring; evaluation asks for these, never for a class."""

from abc import abstractmethod
from typing import NamedTuple

import equinox as eqx
from jaxtyping import Array

from energeia._core.types import PRNGKey
from energeia.contracts import Condition, Energy, Kernel
from energeia.estimate import Estimate


class PartitionEstimate(NamedTuple):
    """log Z of one condition, with what it was found from."""

    value: Estimate
    """What is subtracted from -E, in nats."""
    note: str
    """How it was found."""
    sides: tuple[Estimate, Estimate] | None = None
    """From below and from above, where it was found from both."""
    warnings: tuple[str, ...] = ()
    """Signs that it is further off than its error says."""


class LogPartition(Energy):
    """An energy in the user's units whose log Z can be estimated, so that it scores rows."""

    @abstractmethod
    def estimate_log_partition(
        self, key: PRNGKey, condition: Condition = None, *, chains: int, temperatures: int
    ) -> PartitionEstimate | None:
        """log Z at one condition, for log p(x) = -E(x) - log Z; None where it cannot be found.

        ``chains`` and ``temperatures`` bound the cost of estimates by annealing.
        """


class ChainDiagnostics(eqx.Module):
    """A model that is sampled by chains, whose mixing can be measured."""

    inner: eqx.AbstractVar[Energy]
    """The energy in the coordinates of the chains."""
    kernel: eqx.AbstractVar[Kernel]

    @abstractmethod
    def annealed_draw(self, key: PRNGKey, condition: Condition = None) -> Array:
        """The starting point of a chain at the target, in the coordinates of the chains."""
