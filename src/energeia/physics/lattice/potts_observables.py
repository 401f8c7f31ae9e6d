"""Quantities of the Potts model."""

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array

from energeia._core.errors import InputError
from energeia._core.types import Scalar
from energeia.contracts import Observable
from energeia.physics.lattice.observables import EnergyPerSite
from energeia.physics.lattice.potts import Potts


class PottsOrder(Observable):
    """|m|^2 = (q sum_a (N_a / N)^2 - 1) / (q - 1), N_a the sites of color a.

    m is the mean of unit vectors to the corners of a simplex, one for each color; for two colors it
    is the magnetization of the Ising model.

    >>> [round(float(PottsOrder(3).value(x)), 4) for x in (jnp.zeros(9), jnp.arange(3.0))]
    [1.0, 0.0]
    """

    q: int = eqx.field(static=True)
    name: str = eqx.field(static=True, default="|m|^2")
    unit: str = eqx.field(static=True, default="1")

    def value(self, x: Array) -> Scalar:
        """|m|^2 of one configuration."""
        shares = jnp.mean(jnp.ravel(x) == jnp.arange(self.q)[:, None], axis=1)
        return (self.q * jnp.sum(shares**2) - 1) / (self.q - 1)


def potts_observables(potts: Potts) -> tuple[tuple[Observable, float | None], ...]:
    """The observables of a Potts lattice, each with its exact value where it is known.

    >>> for quantity, exact in potts_observables(Potts(4, 3, 1.0)):
    ...     print(quantity.name, round(exact, 4))
    energy per site -1.7024
    |m|^2 0.7563
    """
    try:
        solution = potts.solution
    except InputError:
        solution = None  # more rows than the transfer matrix takes
    return (
        (EnergyPerSite(potts, potts.beta), solution and solution.energy),
        (PottsOrder(potts.q), solution and solution.order_2),
    )
