"""Quantities of lattices of angles: of the XY model and of U(1) gauge theory."""

import math

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.angles import wrap
from energeia._core.types import Scalar
from energeia.contracts import Observable
from energeia.physics.lattice.characters import require_rectangle, wilson_loop
from energeia.physics.lattice.clock import LARGEST
from energeia.physics.lattice.gauge import U1Gauge, plaquettes
from energeia.physics.lattice.observables import Derived, EnergyPerSite
from energeia.physics.lattice.xy import XY


class AngleMagnetization(Observable):
    """|m|^power, m = mean of (cos theta, sin theta) over all angles.

    >>> round(float(AngleMagnetization(power=1).value(jnp.array([0.0, 3.14159265]))), 6)
    0.0
    """

    power: int = eqx.field(static=True, default=2)
    unit: str = eqx.field(static=True, default="1")

    @property
    def name(self) -> str:
        """|m|, |m|^2 and so on."""
        return "|m|" if self.power == 1 else f"|m|^{self.power}"

    def value(self, x: Array) -> Scalar:
        """The power of one configuration."""
        square = jnp.mean(jnp.cos(x)) ** 2 + jnp.mean(jnp.sin(x)) ** 2
        return square ** (0.5 * self.power)


class BondAngles(Observable):
    """sum cos / N or (sum sin)^2 / N of theta_x - theta_x+e, over the bonds along one axis."""

    layout: tuple[int, int] = eqx.field(static=True)
    current: bool = eqx.field(static=True)
    axis: int = eqx.field(static=True, default=0)
    unit: str = eqx.field(static=True, default="1")

    @property
    def name(self) -> str:
        """Which of the two."""
        return "squared current" if self.current else "bonds along one axis"

    def value(self, x: Array) -> Scalar:
        """The sum of one configuration."""
        theta = jnp.reshape(x, self.layout)
        gap = theta - jnp.roll(theta, -1, self.axis)
        return jnp.sum(jnp.sin(gap)) ** 2 / x.size if self.current else jnp.mean(jnp.cos(gap))


class Helicity(Derived):
    """The helicity modulus <sum cos> / N - beta <(sum sin)^2> / N along one axis, in units of J.

    The second derivative of the free energy per site in a twist of the boundary (Fisher, Barber and
    Jasnow 1973).

    >>> Helicity(XY(4, 1.0)).combine(jnp.array([0.8, 0.3])).round(4).item()
    0.5
    """

    xy: XY
    axis: int = eqx.field(static=True, default=0)
    name: str = eqx.field(static=True, default="helicity modulus")
    unit: str = eqx.field(static=True, default="J")

    @property
    def parts(self) -> tuple[Observable, ...]:
        """The mean of the cosines, and the squared sum of the sines."""
        return tuple(BondAngles(self.xy.shape, current, self.axis) for current in (False, True))

    def combine(self, means: Float[Array, " parts"]) -> Scalar:
        """The modulus of both."""
        return means[0] - self.xy.beta * means[1]


class Plaquette(Observable):
    """The mean of cos theta_P over all plaquettes of a U(1) gauge field."""

    shape: tuple[int, int, int] = eqx.field(static=True)
    name: str = eqx.field(static=True, default="plaquette")
    unit: str = eqx.field(static=True, default="1")

    def value(self, x: Array) -> Scalar:
        """The mean of one configuration."""
        return jnp.mean(jnp.cos(plaquettes(x.reshape(self.shape))))


class TopologicalCharge(Observable):
    """Q^power, Q = sum of theta_P in [-pi, pi), over 2 pi: a whole number.

    >>> TopologicalCharge((2, 4, 4)).value(jnp.zeros(32)).item()
    0.0
    """

    shape: tuple[int, int, int] = eqx.field(static=True)
    power: int = eqx.field(static=True, default=2)
    unit: str = eqx.field(static=True, default="1")

    @property
    def name(self) -> str:
        """Q, Q^2 and so on."""
        return "Q" if self.power == 1 else f"Q^{self.power}"

    def value(self, x: Array) -> Scalar:
        """The power of one configuration, rounding errors of the sum removed."""
        total = jnp.sum(wrap(plaquettes(x.reshape(self.shape))))
        return jnp.round(total / (2 * math.pi)) ** self.power


class WilsonLoop(Observable):
    """cos of the sum of link angles around a rectangle, averaged over all places.

    The sides are ``height`` along axis 0 and ``width`` along axis 1; by the theorem of Stokes it is
    the sum of the plaquettes inside.

    Raises:
        InputError: for a side below 1 or above L - 1.

    >>> WilsonLoop((2, 4, 4), 2, 3).value(jnp.zeros(32)).item()
    1.0
    """

    shape: tuple[int, int, int] = eqx.field(static=True)
    height: int = eqx.field(static=True)
    width: int = eqx.field(static=True)
    unit: str = eqx.field(static=True, default="1")

    def __check_init__(self) -> None:
        require_rectangle(self.shape[1], self.height, self.width)

    @property
    def name(self) -> str:
        """The loop with its sides."""
        return f"Wilson loop {self.height}x{self.width}"

    def value(self, x: Array) -> Scalar:
        """The mean of one configuration."""
        theta = x.reshape(self.shape)
        down = sum((jnp.roll(theta[0], -k, 0) for k in range(self.height)), 0 * theta[0])
        right = sum((jnp.roll(theta[1], -k, 1) for k in range(self.width)), 0 * theta[1])
        around = down + jnp.roll(right, -self.height, 0) - jnp.roll(down, -self.width, 1) - right
        return jnp.mean(jnp.cos(around))


def xy_observables(xy: XY) -> tuple[tuple[Observable | Derived, float | None], ...]:
    """The observables of an XY lattice, each with its exact value at widths 2 and 3.

    >>> for quantity, exact in xy_observables(XY(2, 1.0)):
    ...     print(quantity.name, round(exact, 4))
    energy per site -1.5591
    |m|^2 0.8182
    helicity modulus 0.7796
    """
    known = xy.solution if xy.L <= LARGEST else None
    return (
        (EnergyPerSite(xy, xy.beta), known and known.energy),
        (AngleMagnetization(), known and known.magnetization_2),
        (Helicity(xy=xy), known and known.helicity),
    )


def gauge_observables(gauge: U1Gauge) -> tuple[tuple[Observable, float], ...]:
    """The observables of a U(1) gauge field, each with its exact value.

    >>> for quantity, exact in gauge_observables(U1Gauge(8, 2.0)):
    ...     print(quantity.name, round(exact, 4))
    plaquette 0.6978
    Q^2 1.2393
    Wilson loop 2x2 0.2371
    """
    solution, side = gauge.solution, min(2, gauge.L - 1)
    loop = WilsonLoop(gauge.shape, side, side)
    return (
        (Plaquette(gauge.shape), solution.plaquette),
        (TopologicalCharge(gauge.shape), solution.charge_2),
        (loop, wilson_loop(gauge.L, gauge.beta, side, side)),
    )
