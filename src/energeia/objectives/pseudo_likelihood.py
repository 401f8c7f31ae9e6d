"""The pseudo-likelihood of energies whose columns have known conditional probabilities."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.errors import NoSuchCapability
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Condition, Metrics, Modules, Objective
from energeia.energies.conditionals import ColumnConditionals
from energeia.energies.embedded import EmbeddedEnergy
from energeia.objectives.reduction import WEIGHT, weighted_mean


class PseudoLikelihood(Objective):
    """Minimize -sum_i log p(x_i given the rest) + ridge / 2 sum theta^2, nats per row (Besag 1975).

    It needs no log Z and no chains, and its optimum is that of the likelihood as the number of rows
    grows, if the energy can represent their distribution; of one that cannot it fits conditionals,
    not the joint distribution. The one module is ``"model"``, an ``EmbeddedEnergy`` whose inner
    energy has ``ColumnConditionals``. With ``columns`` above zero a random choice of as many
    columns a row estimates the sum, without bias. ``ridge`` is that of all inexact arrays of the
    inner energy.

    Raises:
        NoSuchCapability: of an energy whose columns have no known conditional probabilities.
    """

    columns: int = eqx.field(static=True, default=0)
    ridge: float = eqx.field(static=True, default=0.0)

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
        """The loss of a batch, reported with the pseudo-likelihood alone."""
        inner = modules["model"].inner
        value = minus_log_pseudo_likelihood(key, modules["model"], batch, self.columns)
        loss = value
        if self.ridge:
            leaves = jax.tree.leaves(eqx.filter(inner, eqx.is_inexact_array))
            loss = value + 0.5 * self.ridge * sum(jnp.sum(leaf**2) for leaf in leaves)
        return loss, (None, {"pseudo_nll": value})

    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar:
        """Minus the log pseudo-likelihood, nats per row."""
        return minus_log_pseudo_likelihood(key, modules["model"], batch, self.columns)


def minus_log_pseudo_likelihood(
    key: PRNGKey, model: EmbeddedEnergy, batch: Batch, columns: int
) -> Scalar:
    """-sum_i log p(x_i given the rest), nats per row, on ``columns`` columns of each; 0 for all."""
    inner = model.inner
    if not isinstance(inner, ColumnConditionals):
        raise NoSuchCapability(
            f"the pseudo-likelihood of a {type(inner).__name__} was asked for, whose columns have "
            "no known conditional probabilities: train it by Contrastive"
        )
    dimension = inner.shape[0]
    count = min(columns or dimension, dimension)

    def one(key: PRNGKey, x: Array, condition: Condition) -> Scalar:
        embed_key, column_key = jax.random.split(key)
        y, given = model.embed(embed_key, x, condition)
        return jnp.mean(inner.column_log_probs(column_key, y, count, given))

    keys = jax.random.split(key, len(batch.x))
    return -dimension * weighted_mean(jax.vmap(one)(keys, batch.x, batch.condition), batch)
