"""The result of a game: a generator for samples and an energy of the same distribution."""

import equinox as eqx
from jaxtyping import Array
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.units import Units
from energeia.contracts import Condition, Density, Energy, Pushforward
from energeia.models.capabilities import LogPartition, PartitionEstimate
from energeia.models.cells import cell_energy
from energeia.models.importance import importance_log_partition
from energeia.models.in_units import ConditionScaling, InUnits
from energeia.models.landscape import HasLandscape, Landscape


class GameModel(InUnits, HasLandscape, LogPartition):
    """An energy and a generator of the same distribution, in the user's units.

    ``sample`` draws from the generator alone; chains on ``landscape()`` correct its samples. The
    two distributions agree as far as the game has converged. The energy of discrete columns is -log
    of the mean of exp(-E(v)) over ``points`` fixed points of the cell: a quadrature, not exact.
    """

    inner: Energy
    generator: Pushforward
    units: Units
    scaling: ConditionScaling | None = None
    points: int = eqx.field(static=True, default=8)

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """E(x) in nats, as a density of the user's x, up to a constant of the condition."""
        y, log_det = self.units.encode(x)
        scaled = self.scaled(condition)
        if self.units.support.all_continuous:
            return self.inner.energy(y, scaled) - log_det
        return cell_energy(self.inner, self.units, y, scaled, self.points) - log_det

    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """One draw of the generator, in the user's units."""
        v = self.generator.sample(key, self.scaled(condition))
        return self.units.decode(self.units.quantize(v))

    @override
    def estimate_log_partition(
        self, key: PRNGKey, condition: Condition = None, *, chains: int, temperatures: int
    ) -> PartitionEstimate | None:
        """By the generator's exact weights; None if it has no density, or columns are discrete.

        A lower bound of log Z on average: where weights vary much, likelihoods are too large.
        """
        if not (self.units.support.all_continuous and isinstance(self.generator, Density)):
            return None
        found = importance_log_partition(self.inner, self.generator, key, self.scaled(condition))
        return PartitionEstimate(found, found.note)

    def landscape(self) -> Landscape:
        """The energy, with the generator for chains in its latent space."""
        draw = self.generator.sample
        return Landscape(self.inner, self.generator, draw, self.units, self.scaling)
