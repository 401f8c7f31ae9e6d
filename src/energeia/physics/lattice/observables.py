"""Physical quantities of configurations, and functions of several means.

An ``Observable`` has one value per configuration, so its mean and error are those of the values. A
``Derived`` quantity is a smooth function of several means, such as a susceptibility: its error
needs a jackknife of the ``parts``, which the evaluation does.
"""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.types import Scalar
from energeia.contracts import Energy, Observable
from energeia.physics.lattice.ising import Ising


class IsingEnergy(Observable):
    """(-J sum_<ij> x_i x_j - h sum_i x_i) / N, in units of J."""

    ising: Ising
    name: str = eqx.field(static=True, default="energy per site")
    unit: str = eqx.field(static=True, default="J")

    def value(self, x: Array) -> Scalar:
        """Energy per site of one configuration."""
        return self.ising.energy(x) / (self.ising.beta * self.ising.L**2)


class EnergyPerSite(Observable):
    """E / (beta N) of an energy that is beta times a Hamiltonian of N variables, in units of J.

    >>> round(float(EnergyPerSite(Ising(4, 0.4), 0.4).value(jnp.ones(16))), 6)
    -2.0
    """

    energy: Energy
    beta: float = eqx.field(static=True)
    name: str = eqx.field(static=True, default="energy per site")
    unit: str = eqx.field(static=True, default="J")

    def value(self, x: Array) -> Scalar:
        """Energy per site of one configuration."""
        return self.energy.energy(x) / (self.beta * x.size)


class MagnetizationPower(Observable):
    """|m|^power with m = mean of the spins; the power 0 stands for m itself.

    >>> import jax.numpy as jnp
    >>> float(MagnetizationPower(power=1, name="|m|").value(-jnp.ones(16)))
    1.0
    """

    power: int = eqx.field(static=True)
    name: str = eqx.field(static=True)
    unit: str = eqx.field(static=True, default="1")

    def value(self, x: Array) -> Scalar:
        """|m|^power, or m."""
        m = jnp.mean(x)
        return m if self.power == 0 else jnp.abs(m) ** self.power


class ColumnMoment(Observable):
    """x_i^power, or (x_i - center)^power: column means, variances and similar moments."""

    column: int = eqx.field(static=True)
    power: int = eqx.field(static=True)
    name: str = eqx.field(static=True)
    center: float = eqx.field(static=True, default=0.0)
    unit: str = eqx.field(static=True, default="1")

    def value(self, x: Array) -> Scalar:
        """The power of the column of one configuration, read row by row."""
        return (jnp.ravel(x)[self.column] - self.center) ** self.power


class Derived(eqx.Module):
    """A function of the means of some observables."""

    name: eqx.AbstractVar[str]
    unit: eqx.AbstractVar[str]

    @property
    @abstractmethod
    def parts(self) -> tuple[Observable, ...]:
        """The observables whose means are combined."""

    @abstractmethod
    def combine(self, means: Float[Array, " parts"]) -> Scalar:
        """The quantity, from the means of ``parts`` in order."""


class Susceptibility(Derived):
    """chi = beta N (<m^2> - <|m|>^2)."""

    ising: Ising
    name: str = eqx.field(static=True, default="susceptibility")
    unit: str = eqx.field(static=True, default="1/J")

    @property
    def parts(self) -> tuple[Observable, ...]:
        """|m| and m^2."""
        return (MagnetizationPower(power=1, name="|m|"), MagnetizationPower(power=2, name="m^2"))

    def combine(self, means: Float[Array, " parts"]) -> Scalar:
        """Chi of <|m|> and <m^2>."""
        return self.ising.beta * self.ising.L**2 * (means[1] - means[0] ** 2)


class BinderCumulant(Derived):
    """U = 1 - <m^4> / (3 <m^2>^2) of an order parameter m (Binder 1981).

    Zero of a normal m of mean zero, 2/3 where |m| does not vary; its curves for different widths
    cross near a critical point.

    >>> cumulant = BinderCumulant(MagnetizationPower(power=1, name="|m|"))
    >>> [part.name for part in cumulant.parts], round(float(cumulant.combine(jnp.ones(2))), 4)
    (['|m|, squared', '|m|, squared, squared'], 0.6667)
    """

    inner: Observable
    name: str = eqx.field(static=True, default="Binder cumulant")
    unit: str = eqx.field(static=True, default="1")

    @property
    def parts(self) -> tuple[Observable, ...]:
        """m^2 and m^4."""
        return (Squared(inner=self.inner), Squared(inner=Squared(inner=self.inner)))

    def combine(self, means: Float[Array, " parts"]) -> Scalar:
        """U of <m^2> and <m^4>."""
        return 1 - means[1] / (3 * means[0] ** 2)


class SpecificHeat(Derived):
    """c = beta^2 N (<e^2> - <e>^2) per site, with e the energy per site."""

    ising: Ising
    name: str = eqx.field(static=True, default="specific heat per site")
    unit: str = eqx.field(static=True, default="k_B")

    @property
    def parts(self) -> tuple[Observable, ...]:
        """e and e^2."""
        return (IsingEnergy(ising=self.ising), Squared(inner=IsingEnergy(ising=self.ising)))

    def combine(self, means: Float[Array, " parts"]) -> Scalar:
        """The specific heat of <e> and <e^2>."""
        return self.ising.beta**2 * self.ising.L**2 * (means[1] - means[0] ** 2)


class Squared(Observable):
    """The square of another observable."""

    inner: Observable

    @property
    def name(self) -> str:
        """The name of the inner observable, squared."""
        return f"{self.inner.name}, squared"

    @property
    def unit(self) -> str:
        """The square of the inner unit."""
        return f"{self.inner.unit}^2"

    def value(self, x: Array) -> Scalar:
        """The square of the inner value."""
        return self.inner.value(x) ** 2


def ising_observables(ising: Ising) -> tuple[tuple[Observable | Derived, float], ...]:
    """The observables of an Ising lattice, each with its exact value.

    Raises:
        InputError: for a lattice wider than the transfer matrix supports.

    >>> for quantity, exact in ising_observables(Ising(4, 0.4)):
    ...     print(quantity.name, round(exact, 4))
    energy per site -1.3791
    |m| 0.7647
    susceptibility 0.4483
    specific heat per site 0.8125
    """
    solution = ising.solution
    return (
        (IsingEnergy(ising=ising), solution.energy),
        (MagnetizationPower(power=1, name="|m|"), solution.abs_magnetization),
        (Susceptibility(ising=ising), solution.susceptibility),
        (SpecificHeat(ising=ising), solution.specific_heat),
    )
