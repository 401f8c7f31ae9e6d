"""MALA combined with independence proposals from a distribution that covers the target."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.errors import NoSuchCapability
from energeia._core.types import PRNGKey
from energeia.contracts import Condition, Density, Energy, KernelInfo
from energeia.energies.mask import has_known
from energeia.mcmc.adapt import StepKernel
from energeia.mcmc.mala import Mala, MalaState


class JumpingMala(StepKernel):
    """An independence proposal x' ~ q, then a MALA step; both leave exp(-E) invariant.

    The jump is accepted with min(1, exp(E(x) - E(x')) q(x) / q(x')) (Tierney 1994). In a few
    dimensions it moves chains between modes that local steps do not connect; its acceptance falls
    exponentially with the dimension. The acceptance reported is that of the local step, to which
    the step size is tuned.

    Raises:
        NoSuchCapability: for a masked target, whose known values a jump would have to keep.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.energies.analytic import Normal
    >>> target = Normal(jnp.zeros(2), jnp.eye(2))
    >>> kernel = JumpingMala(Mala(0.5), target)
    >>> state, _ = kernel.step(jax.random.key(0), target, kernel.init(target, jnp.ones(2)))
    >>> state.position.shape
    (2,)
    """

    local: Mala
    proposal: Density
    best_acceptance: ClassVar[float] = Mala.best_acceptance

    def __init__(self, local: Mala, proposal: Density) -> None:
        self.local, self.proposal = local, proposal

    @property
    def step_size(self) -> Float[Array, ""]:
        """That of the local step."""
        return self.local.step_size

    def with_step(self, step_size: Float[Array, ""]) -> "JumpingMala":
        """The same kernel with another local step."""
        return eqx.tree_at(lambda k: k.local, self, self.local.with_step(step_size))

    @override
    def init(self, target: Energy, x: Array, condition: Condition = None) -> MalaState:
        return self.local.init(target, x, condition)

    def step(
        self, key: PRNGKey, target: Energy, state: MalaState, condition: Condition = None
    ) -> tuple[MalaState, KernelInfo]:
        """One jump, accepted or not, then one local step."""
        if has_known(target):
            raise NoSuchCapability(
                "independence proposals draw whole configurations, and were asked to keep known "
                "values: use the local kernel alone, such as Mala"
            )
        draw_key, accept_key, local_key = jax.random.split(key, 3)
        candidate = self.init(target, self.proposal.sample(draw_key), condition)
        log_q_candidate = self.proposal.log_prob(candidate.position)
        change = (
            state.energy
            - candidate.energy
            + self.proposal.log_prob(state.position)
            - log_q_candidate
        )
        # A comparison with NaN is false, so such a jump is rejected.
        accepted = jnp.log(jax.random.uniform(accept_key, (), change.dtype)) < change
        state = jax.tree.map(lambda new, old: jnp.where(accepted, new, old), candidate, state)
        return self.local.step(local_key, target, state, condition)
