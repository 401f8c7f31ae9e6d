"""Block Gibbs: draw each block of an energy given the rest, in order."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.errors import NoSuchCapability
from energeia._core.types import PRNGKey
from energeia.contracts import BlockEnergy, Condition, Energy, Kernel, KernelInfo

_UNROLLED = 8
"""Blocks beyond which the number of a block is traced."""


class GibbsState(NamedTuple):
    """The state of one chain."""

    position: Float[Array, " *shape"]


class Gibbs(Kernel):
    """``sweeps`` sweeps over the blocks of a ``BlockEnergy``; every draw is accepted.

    Each draw leaves exp(-E) invariant, so their composition does; in a fixed order it is not
    reversible.

    Raises:
        NoSuchCapability: if the target has no blocks that can be drawn.

    >>> import jax
    >>> from energeia.physics.lattice.ising import Ising
    >>> ising = Ising(4, 0.4)
    >>> state = Gibbs().init(ising, jax.numpy.ones((4, 4)))
    >>> state, info = Gibbs().step(jax.random.key(0), ising, state)
    >>> state.position.shape, bool(info.accepted)
    ((4, 4), True)
    """

    sweeps: int = eqx.field(static=True, default=1)

    @override
    def init(self, target: Energy, x: Array, condition: Condition = None) -> GibbsState:
        return GibbsState(target.put_back(x))

    def step(
        self, key: PRNGKey, target: Energy, state: GibbsState, condition: Condition = None
    ) -> tuple[GibbsState, KernelInfo]:
        """``sweeps`` sweeps over all blocks."""
        if not isinstance(target, BlockEnergy):
            raise NoSuchCapability(
                f"Gibbs sweeps were requested of a {type(target).__name__}, which has no blocks "
                "that can be drawn given the rest: use HeatBath where its variables take a few "
                "values, and Mala, Hmc or Langevin where they are real"
            )
        blocks = target.blocks

        def one(x: Array, step: tuple[PRNGKey, Any]) -> tuple[Array, None]:
            return target.draw_block(*step, x, condition), None

        def sweep(x: Array, key: PRNGKey) -> tuple[Array, None]:
            keys = jax.random.split(key, blocks)
            if blocks <= _UNROLLED:
                for block, own in enumerate(keys):
                    x = target.draw_block(own, block, x, condition)
                return x, None
            return jax.lax.scan(one, x, (keys, jnp.arange(blocks)))

        if self.sweeps == 1:
            position, _ = sweep(state.position, key)
        else:
            position, _ = jax.lax.scan(sweep, state.position, jax.random.split(key, self.sweeps))
        return GibbsState(position), KernelInfo(jnp.ones(()), jnp.asarray(True))
