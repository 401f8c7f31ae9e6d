"""The variational bound with a weight on its divergence, free bits and a warm-up."""

from typing import Any, Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Int
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Condition, LatentModel, Metrics, Modules, Objective
from energeia.objectives.reduction import WEIGHT, weighted_mean


class HasTerms(Protocol):
    """A latent model that gives the two terms of its bound separately, such as ``Vae``."""

    def terms(self, key: PRNGKey, y: Array, condition: Condition = None) -> Any:
        """log p(y|z) at one z ~ q(z|y), and the divergence of each latent dimension."""
        ...


class WeightedBound(Objective):
    """Minimize -E log p(x|z) + beta_t sum_j max(KL_j, free_bits), in nats per row.

    KL_j is the batch mean of KL(q(z_j|x) || p(z_j)) (free bits: Kingma et al. 2016, appendix C.8;
    beta: Higgins et al. 2017). beta_t rises linearly from 0 to ``beta`` over ``warmup`` moves,
    which are counted in the memory. With beta = 1, no free bits and no warm-up this is -ELBO with
    the divergence in closed form. The held-out loss is always -ELBO, whatever the weight.

    The one module is ``"model"``: a latent model in the units of the rows, with fields
    ``units``, ``scaling`` and ``inner``, the last with a method ``terms``.
    """

    beta: float = eqx.field(static=True, default=1.0)
    free_bits: float = eqx.field(static=True, default=0.0)
    warmup: int = eqx.field(static=True, default=0)

    @property
    @override
    def players(self) -> tuple[str, ...]:
        return ("model",)

    @property
    @override
    def honors(self) -> frozenset[str]:
        return WEIGHT

    def init_memory(self, key: PRNGKey, modules: Modules, batch: Batch) -> Int[Array, ""]:
        """The number of moves made."""
        return jnp.zeros((), jnp.int32)

    def loss(
        self, player: str, key: PRNGKey, modules: Modules, batch: Batch, memory: Array
    ) -> tuple[Scalar, tuple[Array, Metrics]]:
        """The weighted bound; its two terms are reported as metrics."""
        model = modules["model"]
        keys = jax.random.split(key, len(batch.x))

        def row(key: PRNGKey, x: Array, condition: Condition) -> tuple[Array, Array]:
            y, log_det = model.units.encode(x)
            scaled_condition = condition if model.scaling is None else model.scaling(condition)
            log_likelihood, divergence = model.inner.terms(key, y, scaled_condition)
            return log_likelihood + log_det, divergence

        log_likelihood, divergence = jax.vmap(row)(keys, batch.x, batch.condition)
        fit, divergence = weighted_mean(log_likelihood, batch), weighted_mean(divergence, batch)
        rate = jnp.sum(jnp.maximum(divergence, self.free_bits))
        loss = -fit + self.weight(memory) * rate
        metrics = {"reconstruction": -fit, "divergence": jnp.sum(divergence)}
        return loss, (memory + 1, metrics)

    def weight(self, moves: Array) -> Scalar:
        """beta_t after a number of moves."""
        if self.warmup == 0:
            return jnp.asarray(self.beta)
        return self.beta * jnp.minimum(moves / self.warmup, 1.0)

    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar:
        """-ELBO, in nats per row."""
        model: LatentModel = modules["model"]
        keys = jax.random.split(key, len(batch.x))
        return -weighted_mean(jax.vmap(model.log_weight)(keys, batch.x, batch.condition), batch)
