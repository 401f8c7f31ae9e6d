"""Where chains can walk: a differentiable energy, with its generator where it has one."""

from abc import abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from jaxtyping import Array

from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.contracts import Condition, Density, Energy, Generator, Pushforward


class Landscape(NamedTuple):
    """An energy of the spread coordinates ``v`` of ``Units``, reals in every column."""

    energy: Energy
    generator: Pushforward | None
    """The generator of v whose latent space chains may walk, or None."""
    draw: Callable[[PRNGKey, Condition], Array]
    """One draw of v, where a chain in v may start, under a standardized condition."""
    units: Units
    scaling: Callable[[Condition], Condition] | None
    ratio: bool = False
    """Whether the energy is about log p_G - log p, as a critic learns it, and not -log p."""

    def to_user(self, v: Array) -> Array:
        """The user's values of v; discrete columns land on their alphabet."""
        return self.units.decode(self.units.quantize(v))

    def scaled(self, condition: Condition) -> Condition:
        """The condition as the energy and the generator see it."""
        return condition if self.scaling is None else self.scaling(condition)


class HasLandscape(Generator):
    """A generator in the user's units that may have a landscape."""

    @abstractmethod
    def landscape(self) -> Landscape | None:
        """The energy that chains can walk on; None where it has none, as on discrete codes."""


class LatentDraws(Generator):
    """x = G(z) in the user's units with z from another prior than the one trained with."""

    prior: Density
    landscape: Landscape
    generator: Pushforward

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one configuration."""
        return self.landscape.units.shape

    @property
    def condition_shape(self) -> tuple[int, ...] | None:
        """The shape of one condition, or None."""
        return self.generator.condition_shape

    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """One configuration."""
        z = self.prior.sample(key)
        return self.landscape.to_user(self.generator.transform(z, self.landscape.scaled(condition)))
