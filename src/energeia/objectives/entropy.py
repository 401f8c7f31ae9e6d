"""Entropy terms: scalars whose gradient in the generator is that of its entropy H(X).

A deterministic generator has an entropy on its image; x = G(z) + sigma noise has one in all space.
No term here estimates a mutual information: see ``objectives.information`` for those.
"""

from abc import abstractmethod
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.trees import stopped
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Kernel, Metrics, Modules, Pushforward
from energeia.energies.latent import Posterior, log_volume


class Draws(NamedTuple):
    """Rows of a generator with their latent vectors."""

    x: Float[Array, "rows *shape"]
    z: Float[Array, "rows *latent"]
    condition: Condition


class EntropyTerm(eqx.Module):
    """An estimator of the gradient of a generator's entropy.

    ``sigma`` is the deviation of the noise in x = G(z) + sigma noise whose entropy it is; zero for
    the entropy of G(z) alone.
    """

    sigma: eqx.AbstractVar[float]

    @abstractmethod
    def value(self, key: PRNGKey, modules: Modules, draws: Draws) -> tuple[Scalar, Metrics]:
        """A scalar to maximize: its gradient in ``modules["generator"]`` estimates that of H(X).

        Its value is H(X) only in the subclasses that say so. ``draws`` come from ``draw_noisy``
        with this ``sigma`` and must carry the gradient of the generator.
        """


def draw_noisy(
    key: PRNGKey, generator: Pushforward, rows: int, sigma: float, condition: Condition = None
) -> Draws:
    """Draw rows x = G(z) + sigma noise; ``condition`` has one row each, or is None.

    >>> import jax
    >>> from energeia.models.generator import ImplicitGenerator
    >>> generator = ImplicitGenerator(lambda z: 2 * z, latent=3, shape=(3,))
    >>> draw_noisy(jax.random.key(0), generator, 5, 0.1).x.shape
    (5, 3)
    """
    latent_key, noise_key = jax.random.split(key)
    z = jax.vmap(generator.draw_latent)(jax.random.split(latent_key, rows), condition)
    x = jax.vmap(generator.transform)(z, condition)
    if sigma:
        x = x + sigma * jax.random.normal(noise_key, x.shape, x.dtype)
    return Draws(x, z, condition)


class VolumeEntropy(EntropyTerm):
    """E[1/2 log det(J^T J + sigma^2 1) - log prior(z)]: exact, from the full Jacobian.

    Without noise its value is H(G(z)) on the image of an injective G; a G that is not injective
    counts a region once for each preimage, which gives an upper bound. With noise the gradient is
    exact for a linear G and correct to first order in sigma^2 otherwise. The default up to
    ``energies.latent.JACOBIAN_CAP`` latent dimensions.

    Raises:
        InputError: above the cap, or for more latent dimensions than x has without noise.
    """

    sigma: float = eqx.field(static=True, default=0.0)

    def value(self, key: PRNGKey, modules: Modules, draws: Draws) -> tuple[Scalar, Metrics]:
        """The mean over the rows, in nats."""
        generator: Pushforward = modules["generator"]

        def one(z: Array, condition: Condition) -> Scalar:
            log_prior = generator.log_prior(z, condition)
            return log_volume(generator, z, condition, self.sigma) - log_prior

        entropy = jnp.mean(jax.vmap(one)(draws.z, draws.condition))
        return entropy, {"entropy": entropy}


class Proposal(eqx.Module):
    """N(z, exp(2 log_scale)) around the latent vector of a row; trained with the generator."""

    log_scale: Float[Array, " latent"]


class ImportanceScore(EntropyTerm):
    """-E[score(x) . x] with the gradient of the score stopped: importance-sampled as in VERA.

    dH/dphi = -E[score(x) . dx/dphi], and by Fisher's identity score(x) = E[(G(z') - x) / sigma^2]
    over z' given x. ``particles`` draws around the z of x, of the learned widths in
    ``modules["proposal"]``, are weighted by p(x, z') / q(z'|z), self-normalized: biased as
    1 / particles. The widths maximize their own bound E_q[log p(x, z')] + H(q), which is part of
    the value and has no gradient in the generator (Grathwohl et al. 2021, arXiv:2010.04230, eqs. 8
    to 11).
    """

    sigma: float = eqx.field(static=True)
    particles: int = eqx.field(static=True, default=32)

    def value(self, key: PRNGKey, modules: Modules, draws: Draws) -> tuple[Scalar, Metrics]:
        """The surrogate; ``ess`` is the mean effective number of particles."""
        log_scale = modules["proposal"].log_scale
        generator = stopped(modules["generator"])

        def one(key: PRNGKey, x: Array, z: Array, condition: Condition) -> _Scored:
            noise = jax.random.normal(key, (self.particles, *z.shape), z.dtype)
            guesses = z + jnp.exp(log_scale) * noise
            joint, scores_given_z = jax.vmap(
                lambda guess: _joint(Posterior(generator, x, self.sigma), guess, condition)
            )(guesses)
            spread = jnp.sum(noise**2, axis=tuple(range(1, noise.ndim))) / 2
            weights = jax.nn.softmax(joint + spread)
            bound = jnp.mean(joint) + jnp.sum(log_scale)
            return _Scored(
                jnp.tensordot(weights, scores_given_z, axes=1), bound, 1 / jnp.sum(weights**2)
            )

        keys = jax.random.split(key, len(draws.x))
        rows = jax.lax.stop_gradient(draws.x)
        found = jax.vmap(one)(keys, rows, draws.z, draws.condition)
        bound = jnp.mean(found.bound)
        width_bound = bound - jax.lax.stop_gradient(bound)
        surrogate = entropy_surrogate(found.score, draws.x) + width_bound
        return surrogate, {"ess": jnp.mean(found.ess), "width": jnp.mean(jnp.exp(log_scale))}


class ChainScore(EntropyTerm):
    """-E[score(x) . x] with the gradient of the score stopped: from a chain over z given x
    (PresGAN).

    score(x) = E[(G(z') - x) / sigma^2] over z' given x (Dieng et al. 2019, arXiv:1910.04302,
    eqs. 11 to 13). The chain starts at the z of x, an exact draw of the posterior that must not be
    used itself: there (G(z) - x) / sigma is the noise, independent of G, and its surrogate has no
    gradient. So ``burn`` steps are discarded and ``draws`` averaged; a chain still correlated with
    z underestimates the gradient. ``kernel`` is usually ``mcmc.hmc.Hmc``.
    """

    kernel: Kernel
    sigma: float = eqx.field(static=True)
    burn: int = eqx.field(static=True, default=5)
    draws: int = eqx.field(static=True, default=5)

    def value(self, key: PRNGKey, modules: Modules, draws: Draws) -> tuple[Scalar, Metrics]:
        """The surrogate; ``acceptance`` is that of the chains."""
        generator = stopped(modules["generator"])

        def one(key: PRNGKey, x: Array, z: Array, condition: Condition) -> tuple[Array, Scalar]:
            target = Posterior(generator, x, self.sigma)

            def step(state: Any, key: PRNGKey) -> tuple[Any, tuple[Array, Scalar]]:
                state, info = self.kernel.step(key, target, state, condition)
                return state, (target.likelihood_score(state.position, condition), info.acceptance)

            keys = jax.random.split(key, self.burn + self.draws)
            start = self.kernel.init(target, z, condition)
            _, (scores_given_z, rates) = jax.lax.scan(step, start, keys)
            return jnp.mean(scores_given_z[self.burn :], axis=0), jnp.mean(rates)

        keys = jax.random.split(key, len(draws.x))
        rows = jax.lax.stop_gradient(draws.x)
        scores, rates = jax.vmap(one)(keys, rows, draws.z, draws.condition)
        return entropy_surrogate(scores, draws.x), {"acceptance": jnp.mean(rates)}


def entropy_surrogate(
    scores: Float[Array, "rows *shape"], x: Float[Array, "rows *shape"]
) -> Scalar:
    """-mean(score . x) with stopped scores: its gradient is that of H(X), its value is not H(X).

    dH/dphi = -E[score(x) . dx/dphi], since the score itself has mean zero
    (Grathwohl et al. 2021, eq. 8).
    """
    return -jnp.sum(jax.lax.stop_gradient(scores) * x) / len(x)


class _Scored(NamedTuple):
    """The score of one row, the bound of its proposal, its effective particles."""

    score: Array
    bound: Scalar
    ess: Scalar


def _joint(target: Posterior, z: Array, condition: Condition) -> tuple[Scalar, Array]:
    return -target.energy(z, condition), target.likelihood_score(z, condition)
