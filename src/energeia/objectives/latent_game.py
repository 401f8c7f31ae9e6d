"""Autoencoders against a discriminator of latent vectors."""

from collections.abc import Callable
from typing import Any, Literal

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Condition, Metrics, Modules, Objective
from energeia.nn.residual import joined
from energeia.objectives.latent_penalties import LatentPenalty, Posteriors
from energeia.objectives.variational import WeightedBound

Against = Literal["permuted", "prior"]


class DiscriminatorPenalty(LatentPenalty):
    """What a discriminator of q(z) says of the draws z; its output is log D / (1 - D).

    Against permuted dimensions its mean, which is KL(q(z) || prod_j q(z_j)) at the best
    discriminator (Kim and Mnih 2018, arXiv:1802.05983, eq. 3); against the prior
    -mean log(1 - D), without the vanishing gradient of the ratio (Tolstikhin et al. 2018,
    arXiv:1711.01558, algorithm 1, whose D is 1 - D here).
    """

    discriminator: Callable[[Array], Array]
    against: Against = eqx.field(static=True)
    features: Callable[[Array], Array]
    """What a discriminator sees of z."""

    @override
    def value(self, key: PRNGKey, found: Posteriors) -> Scalar:
        z = jax.vmap(self.features)(found.z)
        logits = logits_of(self.discriminator, found.together(z) if self.against == "prior" else z)
        return jnp.mean(logits if self.against == "permuted" else jax.nn.softplus(logits))


class LatentGame(Objective):
    """A weighted bound with a discriminator of the latent vectors for its penalty.

    The discriminator tells the draws z ~ q(z | x) of a batch from vectors without what is
    penalized: from other draws whose dimensions are permuted among rows, which are independent
    (FactorVAE), or from draws of the prior with the same condition (the adversarial Wasserstein
    autoencoder). Modules are ``"model"``, as ``WeightedBound`` takes it, and ``"discriminator"``, z
    to ``(1,)``. Rows with weights are drawn in proportion to them. The held-out loss is that of the
    bound; without a weight on the divergence there is none, since the discriminator moves.
    """

    bound: WeightedBound
    against: Against = eqx.field(static=True)

    @property
    @override
    def players(self) -> tuple[str, ...]:
        return ("model", "discriminator")

    @override
    def init_memory(self, key: PRNGKey, modules: Modules, batch: Batch) -> Int[Array, ""]:
        return self.bound.init_memory(key, modules, batch)

    @override
    def loss(
        self, player: str, key: PRNGKey, modules: Modules, batch: Batch, memory: Array
    ) -> tuple[Scalar, tuple[Array, Metrics]]:
        discriminator = modules["discriminator"]
        if player == "model":
            space = modules["model"].inner.space
            penalty = DiscriminatorPenalty(discriminator, self.against, space.features)
            bound = eqx.tree_at(
                lambda b: b.penalty, self.bound, penalty, is_leaf=lambda leaf: leaf is None
            )
            return bound.loss(player, key, modules, batch, memory)
        z_key, reference_key = jax.random.split(key)
        z, prior = self._draws(z_key, modules["model"], batch)
        if self.against == "permuted":
            # Halves of the batch, so that no number is on both sides.
            z, other = jnp.split(z[: len(z) // 2 * 2], 2)
            prior = jax.random.permutation(reference_key, other, axis=0, independent=True)
        own, reference = logits_of(discriminator, z), logits_of(discriminator, prior)
        loss = jnp.mean(jax.nn.softplus(-own)) + jnp.mean(jax.nn.softplus(reference))
        return loss, (memory, {"discriminator": loss})

    def _draws(
        self, key: PRNGKey, model: Any, batch: Batch
    ) -> tuple[Float[Array, "rows latent"], Float[Array, "rows latent"]]:
        """A draw of q(z | x) and of p(z) for each row, as the discriminator sees them."""

        def row(key: PRNGKey, x: Array, condition: Condition) -> tuple[Array, Array]:
            own, other = jax.random.split(key)
            y, given, vae = model.units.encode(x)[0], model.scaled(condition), model.inner
            pair = vae.encode(y, given).sample(own), vae.prior(given).sample(other)
            if self.against == "permuted":
                return pair
            z, prior = (joined(vae.space.features(z), given) for z in pair)
            return z, prior

        return jax.vmap(row)(jax.random.split(key, len(batch.x)), batch.x, batch.condition)

    @override
    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar | None:
        return self.bound.held_out(key, modules, batch) if self.bound.beta else None


def logits_of(
    discriminator: Callable[[Array], Array], z: Float[Array, "rows latent"]
) -> Float[Array, " rows"]:
    """log D / (1 - D) of latent vectors."""
    return jax.vmap(discriminator)(z)[:, 0]
