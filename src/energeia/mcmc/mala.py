"""The Metropolis-adjusted Langevin algorithm."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Energy, KernelInfo
from energeia.mcmc.adapt import StepKernel, positive_step


class MalaState(NamedTuple):
    """The position of a chain, with its energy and force."""

    position: Float[Array, " *shape"]
    energy: Scalar
    force: Float[Array, " *shape"]


class Mala(StepKernel):
    """Propose x' = x - (eps/2) grad E(x) + sqrt(eps) xi, accept with the Metropolis ratio.

    log q(x'|x) = -|x' - x + (eps/2) grad E(x)|^2 / (2 eps), so with F = -grad E and the noise xi
    that made the proposal, the ratio is

        E(x) - E(x') + |xi|^2 / 2 - |xi + (sqrt(eps)/2) (F(x) + F(x'))|^2 / 2,

    which cancels no large numbers. One gradient per step, since the state holds that of the current
    position (Roberts and Tweedie 1996; eps here is twice BlackJAX's ``step_size``). Leaves exp(-E)
    invariant and is reversible. A proposal whose energy is NaN is rejected. Known coordinates of a
    masked target have no force, so their noise cancels in the ratio.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.energies.analytic import Normal
    >>> target, kernel = Normal(jnp.zeros(2), jnp.eye(2)), Mala(0.5)
    >>> state = kernel.init(target, jnp.ones(2))
    >>> state, info = kernel.step(jax.random.key(0), target, state)
    >>> bool(0 <= info.acceptance <= 1)
    True
    """

    step_size: Float[Array, ""] = eqx.field(converter=positive_step)
    best_acceptance: ClassVar[float] = 0.574

    @override
    def with_step(self, step_size: Float[Array, ""]) -> "Mala":
        return eqx.tree_at(lambda k: k.step_size, self, step_size)

    @override
    def init(self, target: Energy, x: Array, condition: Condition = None) -> MalaState:
        x = target.put_back(x)
        energy, gradient = jax.value_and_grad(target.energy)(x, condition)
        return MalaState(x, energy, -gradient)

    def step(
        self, key: PRNGKey, target: Energy, state: MalaState, condition: Condition = None
    ) -> tuple[MalaState, KernelInfo]:
        """One proposal, accepted or not."""
        x = state.position
        root = jnp.sqrt(self.step_size.astype(x.dtype))
        xi, level = _noise(key, x)
        moved = x + root * (0.5 * root * state.force + xi)
        proposal = self.init(target, moved, condition)
        back = xi + 0.5 * root * (state.force + proposal.force)
        change = state.energy - proposal.energy + 0.5 * jnp.sum((xi - back) * (xi + back))
        acceptance = jnp.exp(jnp.minimum(jnp.where(jnp.isnan(change), -jnp.inf, change), 0.0))
        accepted = level < acceptance
        chosen = jax.tree.map(lambda new, old: jnp.where(accepted, new, old), proposal, state)
        return chosen, KernelInfo(acceptance, accepted)


def _noise(key: PRNGKey, x: Array) -> tuple[Array, Array]:
    """Normal noise like x and one uniform number, from one call: in few dimensions splitting keys
    would dominate the cost of a step."""
    low = np.nextafter(np.asarray(-1.0, x.dtype), np.asarray(0.0, x.dtype))
    uniform = jax.random.uniform(key, (x.size + 1,), x.dtype, low, 1.0)
    xi = np.sqrt(2).astype(x.dtype) * jax.lax.erf_inv(uniform[:-1])
    return xi.reshape(x.shape), 0.5 * (uniform[-1] + 1)
