"""Maximum likelihood averaged over all orders of the columns."""

import equinox as eqx
import jax
import jax.numpy as jnp
from typing_extensions import override

from energeia._core.errors import NotNormalized
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Metrics, Modules, Objective, OrderAverage
from energeia.objectives.reduction import WEIGHT, weighted_mean


class OrderAveragedLikelihood(Objective):
    """Minimize the weighted mean of -E_o log p(x; o) over random orders o, in nats per row.

    One random set of known columns is drawn for each row and move (Uria, Murray and Larochelle
    2014, eq. 7), ``held_out_draws`` of them for each held-out row. By convexity the loss is at
    least -log p of the mixture of all orders.

    The one module is ``"model"``, an ``OrderAverage`` in the units of the rows.

    Raises:
        NotNormalized: if the model is none.
    """

    held_out_draws: int = eqx.field(static=True, default=8)

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
        """Mean of -log p over the batch and orders, in nats; reported as ``nll``, too."""
        loss = self._mean_nll(key, modules, batch, 1)
        return loss, (None, {"nll": loss})

    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar:
        """Mean of -log p over the held-out rows and orders, in nats."""
        return self._mean_nll(key, modules, batch, self.held_out_draws)

    def _mean_nll(self, key: PRNGKey, modules: Modules, batch: Batch, draws: int) -> Scalar:
        model = modules["model"]
        if not isinstance(model, OrderAverage):
            raise NotNormalized(
                f"a {type(model).__name__} has no mean_log_prob: an average over orders needs a "
                "model of conditionals in any order"
            )
        keys = jax.random.split(key, (draws, len(batch.x)))
        rows = jax.vmap(model.mean_log_prob)
        terms = jax.vmap(rows, in_axes=(0, None, None))(keys, batch.x, batch.condition)
        return -weighted_mean(jnp.mean(terms, axis=0), batch)
