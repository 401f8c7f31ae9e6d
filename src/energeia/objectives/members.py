"""Maximum likelihood of each member of an equal mixture on its own."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Density, Metrics, Modules, Objective


class MemberLikelihood(Objective):
    """Lower the mean over members of -log q_m(x); judge by -log of their mixture.

    The cast has one part, ``"members"``: a density whose arrays have a leading axis, one entry a
    member. By convexity the loss is an upper bound of the mixture's own -log p, the one that keeps
    every member a model of all rows: trained on the bound's left side they divide few rows
    between them and overfit.
    """

    @property
    def players(self) -> tuple[str, ...]:
        """The one player, who moves every member."""
        return ("members",)

    def loss(
        self, player: str, key: PRNGKey, modules: Modules, batch: Batch, memory: None
    ) -> tuple[Scalar, tuple[None, Metrics]]:
        """Mean of -log q_m over members and batch, in nats; reported as ``nll``, too."""
        loss = -jnp.mean(self._log_probs(modules["members"], batch))
        return loss, (None, {"nll": loss})

    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar:
        """Mean of -log p over the held-out rows, p the mixture, in nats."""
        terms = self._log_probs(modules["members"], batch)
        return -jnp.mean(jax.nn.logsumexp(terms, axis=0) - jnp.log(len(terms)))

    def _log_probs(self, members: Density, batch: Batch) -> Float[Array, "members rows"]:
        def one(member: Density) -> Array:
            return jax.vmap(member.log_prob)(batch.x, batch.condition)

        return eqx.filter_vmap(one)(members)
