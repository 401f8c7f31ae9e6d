"""Spaces of latent vectors: the prior p(z), and the posterior q(z|y) of an encoder's outputs.

A manifold of directions, angles or rotations has the uniform prior and no edge, so that data with
its topology need not be torn (Davidson et al. 2018, arXiv:1804.00891; Falorsi et al. 2018,
arXiv:1807.04689).
"""

import math
from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia.bijections.compose import Inverse
from energeia.contracts import Bijection, Density
from energeia.distributions.at_condition import AtCondition
from energeia.distributions.gaussian import StandardNormal
from energeia.distributions.likelihoods import bounded_scale
from energeia.distributions.normal_diag import NormalDiag
from energeia.distributions.power_spherical import PowerSpherical
from energeia.models.flow import Flow
from energeia.support import Rotation
from energeia.support.manifolds import normalized

MIN_POSTERIOR_SCALE = 1e-4
"""Smallest standard deviation of a normal q(z|y), in units of the prior's."""
MIN_ANGULAR_SCALE = 1e-2
"""Smallest of a q(z|y) on a sphere, in radians."""


class LatentSpace(eqx.Module):
    """Where latent vectors live."""

    @property
    @abstractmethod
    def width(self) -> int:
        """How many numbers a latent vector has."""

    @property
    @abstractmethod
    def encoder_outputs(self) -> int:
        """How many numbers an encoder gives."""

    @property
    @abstractmethod
    def decoder_inputs(self) -> int:
        """How many numbers a decoder sees."""

    @property
    @abstractmethod
    def prior(self) -> Density:
        """p(z)."""

    @abstractmethod
    def posterior(self, raw: Float[Array, " encoder_outputs"]) -> Density:
        """q(z|y) of the outputs of an encoder."""

    @abstractmethod
    def features(self, z: Float[Array, " width"]) -> Float[Array, " decoder_inputs"]:
        """What a decoder sees of z."""

    @abstractmethod
    def of_noise(self, noise: Float[Array, " width"]) -> Float[Array, " width"]:
        """z ~ p(z) of as many standard normal numbers: what is annealed in place of z."""


class NormalSpace(LatentSpace):
    """R^size with a normal prior or a flow's, and diagonal normal posteriors or flows of these.

    An encoder gives ``size`` means and as many raw scales, which at zero are about ``first_scale``.
    With a ``flow`` it gives more, as many as its condition has, and q(z|y) is the law of
    z = flow(mean + scale * noise; those numbers): inverse autoregressive flow where the flow is
    autoregressive (Kingma et al. 2016, arXiv:1606.04934, algorithm 1, with affine steps that start
    at the identity in place of gates).
    """

    size: int = eqx.field(static=True)
    first_scale: float = eqx.field(static=True, default=1.0)
    flow: Bijection | None = None
    prior_flow: Bijection | None = None
    """From z to standard normal numbers; without one z has these."""

    @property
    @override
    def width(self) -> int:
        return self.size

    @property
    @override
    def encoder_outputs(self) -> int:
        shape = self.flow.condition_shape if self.flow is not None else None
        return 2 * self.size + math.prod(shape or (0,))

    @property
    @override
    def decoder_inputs(self) -> int:
        return self.size

    @property
    @override
    def prior(self) -> Density:
        normal = StandardNormal((self.size,))
        return normal if self.prior_flow is None else Flow(normal, self.prior_flow)

    @override
    def posterior(self, raw: Float[Array, " encoder_outputs"]) -> Density:
        mean, scale, given = jnp.split(raw, (self.size, 2 * self.size))
        scale = bounded_scale(scale + math.log(self.first_scale), MIN_POSTERIOR_SCALE)
        normal = NormalDiag(mean, scale)
        return normal if self.flow is None else AtCondition(Flow(normal, Inverse(self.flow)), given)

    @override
    def features(self, z: Float[Array, " width"]) -> Float[Array, " decoder_inputs"]:
        return z

    @override
    def of_noise(self, noise: Float[Array, " width"]) -> Float[Array, " width"]:
        return noise if self.prior_flow is None else self.prior_flow.inverse_point(noise)


class SphereSpace(LatentSpace):
    """``count`` unit vectors of R^ambient, or rotations as unit quaternions where ``rotations``.

    The prior is uniform, q(z|y) power spherical around a direction; an encoder gives the direction,
    whatever its length, and a raw width of each. One sphere is a hypersphere, many circles are a
    torus. The density of a rotation is that of q and -q together, and a decoder sees its matrix.
    """

    count: int = eqx.field(static=True)
    ambient: int = eqx.field(static=True)
    rotations: bool = eqx.field(static=True, default=False)
    first_scale: float = eqx.field(static=True, default=1.0)
    """About the width of q(z|y) in radians where an encoder gives a raw one of zero."""

    @property
    @override
    def width(self) -> int:
        return self.count * self.ambient

    @property
    @override
    def encoder_outputs(self) -> int:
        return self.count * (self.ambient + 1)

    @property
    @override
    def decoder_inputs(self) -> int:
        return 9 * self.count if self.rotations else self.width

    @property
    @override
    def prior(self) -> Density:
        mean = normalized(jnp.ones((self.count, self.ambient)))
        return self._density(mean, jnp.zeros(self.count))

    @override
    def posterior(self, raw: Float[Array, " encoder_outputs"]) -> Density:
        toward, widths = jnp.split(raw, (self.width,))
        scale = bounded_scale(widths + math.log(self.first_scale), MIN_ANGULAR_SCALE)
        return self._density(_directions(toward.reshape(self.count, -1)), 2 / scale**2)

    def _density(self, mean: Array, concentration: Array) -> Density:
        return PowerSpherical(mean, concentration, antipodal=self.rotations)

    @override
    def features(self, z: Float[Array, " width"]) -> Float[Array, " decoder_inputs"]:
        unit = normalized(z.reshape(self.count, -1))
        return (Rotation().features(unit) if self.rotations else unit).ravel()

    @override
    def of_noise(self, noise: Float[Array, " width"]) -> Float[Array, " width"]:
        return normalized(noise.reshape(self.count, -1)).ravel()


def _directions(toward: Float[Array, "k n"]) -> Float[Array, "k n"]:
    """Unit vectors along some vectors; the first axis where one is zero."""
    axis = jnp.eye(1, toward.shape[1], dtype=toward.dtype)
    return normalized(jnp.where(jnp.any(toward != 0, axis=1, keepdims=True), toward, axis))
