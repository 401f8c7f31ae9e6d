"""Velocities learned from pairs of noise and data, without solving an equation."""

from typing import Literal, Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Condition, Metrics, Modules, Objective
from energeia.objectives.latent_penalties import squared_distances
from energeia.objectives.reduction import WEIGHT, weighted_mean

Coupling = Literal["independent", "optimal-transport"]


class HasPaths(Protocol):
    """A model whose velocity is learned along paths, such as ``VelocityInUnits``."""

    def noise(self, key: PRNGKey) -> Array:
        """x_0, a draw of the base."""
        ...

    def end(self, key: PRNGKey, x: Array) -> Array:
        """x_1, where the row ``x`` stands at the end of a path."""
        ...

    def time(self, u: Scalar) -> Scalar:
        """The time at a quantile."""
        ...

    def squared_error(
        self, t: Scalar, noise: Array, data: Array, condition: Condition = None
    ) -> Scalar:
        """Of the velocity at one point of one path."""
        ...

    def mean_log_prob(self, key: PRNGKey, x: Array, condition: Condition = None) -> Scalar:
        """A number whose mean is log p(x), in nats."""
        ...


class VelocityMatching(Objective):
    """Minimize E |F(t, x_t) - F*(x_0, x_1, t)|^2 over pairs of noise x_0 and data x_1 and times.

    The minimum is the conditional mean of F*, whose velocity carries noise to data (Lipman et al.
    2023, theorem 2; Albergo and Vanden-Eijnden 2023, proposition 2). Times are stratified over a
    batch. With ``optimal-transport`` each row of a batch gets noise near to it, drawn from the
    entropic plan between the batch's rows and noise (Pooladian et al. 2023, arXiv:2304.14772, sec.
    3.1), so that paths cross less; the plan knows of no condition, so it is not for conditional
    models. The held-out loss is -log p by the solved equation, so that it can be
    compared with that of other models.

    The one module is ``"model"``, see ``HasPaths``.
    """

    coupling: Coupling = eqx.field(static=True, default="independent")

    @property
    @override
    def players(self) -> tuple[str, ...]:
        return ("model",)

    @property
    @override
    def honors(self) -> frozenset[str]:
        return WEIGHT if self.coupling == "independent" else frozenset()

    def loss(
        self, player: str, key: PRNGKey, modules: Modules, batch: Batch, memory: None
    ) -> tuple[Scalar, tuple[None, Metrics]]:
        """The mean squared error, summed over columns."""
        model: HasPaths = modules["model"]
        row_key, noise_key, time_key, pair_key = jax.random.split(key, 4)
        count = len(batch.x)
        data = jax.vmap(model.end)(jax.random.split(row_key, count), batch.x)
        noise = jax.vmap(model.noise)(jax.random.split(noise_key, count))
        if self.coupling == "optimal-transport":
            noise = noise[near(pair_key, data, noise)]
        quantiles = (jnp.arange(count) + jax.random.uniform(time_key, (count,))) / count
        times = jax.vmap(model.time)(quantiles)
        errors = jax.vmap(model.squared_error)(times, noise, data, batch.condition)
        loss = weighted_mean(errors, batch)
        return loss, (None, {"loss": loss})

    @override
    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar:
        """Mean of -log p over the held-out rows, in nats."""
        model: HasPaths = modules["model"]
        keys = jax.random.split(key, len(batch.x))
        logs = jax.vmap(model.mean_log_prob)(keys, batch.x, batch.condition)
        return -weighted_mean(logs, batch)


def near(
    key: PRNGKey, data: Float[Array, "n d"], noise: Float[Array, "n d"], sweeps: int = 30
) -> Array:
    """For each row of ``data`` the number of one of ``noise``, drawn from an entropic plan.

    Its temperature is a fiftieth of the mean squared distance. Each number of the noise is equally
    likely up to what Sinkhorn's algorithm leaves after so many sweeps.
    """
    square = squared_distances(data, noise)
    logits = -50.0 * square / jnp.mean(square)

    def sweep(_: Array, g: Array) -> Array:
        f = -jax.nn.logsumexp(logits + g, axis=1)
        return -jax.nn.logsumexp(logits + f[:, None], axis=0)

    g = jax.lax.fori_loop(0, sweeps, sweep, jnp.zeros(len(noise)))
    return jax.random.categorical(key, logits + g, axis=1)
