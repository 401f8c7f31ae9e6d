"""Compositions of energies: tempered, summed, shifted, interpolated."""

from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density, Energy, Wrapper, condition_for


class WrappedEnergy(Wrapper, Energy):
    """Base of energies made of one other energy, in the same coordinates."""

    inner: eqx.AbstractVar[Energy]

    @override
    def put_back(self, x: Array) -> Array:
        return self.inner.put_back(x)


class Tempered(WrappedEnergy):
    """beta E(x): the distribution p^beta, up to its normalization.

    >>> import jax.numpy as jnp
    >>> from energeia.energies.analytic import Normal
    >>> hot = Tempered(Normal(jnp.zeros(1), jnp.eye(1)), jnp.asarray(0.5))
    >>> float(hot.energy(jnp.array([2.0])) - hot.energy(jnp.zeros(1)))
    1.0
    """

    inner: Energy
    beta: Float[Array, ""]

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """Beta times the inner energy, in nats."""
        return self.beta * self.inner.energy(x, condition)


class Sum(Energy):
    """E_1(x) + E_2(x): the product of two distributions, up to its normalization."""

    first: Energy
    second: Energy

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.first.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.first.condition_shape or self.second.condition_shape

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """The sum of both energies, in nats."""
        first = self.first.energy(x, condition_for(self.first, condition))
        return first + self.second.energy(x, condition_for(self.second, condition))


class Shifted(WrappedEnergy):
    """E(x) - offset: with offset = -log Z, the energy of a normalized density."""

    inner: Energy
    offset: Frozen

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """The inner energy less the offset, in nats."""
        return self.inner.energy(x, condition) - self.offset.value


class Interpolated(Energy):
    """(1 - beta) E_0(x) + beta E_1(x): a point of the geometric path between two energies.

    At beta = 0 the end is ignored, at beta = 1 the start, even where it is infinite: beyond a hard
    wall 0 times infinity would be no number.
    """

    start: Energy
    end: Energy
    beta: Float[Array, ""]

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.end.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.end.condition_shape or self.start.condition_shape

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """The weighted sum of both energies, in nats."""
        start = _weighted(1 - self.beta, self.start, x, condition)
        return start + _weighted(self.beta, self.end, x, condition)


def _weighted(weight: Array, energy: Energy, x: Array, condition: Condition) -> Scalar:
    """weight * E(x), and zero with zero force where the weight is zero, whatever E is there."""
    ignored = weight == 0
    # Of a selection, unlike of a product with zero, the gradient is zero even where E has none.
    reached = jnp.where(ignored, jax.lax.stop_gradient(x), x)
    return jnp.where(
        ignored, 0.0, weight * energy.energy(reached, condition_for(energy, condition))
    )


class Path(eqx.Module):
    """A path of energies from a normalized distribution with exact samples to a target."""

    target: eqx.AbstractVar[Energy]

    @abstractmethod
    def at(self, beta: Float[Array, ""] | float) -> Energy:
        """The energy at 0 <= beta <= 1; the target at 1."""

    @abstractmethod
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """One exact draw at beta = 0."""

    @abstractmethod
    def log_partition(self, condition: Condition = None) -> Scalar:
        """log Z at beta = 0, exact, in nats."""


class GeometricPath(Path):
    """E_beta = (1 - beta) E_0 + beta E, from a normalized density with exact samples.

    Raises:
        InputError: for a base that is not a ``Density``, or of another shape than the target.
    """

    base: Density
    target: Energy

    def __check_init__(self) -> None:
        found = type(self.base).__name__
        if not isinstance(self.base, Density):
            raise InputError(
                f"a GeometricPath from a base {found} was asked for, which is no normalized "
                "distribution that can be drawn from: give a Density, such as a Normal around "
                "the target"
            )
        if self.base.shape != self.target.shape:
            raise InputError(
                f"a GeometricPath from a base of shape {self.base.shape} to a target of shape "
                f"{self.target.shape} was asked for: give a base of the target's shape"
            )

    def at(self, beta: Float[Array, ""] | float) -> Energy:
        """The interpolated energy."""
        return Interpolated(  # pyright: ignore[reportCallIssue]
            start=self.base, end=self.target, beta=jnp.asarray(beta, float)
        )

    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """One draw of the base, at the condition if it has one."""
        return self.base.sample(key, condition_for(self.base, condition))

    def log_partition(self, condition: Condition = None) -> Scalar:
        """Zero: the base is normalized."""
        return jnp.zeros(())
