"""Sizes that bound the cost of an evaluation. Needs no JAX."""

from typing import Annotated, Literal

import msgspec

from energeia._core.ranges import Count, require_ranges

PartitionMethod = Literal["smc", "annealing", "tempering", "enumeration"]
"""Ways to log Z of an energy, see ``evaluation.log_z_of``."""


class EvaluationBudget(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sizes of an evaluation; the defaults take a few seconds per model on two cores."""

    rows: Count = 2000
    """Samples drawn, and the most rows on each side of a two-sample test."""
    permutations: Count = 200
    """Relabelings behind a p-value: the least p is 1 / (permutations + 1)."""
    directions: Count = 64
    """Projections of the sliced Wasserstein distance."""
    weights_per_row: Count = 1000
    """Most importance weights K for one row of a latent-variable model."""
    weights: Count = 500_000
    """Importance weights over all rows, as long as at least 64 a row are left."""
    chains: Count = 128
    """Annealed chains for the partition function of an energy."""
    temperatures: Count = 1000
    """Temperatures of each annealed chain."""

    def __post_init__(self) -> None:
        require_ranges(self)

    def weights_for(self, rows: int) -> int:
        """K for each of ``rows`` rows.

        >>> EvaluationBudget().weights_for(180), EvaluationBudget().weights_for(2000)
        (1000, 250)
        """
        fair = self.weights // max(rows, 1)
        return max(1, min(self.weights_per_row, max(64, fair)))

    def scaled(self, scale: float) -> "EvaluationBudget":
        """The budget with a fraction of the importance weights, which dominate the cost.

        >>> EvaluationBudget().scaled(0.5).weights_for(2000)
        125
        """
        return msgspec.structs.replace(self, weights=max(1, round(self.weights * min(scale, 1.0))))


class LogZSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is spent on log Z of an energy."""

    chains: Annotated[int, msgspec.Meta(ge=16, le=1_000_000)] = 256
    """Particles of a population, or annealed chains; a sixteenth as many tempered ones."""
    temperatures: Count = 1000
    """Of annealing."""
    populations: Annotated[int, msgspec.Meta(ge=2, le=10_000)] = 32
    """Independent populations of ``smc``, whose scatter is its error."""
    moves: Count = 10
    """Steps of the kernel at each temperature of ``smc``."""
    levels: Annotated[int, msgspec.Meta(ge=2, le=1000)] = 16
    """Temperatures of ``tempering``."""
    draws: Annotated[int, msgspec.Meta(ge=8, le=100_000_000)] = 2000
    """Of each tempered chain."""
    leapfrog_steps: Count = 5
    """Of the kernel of real columns."""

    def __post_init__(self) -> None:
        require_ranges(self)
