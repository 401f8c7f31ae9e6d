"""The importance-weighted bound with the doubly reparameterized gradient."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.trees import stopped
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Condition, Metrics, Modules, Objective
from energeia.objectives.reduction import WEIGHT, weighted_mean


class DoublyReparameterized(Objective):
    """Minimize -log mean_k w_k over ``particles`` weights w = p(x, z) / q(z | x), in nats per row.

    The plain gradient of the encoder gets noisier with more particles; with the shares s_k of the
    weights, this one is

        decoder: sum_k s_k d log w_k,  encoder: sum_k s_k^2 (d log w_k / d z_k) d z_k,

    the dependence of q(z | x) on the encoder at fixed z left out, which has mean zero once it is
    reparameterized a second time (Tucker et al. 2019, arXiv:1810.04152, eq. 6 and 8). Both are
    gradients of one sum with parts held fixed; its forward passes coincide and are computed once.

    The one module is ``"model"``: a latent model in the units of the rows, whose ``inner`` has
    the methods ``encode``, ``prior`` (densities of z) and ``log_likelihood``.
    """

    particles: int = eqx.field(static=True, default=50)

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
        """A number with that gradient; the bound itself is reported as ``nll``."""
        keys = jax.random.split(key, len(batch.x))
        rows = jax.vmap(self._row, (None, 0, 0, 0))
        surrogate, bound = rows(modules["model"], keys, batch.x, batch.condition)
        bound = -weighted_mean(bound, batch)
        return -weighted_mean(surrogate, batch), (None, {"nll": bound})

    def _row(
        self, model: Any, key: PRNGKey, x: Array, condition: Condition
    ) -> tuple[Scalar, Scalar]:
        y, log_det = model.units.encode(x)
        given = model.scaled(condition)
        posterior = model.inner.encode(y, given)
        z = jax.vmap(posterior.sample)(jax.random.split(key, self.particles))
        fixed = stopped(posterior)

        def log_weights(inner: Any, z: Array) -> Array:
            prior = inner.prior(given)

            def one(z: Array) -> Scalar:
                likelihood = inner.log_likelihood(y, z, given)
                return likelihood + prior.log_prob(z) - fixed.log_prob(z)

            return jax.vmap(one)(z)

        decoder = log_weights(model.inner, jax.lax.stop_gradient(z))
        encoder = log_weights(stopped(model.inner), z)
        shares = jax.lax.stop_gradient(jax.nn.softmax(decoder))
        bound = jax.nn.logsumexp(decoder) - jnp.log(self.particles)
        return jnp.sum(shares * decoder) + jnp.sum(shares**2 * encoder), bound + log_det

    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar:
        """-log mean_k w_k over the held-out rows, in nats."""
        keys = jax.random.split(key, len(batch.x))
        rows = jax.vmap(self._row, (None, 0, 0, 0))
        return -weighted_mean(rows(modules["model"], keys, batch.x, batch.condition)[1], batch)
