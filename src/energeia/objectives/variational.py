"""The variational bound with a weight on its divergence, free bits, a warm-up and a penalty."""

from typing import Any, Protocol

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Condition, LatentModel, Metrics, Modules, Objective
from energeia.objectives.latent_penalties import LatentPenalty, Posteriors
from energeia.objectives.reduction import WEIGHT, weighted_mean


class HasTerms(Protocol):
    """A latent model that gives the two terms of its bound separately, such as ``Vae``."""

    def terms(self, key: PRNGKey, y: Array, condition: Condition = None) -> Any:
        """log p(y|z) at one z ~ q(z|y), terms of the divergence, q(z|y) and z."""
        ...


class WeightedBound(Objective):
    """Minimize -E log p(x|z) + beta_t sum_j max(KL_j, free_bits), in nats per row.

    KL_j is the batch mean of KL(q(z_j|x) || p(z_j)) (free bits: Kingma et al. 2016, appendix C.8;
    beta: Higgins et al. 2017). beta_t rises linearly from 0 to ``beta`` over ``warmup`` moves,
    which are counted in the memory. With beta = 1, no free bits and no warm-up this is -ELBO with
    the divergence in closed form. The held-out loss is -ELBO, whatever a positive weight.

    A ``penalty`` on the aggregated posterior is added with a ``strength`` (Wasserstein, InfoVAE,
    beta-TCVAE and other objectives are such sums). It is a function of a batch that knows of no
    weights of rows. With beta = 0 nothing keeps -ELBO small, and the loss itself is held out.

    The one module is ``"model"``: a latent model in the units of the rows, such as
    ``LatentInUnits``, whose ``inner`` has a method ``terms``.
    """

    beta: float = eqx.field(static=True, default=1.0)
    free_bits: float = eqx.field(static=True, default=0.0)
    warmup: int = eqx.field(static=True, default=0)
    penalty: LatentPenalty | None = None
    strength: float = eqx.field(static=True, default=0.0)

    @property
    @override
    def players(self) -> tuple[str, ...]:
        return ("model",)

    @property
    @override
    def honors(self) -> frozenset[str]:
        return WEIGHT if self.penalty is None else frozenset()

    def init_memory(self, key: PRNGKey, modules: Modules, batch: Batch) -> Int[Array, ""]:
        """The number of moves made."""
        return jnp.zeros((), jnp.int32)

    def loss(
        self, player: str, key: PRNGKey, modules: Modules, batch: Batch, memory: Array
    ) -> tuple[Scalar, tuple[Array, Metrics]]:
        """The weighted bound; its terms are reported as metrics."""
        fit, divergence, penalty = self._terms(key, modules, batch)
        rate = jnp.sum(jnp.maximum(divergence, self.free_bits))
        loss = -fit + self.weight(memory) * rate + self.strength * penalty
        metrics = {"reconstruction": -fit, "divergence": jnp.sum(divergence)}
        if self.penalty is not None:
            metrics["penalty"] = penalty
        return loss, (memory + 1, metrics)

    def _terms(
        self, key: PRNGKey, modules: Modules, batch: Batch
    ) -> tuple[Scalar, Float[Array, " latent"], Scalar]:
        """Means over a batch of log p(x|z) and of the divergences, and the penalty."""
        model = modules["model"]
        keys = jax.random.split(key, len(batch.x))

        def row(key: PRNGKey, x: Array, condition: Condition) -> Any:
            y, log_det = model.units.encode(x)
            given = model.scaled(condition)
            found = model.inner.terms(key, y, given)
            posteriors = Posteriors(found.posterior, found.z, given)
            return found.log_likelihood + log_det, found.divergence, posteriors

        each = eqx.filter_vmap(row)
        log_likelihood, divergence, found = each(keys, batch.x, batch.condition)
        penalty = jnp.zeros(())
        if self.penalty is not None:
            penalty = self.penalty.value(jax.random.fold_in(key, 1), found)
        return weighted_mean(log_likelihood, batch), weighted_mean(divergence, batch), penalty

    def weight(self, moves: Array) -> Scalar:
        """beta_t after a number of moves."""
        if self.warmup == 0:
            return jnp.asarray(self.beta)
        return self.beta * jnp.minimum(moves / self.warmup, 1.0)

    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar:
        """-ELBO, in nats per row; without a weight on the divergence the loss."""
        if self.beta == 0:
            fit, _, penalty = self._terms(key, modules, batch)
            return -fit + self.strength * penalty
        model: LatentModel = modules["model"]
        keys = jax.random.split(key, len(batch.x))
        return -weighted_mean(jax.vmap(model.log_weight)(keys, batch.x, batch.condition), batch)
