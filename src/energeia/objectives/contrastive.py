"""Maximum likelihood of an energy, with the model expectation from persistent chains."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.trees import stopped
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Batch, Condition, Kernel, Metrics, Modules, Objective
from energeia.energies.conditionals import ColumnConditionals
from energeia.energies.embedded import EmbeddedEnergy
from energeia.objectives.embedding import embed_batch
from energeia.objectives.pseudo_likelihood import minus_log_pseudo_likelihood
from energeia.objectives.reduction import WEIGHT, random_rows, weighted_mean


class PersistentChains(NamedTuple):
    """Chains in the inner coordinates, their conditions and their step size."""

    positions: Float[Array, "chains d"]
    conditions: Float[Array, "chains condition"] | None
    log_step: Float[Array, ""]


class Contrastive(Objective):
    """Minimize <E>_data - <E>_chains + penalty (<E^2>_data + <E^2>_chains).

    Without the penalty its gradient is that of -log p(x) as far as the chains, which continue from
    move to move, are at equilibrium: persistent contrastive divergence (Tieleman 2008) with Gibbs
    sweeps, a replay buffer (Du and Mordatch 2019) with Langevin or MALA. The chains carry no
    gradient. The penalty (same paper, eq. 6, here in nats^2) keeps the constant and the scale of
    the energy from drifting, but makes the energy flatter.

    The one module is ``"model"``, an ``EmbeddedEnergy``. The loss is a difference of energies,
    which does not measure the quality of the fit. ``restart`` is the probability that a chain
    starts again from a row of the batch, with its condition; without it, a condition is never
    renewed. ``noise`` is that of restarting from the model's base distribution, which finds modes
    without data. With ``acceptance`` above zero the step size of the kernel, which then must have a
    method ``with_step``, follows it (Robbins and Monro, rate ``rate``).
    """

    kernel: Kernel
    chains: int = eqx.field(static=True)
    steps: int = eqx.field(static=True, default=1)
    restart: float = eqx.field(static=True, default=0.0)
    noise: float = eqx.field(static=True, default=0.0)
    penalty: float = eqx.field(static=True, default=0.0)
    acceptance: float = eqx.field(static=True, default=0.0)
    rate: float = eqx.field(static=True, default=0.05)
    scored_columns: int = eqx.field(static=True, default=16)

    @property
    @override
    def players(self) -> tuple[str, ...]:
        return ("model",)

    @property
    @override
    def honors(self) -> frozenset[str]:
        return WEIGHT

    def init_memory(self, key: PRNGKey, modules: Modules, batch: Batch) -> PersistentChains:
        """Chains that start from the rows of the batch, repeated as often as needed."""
        rows = len(batch.x)
        index = jnp.arange(self.chains) % rows
        positions, conditions = embed_batch(key, modules["model"], batch)
        step = getattr(self.kernel, "step_size", jnp.ones(()))
        return PersistentChains(
            positions[index],
            None if conditions is None else conditions[index],
            jnp.log(jnp.asarray(step, float)),
        )

    def loss(
        self, player: str, key: PRNGKey, modules: Modules, batch: Batch, memory: PersistentChains
    ) -> tuple[Scalar, tuple[PersistentChains, Metrics]]:
        """The contrast of one batch with the chains, renewed ``steps`` steps first."""
        model: EmbeddedEnergy = modules["model"]
        embed_key, restart_key, move_key = jax.random.split(key, 3)
        positions, conditions = embed_batch(embed_key, model, batch)
        rows = batch._replace(x=positions, condition=conditions)
        memory = self._restart_some(restart_key, model, memory, rows)
        memory, acceptance = self._advance(move_key, stopped(model.inner), memory)
        energy = jax.vmap(model.inner.energy)
        real = energy(positions, conditions)
        chain = energy(memory.positions, memory.conditions)
        gap = weighted_mean(real, batch) - jnp.mean(chain)
        size = weighted_mean(real**2, batch) + jnp.mean(chain**2)
        loss = gap + self.penalty * size
        return loss, (memory, {"gap": gap, "acceptance": acceptance})

    def held_out(self, key: PRNGKey, modules: Modules, batch: Batch) -> Scalar | None:
        """Minus the log pseudo-likelihood of a machine, nats per row; None for other energies.

        sum_i log p(x_i given the rest), estimated on ``scored_columns`` columns a row; the key is
        the same at every evaluation, so that all use the same columns.
        """
        model: EmbeddedEnergy = modules["model"]
        if not isinstance(model.inner, ColumnConditionals):
            return None
        return minus_log_pseudo_likelihood(key, model, batch, self.scored_columns)

    def _restart_some(
        self, key: PRNGKey, model: EmbeddedEnergy, memory: PersistentChains, rows: Batch
    ) -> PersistentChains:
        pick, row, draw = jax.random.split(key, 3)
        uniform = jax.random.uniform(pick, (self.chains, 1))
        if self.restart:
            again = uniform < self.restart
            index = random_rows(row, rows, self.chains)
            fresh = jax.lax.stop_gradient(rows.x)[index]
            memory = memory._replace(positions=jnp.where(again, fresh, memory.positions))
            if rows.condition is not None and memory.conditions is not None:
                renewed = jnp.where(again, rows.condition[index], memory.conditions)
                memory = memory._replace(conditions=renewed)
        if self.noise:
            again = uniform > 1 - self.noise
            keys = jax.random.split(draw, self.chains)
            fresh = jax.vmap(model.draw_base)(keys, memory.conditions)
            memory = memory._replace(positions=jnp.where(again, fresh, memory.positions))
        return memory

    def _advance(
        self, key: PRNGKey, target: Any, memory: PersistentChains
    ) -> tuple[PersistentChains, Scalar]:
        kernel: Any = self.kernel
        if self.acceptance:
            kernel = kernel.with_step(jnp.exp(memory.log_step))

        def one(key: PRNGKey, x: Array, condition: Condition) -> tuple[Array, Scalar]:
            def step(state: Any, key: PRNGKey) -> tuple[Any, Scalar]:
                state, info = kernel.step(key, target, state, condition)
                return state, info.acceptance

            start = kernel.init(target, x, condition)
            state, rates = jax.lax.scan(step, start, jax.random.split(key, self.steps))
            return state.position, jnp.mean(rates)

        keys = jax.random.split(key, self.chains)
        positions, rates = jax.vmap(one)(keys, memory.positions, memory.conditions)
        rate = jnp.mean(rates)
        log_step = memory.log_step + self.rate * (rate - self.acceptance) * (self.acceptance > 0)
        return PersistentChains(positions, memory.conditions, log_step), rate
