"""Any network as an energy, made normalizable by a quadratic term."""

from collections.abc import Callable

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.types import Scalar
from energeia.contracts import Condition, Energy


class ConfinedEnergy(Energy):
    """E(v) = stiffness |v|^2 / 2 + network(v)[0].

    With a network that grows no faster than linearly, exp(-E) can be normalized whatever it has
    learned. For images: in few dimensions see ``NeuralEnergy``.

    >>> energy = ConfinedEnergy(lambda v: v[:1], (2,), stiffness=2.0)
    >>> float(energy.energy(jnp.ones(2)))
    3.0
    """

    network: Callable[[Array], Array]
    shape: tuple[int, ...] = eqx.field(static=True)
    condition_shape: None = eqx.field(static=True, default=None)
    stiffness: float = eqx.field(static=True, default=0.01)

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        return 0.5 * self.stiffness * jnp.sum(x**2) + self.network(x)[0]
