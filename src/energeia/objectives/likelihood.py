"""Maximum likelihood: a game of one player."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.errors import NotNormalized
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Density, LatentModel, Metrics, Modules, Objective
from energeia.objectives.reduction import WEIGHT, weighted_mean


class MaximumLikelihood(Objective):
    """Minimize the weighted mean of -log p(x), or of its variational bound, in nats per row.

    The one module is ``"model"``, in the units of the rows. A ``Density`` gives
    -log p(x) exactly; a ``LatentModel`` gives minus its importance-weighted bound,
    -log mean_k w_k(x) over ``particles`` weights, which is -ELBO for one particle
    (Burda et al. 2016, eq. 8).

    With ``law``, rows were measured with errors: it makes of all modules the law of measured rows,
    whose condition holds the errors of a row, then its own conditions.

    Raises:
        NotNormalized: if the model is neither.
    """

    particles: int = eqx.field(static=True, default=1)
    law: Callable[[Modules], Any] | None = eqx.field(static=True, default=None)

    @property
    @override
    def players(self) -> tuple[str, ...]:
        return ("model",)

    @property
    @override
    def honors(self) -> frozenset[str]:
        return WEIGHT if self.law is None else WEIGHT | {"noise"}

    def loss(
        self, player: str, key: PRNGKey, modules: Modules, batch: Batch, memory: None
    ) -> tuple[Scalar, tuple[None, Metrics]]:
        """Mean of -log p over the batch, in nats; reported as ``nll``, too."""
        loss = self._mean_nll(key, modules, batch)
        return loss, (None, {"nll": loss})

    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar:
        """Mean of -log p over the held-out rows, in nats."""
        return self._mean_nll(key, modules, batch)

    def _mean_nll(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar:
        model, given = modules["model"], batch.condition
        if self.law is not None:
            model, given = self.law(modules), _with_errors(batch)
        if isinstance(model, Density):
            return -weighted_mean(jax.vmap(model.log_prob)(batch.x, given), batch)
        if not isinstance(model, LatentModel):
            raise NotNormalized(
                f"a {type(model).__name__} has neither log_prob nor log_weight: maximum "
                "likelihood needs a Density or a LatentModel"
            )
        keys = jax.random.split(key, (self.particles, len(batch.x)))
        rows = jax.vmap(model.log_weight)
        weights = jax.vmap(rows, in_axes=(0, None, None))(keys, batch.x, given)
        bound = jax.nn.logsumexp(weights, axis=0) - jnp.log(self.particles)
        return -weighted_mean(bound, batch)


def _with_errors(batch: Batch) -> Array:
    """The errors of rows, none where there are none, and their conditions."""
    noise = jnp.zeros_like(batch.x) if batch.noise is None else batch.noise
    return noise if batch.condition is None else jnp.concatenate([noise, batch.condition], axis=1)
