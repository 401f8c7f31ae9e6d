"""The no-U-turn sampler, by BlackJAX."""

from typing import ClassVar

import equinox as eqx
import jax.numpy as jnp
from blackjax.mcmc import nuts
from blackjax.mcmc.hmc import HMCState
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey
from energeia.contracts import Condition, Energy, KernelInfo
from energeia.mcmc.adapt import StepKernel, positive_step
from energeia.mcmc.hmc import trajectory_end, trajectory_start

_KERNEL = nuts.build_kernel()


class Nuts(StepKernel):
    """Trajectories of leapfrog steps that double until they turn back, from unit-mass momenta.

    The next position is drawn from the whole trajectory (Hoffman and Gelman 2014; multinomial as in
    Betancourt 2017, arXiv:1701.02434). Leaves exp(-E) invariant. Chains that run together wait for
    the longest of their trajectories, at most 2^``doublings`` - 1 steps; the reported acceptance is
    the mean along a trajectory.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.energies.analytic import Normal
    >>> target, kernel = Normal(jnp.zeros(2), jnp.eye(2)), Nuts(0.5)
    >>> state, info = kernel.step(jax.random.key(0), target, kernel.init(target, jnp.ones(2)))
    >>> state.position.shape, bool(info.evaluations >= 1)
    ((2,), True)
    """

    step_size: Float[Array, ""] = eqx.field(converter=positive_step)
    doublings: int = eqx.field(static=True, default=8)
    best_acceptance: ClassVar[float] = 0.8

    @override
    def with_step(self, step_size: Float[Array, ""]) -> "Nuts":
        return eqx.tree_at(lambda k: k.step_size, self, step_size)

    @override
    def init(self, target: Energy, x: Array, condition: Condition = None) -> HMCState:
        return trajectory_start(target, x, condition)

    @override
    def step(
        self, key: PRNGKey, target: Energy, state: HMCState, condition: Condition = None
    ) -> tuple[HMCState, KernelInfo]:
        force = jnp.asarray(state.logdensity_grad)
        state, info = _KERNEL(
            key,
            state,
            lambda x: -target.energy(x, condition),
            step_size=self.step_size.astype(force.dtype),  # pyright: ignore[reportArgumentType]
            inverse_mass_matrix=jnp.ones(force.size, force.dtype),
            max_num_doublings=self.doublings,
        )
        rate, steps = jnp.asarray(info.acceptance_rate), jnp.asarray(info.num_integration_steps)
        return trajectory_end(target, state), KernelInfo(rate, jnp.asarray(True), steps)
