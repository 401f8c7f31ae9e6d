"""Noise-contrastive estimation: an energy and its log Z from telling rows from noise."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Condition, Metrics, Modules, Objective, condition_for
from energeia.objectives.embedding import embed_batch
from energeia.objectives.reduction import WEIGHT, weighted_mean


class NoiseContrastive(Objective):
    """Minimize -E_data log sigma(G(x)) - nu E_q log sigma(-G(x)), G = -E(x) - c - log(nu q(x)).

    Logistic regression between rows and nu draws of the noise q for each (Gutmann and Hyvarinen
    2012). At its optimum exp(-E - c) is the density of the rows, so that c = log Z, which
    is learned like any other parameter. The error grows with the distance of q from p: where q is
    almost nowhere like the rows, telling them apart is easy and teaches nothing.

    ``modules`` holds ``"model"``, an ``EmbeddedEnergy``; ``"noise"``, a ``Density`` on the
    coordinates of its inner energy, which is not trained; and ``"log_z"``, the number c.
    """

    ratio: int = eqx.field(static=True, default=1)

    @property
    @override
    def players(self) -> tuple[str, ...]:
        return ("model",)

    @property
    @override
    def honors(self) -> frozenset[str]:
        return WEIGHT

    def loss(
        self, player: str, key: PRNGKey, modules: Modules, batch: Batch, memory: None
    ) -> tuple[Scalar, tuple[None, Metrics]]:
        """The loss of a batch, reported with c."""
        return self.held_out(key, modules, batch), (None, {"log_z": modules["log_z"]})

    @override
    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar:
        """The loss of held-out rows against fresh noise."""
        embed_key, noise_key = jax.random.split(key)
        inner, noise = modules["model"].inner, modules["noise"]
        positions, conditions = embed_batch(embed_key, modules["model"], batch)

        def gap(x: Array, condition: Condition) -> Scalar:
            log_q = noise.log_prob(x, condition_for(noise, condition))
            log_p = -inner.energy(x, condition) - modules["log_z"]
            return log_p - log_q - jnp.log(float(self.ratio))

        def of_noise(key: PRNGKey, condition: Condition) -> Scalar:
            def one(key: PRNGKey) -> Scalar:
                x = jax.lax.stop_gradient(noise.sample(key, condition_for(noise, condition)))
                return jax.nn.softplus(gap(x, condition))

            return jnp.sum(jax.vmap(one)(jax.random.split(key, self.ratio)))

        keys = jax.random.split(noise_key, len(positions))
        real = jax.nn.softplus(-jax.vmap(gap)(positions, conditions))
        return weighted_mean(real + jax.vmap(of_noise)(keys, conditions), batch)
