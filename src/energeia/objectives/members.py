"""Maximum likelihood of each member of an equal mixture on its own."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Density, Metrics, Modules, Objective
from energeia.objectives.reduction import WEIGHT, weighted_mean


class MemberLikelihood(Objective):
    """Minimize the mean over members of -log q_m(x); the held-out loss is -log of their mixture.

    The one module is ``"members"``: a density whose arrays have a leading axis over members. By
    convexity the loss is an upper bound of the mixture's -log p. Minimizing that -log p itself
    would let members specialize on few rows and overfit; with the bound each fits all rows.
    """

    @property
    def players(self) -> tuple[str, ...]:
        """The one player, which updates every member."""
        return ("members",)

    @property
    def honors(self) -> frozenset[str]:
        """Weights of rows."""
        return WEIGHT

    def loss(
        self, player: str, key: PRNGKey, modules: Modules, batch: Batch, memory: None
    ) -> tuple[Scalar, tuple[None, Metrics]]:
        """Mean of -log q_m over members and batch, in nats; reported as ``nll``, too."""
        members = self._log_probs(modules["members"], batch)
        loss = -weighted_mean(jnp.mean(members, axis=0), batch)
        return loss, (None, {"nll": loss})

    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar:
        """Mean of -log p over the held-out rows, p the mixture, in nats."""
        terms = self._log_probs(modules["members"], batch)
        return -weighted_mean(jax.nn.logsumexp(terms, axis=0) - jnp.log(len(terms)), batch)

    def _log_probs(self, members: Density, batch: Batch) -> Float[Array, "members rows"]:
        def one(member: Density) -> Array:
            return jax.vmap(member.log_prob)(batch.x, batch.condition)

        return eqx.filter_vmap(one)(members)
