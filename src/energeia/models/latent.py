"""Variational autoencoders: an encoder, a decoder and a prior (Kingma and Welling 2014)."""

import math
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, LatentModel
from energeia.distributions.likelihoods import ColumnLikelihoods, bounded_scale
from energeia.distributions.normal_diag import NormalDiag
from energeia.nn.residual import joined

MIN_POSTERIOR_SCALE = 1e-4
"""Smallest standard deviation of q(z|y), in units of the prior's."""


class BoundTerms(NamedTuple):
    """The two terms of an ELBO, in nats: log p(y|z) - sum(divergence), and where they are taken."""

    log_likelihood: Scalar
    divergence: Float[Array, " latent"]
    """KL(q(z_j|y) || p(z_j)), one number per latent dimension."""
    posterior: NormalDiag
    """q(z|y)."""
    z: Float[Array, " latent"]
    """The draw of it at which the likelihood is taken."""


class Vae(LatentModel):
    """z ~ N(0, 1), y ~ prod_i p(y_i | decoder(z)), q(z|y) a diagonal Gaussian.

    ``y`` are the coordinates of ``Units``. The input of the encoder is the features of y, that of
    the decoder the latent vector, each with the condition appended; the encoder outputs means and
    raw scales, ``2 * latent`` numbers, the decoder ``likelihood.size`` numbers. Auto-Encoding
    Variational Bayes, arXiv:1312.6114.

    >>> import equinox as eqx, jax, jax.numpy as jnp
    >>> from energeia.support import Binary, Support
    >>> columns = ColumnLikelihoods(Support.of([Binary()] * 3))
    >>> one, two = jax.random.split(jax.random.key(0))
    >>> vae = Vae(eqx.nn.Linear(3, 4, key=one), eqx.nn.Linear(2, 3, key=two), columns, 2)
    >>> vae.encode(jnp.ones(3)).shape, vae.sample(one).shape
    ((2,), (3,))
    """

    encoder: Callable[[Array], Array]
    decoder: Callable[[Array], Array]
    likelihood: ColumnLikelihoods
    latent: int = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)
    first_scale: float = eqx.field(static=True, default=1.0)
    """About the standard deviation of q(z|y) where the encoder gives zeros, as it does at first."""

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (self.likelihood.support.width,)

    def encode(self, y: Array, condition: Condition = None) -> NormalDiag:
        """q(z|y), a Gaussian over latent vectors of shape ``(latent,)``."""
        encoded = self.encoder(joined(self.likelihood.features(y), condition))
        mean, raw = jnp.split(encoded, 2)
        raw = raw + math.log(self.first_scale)
        return NormalDiag(mean, bounded_scale(raw, MIN_POSTERIOR_SCALE))

    def decode(self, z: Array, condition: Condition = None) -> Float[Array, " size"]:
        """The parameters of p(y|z) for ``likelihood``."""
        return self.decoder(joined(z, condition))

    def log_likelihood(self, y: Array, z: Array, condition: Condition = None) -> Scalar:
        """log p(y|z), in nats."""
        return self.likelihood.log_prob(self.decode(z, condition), y)

    def log_weight(self, key: PRNGKey, x: Array, condition: Condition = None) -> Scalar:
        """log p(y|z) + log p(z) - log q(z|y) at one z ~ q(z|y)."""
        posterior = self.encode(x, condition)
        noise = jax.random.normal(key, (self.latent,), x.dtype)
        z = posterior.mean + posterior.scale * noise
        # log p(z) - log q(z|y): the constants cancel, and the noise is the standardized z.
        ratio = jnp.sum(0.5 * (noise**2 - z**2) + jnp.log(posterior.scale))
        return self.log_likelihood(x, z, condition) + ratio

    def terms(self, key: PRNGKey, y: Array, condition: Condition = None) -> BoundTerms:
        """log p(y|z) at one z ~ q(z|y), and the divergence of q from the prior in closed form."""
        posterior = self.encode(y, condition)
        z = posterior.sample(key)
        divergence = posterior.divergence(0.0, 1.0)
        return BoundTerms(self.log_likelihood(y, z, condition), divergence, posterior, z)

    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """One configuration: a prior draw, decoded, and a draw of every column."""
        prior, columns = jax.random.split(key)
        z = jax.random.normal(prior, (self.latent,))
        return self.likelihood.sample(columns, self.decode(z, condition))
