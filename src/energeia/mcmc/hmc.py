"""Hamiltonian Monte Carlo, by BlackJAX."""

from typing import ClassVar

import blackjax
import equinox as eqx
import jax.numpy as jnp
from blackjax.mcmc.hmc import HMCState
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey
from energeia.contracts import Condition, Energy, KernelInfo
from energeia.mcmc.adapt import StepKernel, positive_step

_KERNEL = blackjax.hmc.build_kernel()


class Hmc(StepKernel):
    """``leapfrog_steps`` leapfrog steps of size eps from fresh unit-mass momenta, accepted or not.

    H = E(x) + |p|^2 / 2; leaves exp(-E) invariant and is reversible (Duane et al. 1987). A plain
    chain crosses no high barrier: on separated modes its R-hat can be 1 and its averages wrong.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.energies.analytic import Normal
    >>> target, kernel = Normal(jnp.zeros(2), jnp.eye(2)), Hmc(0.5, leapfrog_steps=3)
    >>> state, info = kernel.step(jax.random.key(0), target, kernel.init(target, jnp.ones(2)))
    >>> state.position.shape
    (2,)
    """

    step_size: Float[Array, ""] = eqx.field(converter=positive_step)
    leapfrog_steps: int = eqx.field(static=True, default=10)
    best_acceptance: ClassVar[float] = 0.651

    @override
    def with_step(self, step_size: Float[Array, ""]) -> "Hmc":
        return eqx.tree_at(lambda k: k.step_size, self, step_size)

    @override
    def init(self, target: Energy, x: Array, condition: Condition = None) -> HMCState:
        return trajectory_start(target, x, condition)

    def step(
        self, key: PRNGKey, target: Energy, state: HMCState, condition: Condition = None
    ) -> tuple[HMCState, KernelInfo]:
        """One trajectory, accepted or not."""
        force = jnp.asarray(state.logdensity_grad)
        state, info = _KERNEL(
            key,
            state,
            lambda x: -target.energy(x, condition),
            step_size=self.step_size.astype(force.dtype),
            inverse_mass_matrix=jnp.ones(force.size, force.dtype),
            num_integration_steps=self.leapfrog_steps,
        )
        rate, accepted = jnp.asarray(info.acceptance_rate), jnp.asarray(info.is_accepted)
        return trajectory_end(target, state), KernelInfo(rate, accepted, float(self.leapfrog_steps))


def trajectory_start(target: Energy, x: Array, condition: Condition) -> HMCState:
    """The state of a chain at x, with its energy and force."""
    return blackjax.hmc.init(target.put_back(x), lambda x: -target.energy(x, condition))


def trajectory_end(target: Energy, state: HMCState) -> HMCState:
    """The state with known coordinates put back.

    Those of a masked target have no force: whatever they did changed no energy.
    """
    return state._replace(position=target.put_back(jnp.asarray(state.position)))
