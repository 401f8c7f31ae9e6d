"""Maximum likelihood by a random number whose mean is the log-probability."""

import equinox as eqx
import jax
import jax.numpy as jnp
from typing_extensions import override

from energeia._core.errors import NotNormalized
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import AveragedLogProb, Batch, Metrics, Modules, Objective
from energeia.objectives.reduction import WEIGHT, weighted_mean


class AveragedLikelihood(Objective):
    """Minimize the weighted mean of -E log p(x; r) over random r, in nats per row.

    r is what the model draws from a key: an order of the columns (Uria, Murray and Larochelle 2014,
    eq. 7), or the probe of a trace (Grathwohl et al. 2019, eq. 8). One is drawn for each row and
    move, ``held_out_draws`` for each held-out row. By convexity the loss is at least -log p of the
    mixture over r; where the mean over r is log p it is exactly that.

    The one module is ``"model"``, an ``AveragedLogProb`` in the units of the rows.

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
        """Mean of -log p over the batch, in nats; reported as ``nll``, too."""
        loss = self._mean_nll(key, modules, batch, 1)
        return loss, (None, {"nll": loss})

    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar:
        """Mean of -log p over the held-out rows, in nats."""
        return self._mean_nll(key, modules, batch, self.held_out_draws)

    def _mean_nll(self, key: PRNGKey, modules: Modules, batch: Batch, draws: int) -> Scalar:
        model = modules["model"]
        if not isinstance(model, AveragedLogProb):
            raise NotNormalized(
                f"a {type(model).__name__} has no mean_log_prob: use MaximumLikelihood "
                "for a density"
            )
        keys = jax.random.split(key, (draws, len(batch.x)))
        rows = jax.vmap(model.mean_log_prob)
        terms = jax.vmap(rows, in_axes=(0, None, None))(keys, batch.x, batch.condition)
        return -weighted_mean(jnp.mean(terms, axis=0), batch)
