"""Models in the user's units: the change of coordinates is part of the model, Jacobian included.

``inner`` works on the coordinates ``y`` of ``Units`` (codes, standardized reals).
"""

import equinox as eqx
from jaxtyping import Array
from typing_extensions import override

from energeia._core.shapes import require_same_shape
from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.units import Units
from energeia.conditions import ConditionColumn, condition_features
from energeia.contracts import (
    AveragedLogProb,
    Condition,
    Density,
    Energy,
    Generator,
    LatentModel,
    Pushforward,
    Shaped,
)
from energeia.models.dequantized import Dequantized
from energeia.models.landscape import HasLandscape, Landscape


class ConditionScaling(eqx.Module):
    """What a model sees of a condition: (f(c) - location) / scale."""

    location: Frozen
    scale: Frozen
    columns: tuple[ConditionColumn, ...] = eqx.field(static=True, default=())
    """Whose features f are; without them f(c) is c, which the host has encoded."""

    def __call__(self, condition: Condition) -> Condition:
        """The standardized features of a condition, or None for None."""
        if condition is None:
            return None
        seen = condition_features(self.columns, condition)
        return (seen - self.location.value) / self.scale.value


class InUnits(Shaped):
    """Base of what changes units around ``inner``, conditions standardized."""

    inner: eqx.AbstractVar[Shaped]
    units: eqx.AbstractVar[Units]
    scaling: eqx.AbstractVar[ConditionScaling | None]

    def __check_init__(self) -> None:
        require_same_shape("a model", self.inner.shape, "units", self.units.inner_shape)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.units.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        columns = () if self.scaling is None else self.scaling.columns
        return (len(columns),) if columns else self.inner.condition_shape

    def scaled(self, condition: Condition) -> Condition:
        """The condition that ``inner`` sees."""
        return condition if self.scaling is None else self.scaling(condition)


class DensityInUnits(InUnits, HasLandscape, Density):
    """A density of ``y`` in the user's units: log p(x) = log q(y) + log|dy/dx|."""

    inner: Density
    units: Units
    scaling: ConditionScaling | None = None

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """log p(x), normalized, in nats and the units of x."""
        y, log_det = self.units.encode(x)
        return self.inner.log_prob(y, self.scaled(condition)) + log_det

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        return self.units.decode(self.inner.sample(key, self.scaled(condition)))

    @override
    def sample_and_log_prob(
        self, key: PRNGKey, condition: Condition = None
    ) -> tuple[Array, Scalar]:
        y, log_q = self.inner.sample_and_log_prob(key, self.scaled(condition))
        x = self.units.decode(y)
        return x, log_q + self.units.encode(x)[1]

    def landscape(self) -> Landscape | None:
        """The energy -log p, where every column is continuous and has a chart."""
        if not (self.units.support.all_continuous and self.units.support.flat):
            return None
        return _landscape_of(self.inner, self.units, self.scaling)


class OrdersInUnits(InUnits, AveragedLogProb):
    """A model of ``y`` in any order, in the user's units."""

    inner: AveragedLogProb
    units: Units
    scaling: ConditionScaling | None = None

    def mean_log_prob(self, key: PRNGKey, x: Array, condition: Condition = None) -> Scalar:
        """log p(x; order), averaged over orders, in nats and the units of x."""
        y, log_det = self.units.encode(x)
        return self.inner.mean_log_prob(key, y, self.scaled(condition)) + log_det


class LatentInUnits(InUnits, HasLandscape, LatentModel):
    """A latent-variable model of ``y`` in the user's units."""

    inner: LatentModel
    units: Units
    scaling: ConditionScaling | None = None

    def log_weight(self, key: PRNGKey, x: Array, condition: Condition = None) -> Scalar:
        """One importance weight of log p(x), in nats and the units of x."""
        y, log_det = self.units.encode(x)
        return self.inner.log_weight(key, y, self.scaled(condition)) + log_det

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        return self.units.decode(self.inner.sample(key, self.scaled(condition)))

    def landscape(self) -> Landscape | None:
        """The energy of a dequantized density; other latent models have no energy of x."""
        if not isinstance(self.inner, Dequantized):
            return None
        return _landscape_of(self.inner.density, self.units, self.scaling)


class GeneratorInUnits(InUnits, HasLandscape):
    """A generator of the real coordinates ``v`` in the user's units.

    ``critic`` is the energy of v that was trained against it, if it was kept.
    """

    inner: Generator
    units: Units
    scaling: ConditionScaling | None = None
    critic: Energy | None = None

    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """One configuration in the user's units; discrete columns are rounded to their alphabet."""
        v = self.inner.sample(key, self.scaled(condition))
        return self.units.decode(self.units.quantize(v))

    def landscape(self) -> Landscape | None:
        """The critic's energy (a log-ratio), with the generator."""
        if self.critic is None:
            return None
        generator = self.inner if isinstance(self.inner, Pushforward) else None
        return Landscape(
            self.critic, generator, self.inner.sample, self.units, self.scaling, ratio=True
        )


class EnergyInUnits(InUnits, Energy):
    """An energy of ``y`` in the user's units: E(x) = E(y) - log|dy/dx|."""

    inner: Energy
    units: Units
    scaling: ConditionScaling | None = None

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """The energy in nats, as a density of the user's x."""
        y, log_det = self.units.encode(x)
        return self.inner.energy(y, self.scaled(condition)) - log_det


def _landscape_of(inner: Density, units: Units, scaling: ConditionScaling | None) -> Landscape:
    """The landscape of a density of v."""
    generator = inner if isinstance(inner, Pushforward) else None
    return Landscape(inner, generator, inner.sample, units, scaling)
