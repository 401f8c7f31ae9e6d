"""Score matching: energies fitted by their gradients, without log Z and without chains."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Condition, Metrics, Modules, Objective
from energeia.objectives.embedding import embed_batch
from energeia.objectives.reduction import WEIGHT, weighted_mean


class DenoisingScoreMatching(Objective):
    """Minimize E |sigma grad E(v + sigma xi) - xi|^2 / 2, xi normal (Vincent 2011).

    Its optimum is the score of the *noised* density p * N(0, sigma^2), not of p: the energy is that
    of rows with errors sigma, in the coordinates of its chains, where columns have deviations near
    one. The smaller sigma, the nearer to p and the larger the variance of the gradient. The one
    module is ``"model"``, an ``EmbeddedEnergy``. Weights of modes that lie many sigma apart hardly
    change the loss and are not learned.
    """

    sigma: float = eqx.field(static=True)

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
        """The mean over a batch, one draw of noise a row."""
        return self.held_out(key, modules, batch), (None, {})

    @override
    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar:
        """The loss of held-out rows."""
        embed_key, noise_key = jax.random.split(key)
        model = modules["model"]
        positions, conditions = embed_batch(embed_key, model, batch)
        noise = jax.random.normal(noise_key, positions.shape, positions.dtype)

        def one(x: Array, noise: Array, condition: Condition) -> Scalar:
            force = model.inner.force(x + self.sigma * noise, condition)
            return 0.5 * jnp.sum((self.sigma * force + noise) ** 2)

        return weighted_mean(jax.vmap(one)(positions, noise, conditions), batch)


class SlicedScoreMatching(Objective):
    """Minimize E [|grad E|^2 / 2 - w . (grad grad E) w], w normal (Song, Garg, Shi and
    Ermon 2019, with the variance reduction of their section 3).

    Equal in mean to Hyvarinen's (2005) score matching, whose optimum is the score of p itself,
    for densities that are smooth and vanish at infinity with their gradients: not for dequantized
    codes, nor for bounds in the coordinates of chains. ``slices`` are the directions w of a row.
    The one module is ``"model"``, an ``EmbeddedEnergy`` that can be differentiated twice. Weights
    of modes far apart hardly change the loss.
    """

    slices: int = eqx.field(static=True, default=1)

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
        """The mean over a batch."""
        return self.held_out(key, modules, batch), (None, {})

    @override
    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar:
        """The loss of held-out rows."""
        embed_key, slice_key = jax.random.split(key)
        model = modules["model"]
        positions, conditions = embed_batch(embed_key, model, batch)
        shape = (len(positions), self.slices, *positions.shape[1:])
        directions = jax.random.normal(slice_key, shape, positions.dtype)

        def one(x: Array, directions: Array, condition: Condition) -> Scalar:
            def force(x: Array) -> Array:
                return model.inner.force(x, condition)

            def curvature(w: Array) -> Scalar:
                return jnp.sum(w * jax.jvp(force, (x,), (w,))[1])

            return 0.5 * jnp.sum(force(x) ** 2) + jnp.mean(jax.vmap(curvature)(directions))

        return weighted_mean(jax.vmap(one)(positions, directions, conditions), batch)
