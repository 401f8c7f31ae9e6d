"""MALA with global jumps: local steps, and proposals from a distribution that covers the target."""

from typing import ClassVar

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey
from energeia.contracts import Condition, Density, Energy, KernelInfo
from energeia.mcmc.adapt import StepKernel
from energeia.mcmc.mala import Mala, MalaState


class JumpingMala(StepKernel):
    """An independence proposal x' ~ q, then a MALA step; both leave exp(-E) invariant.

    The jump is accepted with min(1, exp(E(x) - E(x')) q(x) / q(x')) (Tierney 1994). In a few
    dimensions it carries chains between modes that local steps never join; its acceptance falls
    exponentially with the dimension, and then it is only a cost. The acceptance reported is that
    of the local step, which is what a step size is tuned to.

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

    def init(self, target: Energy, x: Array, condition: Condition = None) -> MalaState:
        """Energy and force at ``x``."""
        return self.local.init(target, x, condition)

    def step(
        self, key: PRNGKey, target: Energy, state: MalaState, condition: Condition = None
    ) -> tuple[MalaState, KernelInfo]:
        """One jump, accepted or not, then one local step."""
        draw_key, accept_key, local_key = jax.random.split(key, 3)
        there = self.init(target, self.proposal.sample(draw_key), condition)
        ahead = self.proposal.log_prob(there.position)
        change = state.energy - there.energy + self.proposal.log_prob(state.position) - ahead
        # A change that is not a number compares as false: refused.
        accepted = jnp.log(jax.random.uniform(accept_key, (), change.dtype)) < change
        state = jax.tree.map(lambda new, old: jnp.where(accepted, new, old), there, state)
        return self.local.step(local_key, target, state, condition)
