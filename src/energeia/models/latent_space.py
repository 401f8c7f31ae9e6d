"""Spaces of latent vectors: the prior p(z), and the posterior q(z|y) of an encoder's outputs."""

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
from energeia.models.flow import Flow

MIN_POSTERIOR_SCALE = 1e-4
"""Smallest standard deviation of a normal q(z|y), in units of the prior's."""


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
