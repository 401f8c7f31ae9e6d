"""Energies of bonds that favor equal values, which clusters of equal values update."""

from abc import abstractmethod

import numpy as np
from jaxtyping import Float, Int

from energeia.contracts import Energy


class BondEnergy(Energy):
    """E(x) = -sum_b K_b [x_i = x_j] - sum_i F(x_i) + const, one alphabet for all variables.

    The representation of Fortuin and Kasteleyn (1972): each bond with equal ends is active with
    probability 1 - exp(-K_b), and given the active bonds every cluster has one value, drawn with
    the weight exp(F(value)) of each of its sites. It needs K_b >= 0. Everything here is known when
    a program is compiled.
    """

    @property
    @abstractmethod
    def bonds(self) -> Int[np.ndarray, "bonds 2"]:
        """The flat sites i and j of each bond."""

    @property
    @abstractmethod
    def bond_strengths(self) -> Float[np.ndarray, " bonds"]:
        """K_b, in nats."""

    @property
    @abstractmethod
    def alphabet(self) -> tuple[float, ...]:
        """The values of a variable."""

    @property
    @abstractmethod
    def value_weights(self) -> Float[np.ndarray, " values"]:
        """F of each value, in nats, up to a constant; zeros without a field."""
