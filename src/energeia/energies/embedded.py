"""An energy of the user's configurations that is sampled in other coordinates."""

from abc import abstractmethod

import equinox as eqx
from jaxtyping import Array

from energeia._core.types import PRNGKey
from energeia.contracts import Condition, Energy


class EmbeddedEnergy(Energy):
    """An energy in the user's units with an ``inner`` energy on the coordinates of its chains."""

    inner: eqx.AbstractVar[Energy]

    @abstractmethod
    def embed(self, key: PRNGKey, x: Array, condition: Condition) -> tuple[Array, Condition]:
        """A configuration and its condition in the coordinates of the inner energy.

        Discrete columns may be dequantized by noise drawn from ``key``.
        """

    @abstractmethod
    def draw_base(self, key: PRNGKey, condition: Condition = None) -> Array:
        """A starting point of a chain, drawn independently of the energy.

        ``condition`` is one of the inner energy.
        """
