"""A differentiable energy for chains, with its generator where it has one."""

from abc import abstractmethod
from collections.abc import Callable
from typing import NamedTuple

from jaxtyping import Array
from typing_extensions import override

from energeia._core.types import PRNGKey
from energeia.bijections.units import Units
from energeia.contracts import Condition, Density, Energy, Generator, Pushforward


class Landscape(NamedTuple):
    """An energy of the coordinates ``v`` of ``Units``, real in every column."""

    energy: Energy
    generator: Pushforward | None
    """The generator of v, for chains in its latent space, or None."""
    draw: Callable[[PRNGKey, Condition], Array]
    """One draw of v as the start of a chain, under a standardized condition."""
    units: Units
    scaling: Callable[[Condition], Condition] | None
    ratio: bool = False
    """Whether the energy is about log p_G - log p, as a critic learns it, and not -log p."""

    def to_user(self, v: Array) -> Array:
        """The user's values of v; discrete columns are rounded to their alphabet."""
        return self.units.decode(self.units.quantize(v))

    def scaled(self, condition: Condition) -> Condition:
        """The standardized condition, the input of the energy and the generator."""
        return condition if self.scaling is None else self.scaling(condition)


class HasLandscape(Generator):
    """A generator in the user's units that may have a landscape."""

    @abstractmethod
    def landscape(self) -> Landscape | None:
        """The energy that chains can sample; None where there is none, as on discrete codes."""


class LatentDraws(Generator):
    """x = G(z) in the user's units with z from another prior than the one trained with."""

    prior: Density
    landscape: Landscape
    generator: Pushforward

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.landscape.units.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.generator.condition_shape

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        z = self.prior.sample(key)
        return self.landscape.to_user(self.generator.transform(z, self.landscape.scaled(condition)))
