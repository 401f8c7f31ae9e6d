"""Variational autoencoders: an encoder, a decoder and a prior (Kingma and Welling 2014)."""

from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density, LatentModel
from energeia.distributions.gaussian import StandardNormal
from energeia.distributions.likelihoods import ColumnLikelihoods
from energeia.distributions.normal_diag import NormalDiag
from energeia.models.ensemble import Ensemble
from energeia.models.latent_space import LatentSpace
from energeia.nn.residual import joined


class BoundTerms(NamedTuple):
    """The two terms of an ELBO, in nats: log p(y|z) - sum(divergence), and where they are taken."""

    log_likelihood: Scalar
    divergence: Float[Array, " terms"]
    """KL(q(z_j|y) || p(z_j)), one number per latent dimension, where both are normal; one draw of
    log q(z|y) - log p(z) otherwise."""
    posterior: Density
    """q(z|y)."""
    z: Float[Array, " latent"]
    """The draw of it at which the likelihood is taken."""


class Vae(LatentModel):
    """z ~ p(z), y ~ prod_i p(y_i | decoder(z)), and q(z|y) by what encoder(y) says.

    ``y`` are the coordinates of ``Units``; ``space`` says what z is and what q and p are. The input
    of the encoder is the features of y, that of the decoder those of z, each with the condition
    appended; the encoder outputs ``space.encoder_outputs`` numbers, the decoder
    ``likelihood.size``. Auto-Encoding Variational Bayes, arXiv:1312.6114.

    ``pseudo_inputs`` are features of K rows that are no data but parameters: with them the prior is
    the mixture of their posteriors, p(z) = 1/K sum_k q(z | u_k) (Tomczak and Welling 2018,
    arXiv:1705.07120, eq. 9), given the condition of the row. Posteriors of flows have one flow for
    each of them there, so log p(z) costs K of its inverses.

    >>> import equinox as eqx, jax, jax.numpy as jnp
    >>> from energeia.models import NormalSpace
    >>> from energeia.support import Binary, Support
    >>> columns = ColumnLikelihoods(Support.of([Binary()] * 3))
    >>> one, two = jax.random.split(jax.random.key(0))
    >>> networks = eqx.nn.Linear(3, 4, key=one), eqx.nn.Linear(2, 3, key=two)
    >>> vae = Vae(*networks, columns, NormalSpace(2))
    >>> vae.encode(jnp.ones(3)).shape, vae.sample(one).shape
    ((2,), (3,))
    """

    encoder: Callable[[Array], Array]
    decoder: Callable[[Array], Array]
    likelihood: ColumnLikelihoods
    space: LatentSpace
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)
    pseudo_inputs: Float[Array, "k features"] | None = None

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (self.likelihood.support.width,)

    def encode(self, y: Array, condition: Condition = None) -> Density:
        """q(z|y), over latent vectors of shape ``(space.width,)``."""
        return self._posterior(self.likelihood.features(y), condition)

    def prior(self, condition: Condition = None) -> Density:
        """p(z); a mixture of posteriors depends on the condition, other priors do not."""
        if self.pseudo_inputs is None:
            return self.space.prior
        posteriors = eqx.filter_vmap(self._posterior, in_axes=(0, None))
        return Ensemble(posteriors(self.pseudo_inputs, condition), len(self.pseudo_inputs))

    def _posterior(self, features: Array, condition: Condition) -> Density:
        return self.space.posterior(self.encoder(joined(features, condition)))

    def decode(self, z: Array, condition: Condition = None) -> Float[Array, " size"]:
        """The parameters of p(y|z) for ``likelihood``."""
        return self.decoder(joined(self.space.features(z), condition))

    def log_likelihood(self, y: Array, z: Array, condition: Condition = None) -> Scalar:
        """log p(y|z), in nats."""
        return self.likelihood.log_prob(self.decode(z, condition), y)

    def log_weight(self, key: PRNGKey, x: Array, condition: Condition = None) -> Scalar:
        """log p(y|z) + log p(z) - log q(z|y) at one z ~ q(z|y)."""
        z, log_q = self.encode(x, condition).sample_and_log_prob(key)
        return self.log_likelihood(x, z, condition) + self.prior(condition).log_prob(z) - log_q

    def terms(self, key: PRNGKey, y: Array, condition: Condition = None) -> BoundTerms:
        """log p(y|z) at one z ~ q(z|y), and the divergence of q from the prior."""
        posterior, prior = self.encode(y, condition), self.prior(condition)
        z, log_q = posterior.sample_and_log_prob(key)
        match posterior, prior:
            case NormalDiag(), StandardNormal():
                divergence = posterior.divergence(0.0, 1.0)
            case _:
                divergence = (log_q - prior.log_prob(z))[None]
        return BoundTerms(self.log_likelihood(y, z, condition), divergence, posterior, z)

    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        """One configuration: a prior draw, decoded, and a draw of every column."""
        prior, columns = jax.random.split(key)
        z = self.prior(condition).sample(prior)
        return self.likelihood.sample(columns, self.decode(z, condition))
