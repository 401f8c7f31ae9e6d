"""p(x, z) of models with latent vectors, and the posterior of z as an energy."""

import math
from abc import abstractmethod
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.errors import InputError, NoSuchCapability
from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.units import Units
from energeia.contracts import Condition, Density, Energy, Pushforward
from energeia.distributions.gaussian import StandardNormal
from energeia.models.in_units import ConditionScaling, GeneratorInUnits, InUnits, LatentInUnits
from energeia.models.latent import Vae
from energeia.models.latent_space import NormalSpace


class LatentJoint(InUnits):
    """p(x, z) = p(z) p(x | z) of a latent vector z, in the user's units.

    What annealed importance sampling over z needs, whether the model has an encoder or not. Where a
    map of normal numbers has the law of the latent vectors of a model, z is these numbers.
    """

    @property
    @abstractmethod
    def latent(self) -> int:
        """The number of latent dimensions."""

    @abstractmethod
    def prior(self, condition: Condition = None) -> Density:
        """The law of z, on all real vectors."""

    @abstractmethod
    def log_likelihood(
        self, x: Array, z: Float[Array, " latent"], condition: Condition = None
    ) -> Scalar:
        """log p(x | z), in nats."""

    @abstractmethod
    def draw(self, key: PRNGKey, z: Float[Array, " latent"], condition: Condition = None) -> Array:
        """x ~ p(x | z)."""


class VaeJoint(LatentJoint):
    """That of a variational autoencoder; its encoder has a part in the prior at most."""

    inner: Vae
    units: Units
    scaling: ConditionScaling | None = None

    @property
    @override
    def latent(self) -> int:
        return self.inner.space.width

    @override
    def prior(self, condition: Condition = None) -> Density:
        if self.inner.pseudo_inputs is None:
            return StandardNormal((self.latent,))
        return self.inner.prior(self.scaled(condition))

    @override
    def log_likelihood(self, x: Array, z: Array, condition: Condition = None) -> Scalar:
        y, log_det = self.units.encode(x)
        found = self.inner.log_likelihood(y, self._latent_vector(z), self.scaled(condition))
        return found + log_det

    @override
    def draw(self, key: PRNGKey, z: Array, condition: Condition = None) -> Array:
        parameters = self.inner.decode(self._latent_vector(z), self.scaled(condition))
        return self.units.decode(self.inner.likelihood.sample(key, parameters))

    def _latent_vector(self, z: Array) -> Array:
        return self.inner.space.of_noise(z) if self.inner.pseudo_inputs is None else z


class NoisyGenerator(LatentJoint):
    """v = G(z) + noise of a generator of real columns, the noise normal and independent.

    ``noise`` is its standard deviation, in those of the columns (Wu et al. 2017, arXiv:1611.04273,
    sec. 2.2): an implicit model has no likelihood, one with observation noise has.
    """

    inner: Pushforward
    units: Units
    scaling: ConditionScaling | None = None
    noise: float = eqx.field(static=True, default=0.1)

    @property
    @override
    def latent(self) -> int:
        return math.prod(self.inner.prior.shape)

    @override
    def prior(self, condition: Condition = None) -> Density:
        return self.inner.prior

    @override
    def log_likelihood(self, x: Array, z: Array, condition: Condition = None) -> Scalar:
        v, log_det = self.units.encode(x)
        away = (v - self.inner.transform(z, self.scaled(condition))) / self.noise
        constant = math.log(self.noise) + 0.5 * math.log(2 * math.pi)
        return log_det - jnp.sum(0.5 * away**2 + constant)

    @override
    def draw(self, key: PRNGKey, z: Array, condition: Condition = None) -> Array:
        v = self.inner.transform(z, self.scaled(condition))
        return self.units.decode(v + self.noise * jax.random.normal(key, v.shape, v.dtype))


class LatentPosterior(Energy):
    """E(z) = -log p(x | z) - log p(z): its log Z is log p(x).

    The condition of this energy is what is given, x and then the model's own condition, in one
    vector (``packed``), so that one compiled program serves all rows.
    """

    joint: LatentJoint

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (self.joint.latent,)

    @property
    @override
    def condition_shape(self) -> tuple[int, ...]:
        own = self.joint.condition_shape or (0,)
        return (math.prod(self.joint.shape) + own[0],)

    @override
    def energy(self, x: Float[Array, " latent"], condition: Condition = None) -> Scalar:
        assert condition is not None
        row, own = self.unpacked(condition)
        prior = self.joint.prior(own).log_prob(x)
        return -self.joint.log_likelihood(row, x, own) - prior

    def unpacked(self, given: Float[Array, " n"]) -> tuple[Array, Condition]:
        """The row and the model's condition."""
        width = math.prod(self.joint.shape)
        own = None if self.joint.condition_shape is None else given[width:]
        return given[:width].reshape(self.joint.shape), own


def packed(x: Array, condition: Condition = None) -> Float[Array, " n"]:
    """What ``LatentPosterior`` takes for its condition."""
    return x.ravel() if condition is None else jnp.concatenate([x.ravel(), condition])


def joint_of(model: Any, noise: float | None = None) -> LatentJoint | None:
    """The joint distribution of a model in units; None for one without latent vectors.

    ``noise`` is the observation noise of a generator, which has none of its own.

    Raises:
        InputError: for a generator without noise or of columns that are not real, or noise given
            to a model that has its own.
        NoSuchCapability: for a mixture of posteriors on a manifold.
    """
    match model:
        case LatentInUnits(inner=Vae() as vae):
            if noise is not None:
                raise InputError(
                    f"noise={noise:g} was given to a variational autoencoder, whose decoder has a "
                    "likelihood of its own: leave it out"
                )
            if vae.pseudo_inputs is not None and not isinstance(vae.space, NormalSpace):
                raise NoSuchCapability(
                    "a mixture of posteriors on a manifold has no annealed bounds: score(x) gives "
                    "those of importance weights"
                )
            return VaeJoint(vae, model.units, model.scaling)
        case GeneratorInUnits(inner=Pushforward(prior=StandardNormal()) as generator):
            return _noisy(generator, model.units, model.scaling, noise)
        case _:
            return None


def _noisy(
    generator: Pushforward, units: Units, scaling: ConditionScaling | None, noise: float | None
) -> NoisyGenerator:
    if noise is None or not 0 < noise < math.inf:
        raise InputError(
            f"noise={noise} was given for a generator, which has a likelihood only with "
            "observation noise: give its standard deviation, in those of the columns, such as 0.1"
        )
    names = {column.name for column in units.support.columns}
    if not units.support.all_continuous or "circle" in names or not units.support.flat:
        raise InputError(
            f"a generator of columns that are {', '.join(sorted(names))} was given normal noise, "
            "which is for real columns: bounds of such a generator are not defined"
        )
    return NoisyGenerator(generator, units, scaling, noise)
