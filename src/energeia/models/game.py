"""The result of a game: a generator for samples and an energy of the same distribution."""

import equinox as eqx
from jaxtyping import Array
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.units import Units
from energeia.contracts import Condition, Energy, Pushforward
from energeia.models.cells import cell_energy
from energeia.models.in_units import ConditionScaling
from energeia.models.landscape import HasLandscape, Landscape


class GameModel(HasLandscape, Energy):
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

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.units.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.inner.condition_shape

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """E(x) in nats, as a density of the user's x, up to a constant of the condition."""
        y, log_det = self.units.encode(x)
        scaled = self._scaled(condition)
        if self.units.support.all_continuous:
            return self.inner.energy(y, scaled) - log_det
        return cell_energy(self.inner, self.units, y, scaled, self.points) - log_det

    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """One draw of the generator, in the user's units."""
        v = self.generator.sample(key, self._scaled(condition))
        return self.units.decode(self.units.quantize(v))

    def landscape(self) -> Landscape:
        """The energy, with the generator for chains in its latent space."""
        draw = self.generator.sample
        return Landscape(self.inner, self.generator, draw, self.units, self.scaling)

    def _scaled(self, condition: Condition) -> Condition:
        return condition if self.scaling is None else self.scaling(condition)
