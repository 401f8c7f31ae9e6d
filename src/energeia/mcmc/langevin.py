"""Unadjusted Langevin: cheap, and biased by its step size."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey
from energeia.contracts import Condition, Energy, Kernel, KernelInfo
from energeia.mcmc.adapt import positive_step


class LangevinState(NamedTuple):
    """The state of one chain."""

    position: Float[Array, " *shape"]


class Langevin(Kernel):
    """x' = x - (eps/2) grad E(x) + sqrt(eps) noise xi, without accept or reject.

    With ``noise`` = 1 it leaves exp(-E) invariant only as eps -> 0: on N(0, 1) the variance is
    1 / (1 - eps/4). ``noise`` below one, as energy models are often trained, samples about
    exp(-E / noise^2).
    """

    step_size: Float[Array, ""] = eqx.field(converter=positive_step)
    noise: float = eqx.field(static=True, default=1.0)

    @override
    def init(self, target: Energy, x: Array, condition: Condition = None) -> LangevinState:
        return LangevinState(target.put_back(x))

    def step(
        self, key: PRNGKey, target: Energy, state: LangevinState, condition: Condition = None
    ) -> tuple[LangevinState, KernelInfo]:
        """One step, always accepted."""
        x = state.position
        eps = self.step_size.astype(x.dtype)
        xi = jax.random.normal(key, x.shape, x.dtype)
        moved = x + 0.5 * eps * target.force(x, condition) + self.noise * jnp.sqrt(eps) * xi
        return LangevinState(target.put_back(moved)), KernelInfo(jnp.ones(()), jnp.asarray(True))
