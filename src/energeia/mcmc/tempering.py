"""Parallel tempering: replicas at many temperatures that exchange their configurations."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from typing_extensions import override

from energeia._core.errors import InputError, NoSuchCapability
from energeia._core.types import PRNGKey
from energeia.contracts import Condition, Density, Energy, Kernel, KernelInfo, condition_for
from energeia.energies.algebra import Interpolated, Tempered
from energeia.energies.mask import has_known
from energeia.mcmc.adapt import (
    Tunable,
    best_acceptance,
    dual_start,
    dual_step,
    log_step,
    with_step,
)

_ROUNDS = 8
"""Parts of a pilot between which temperatures are spaced anew."""
_LEAST = 1e-3
"""Least rejection between neighbors, so that none falls onto another."""


class Ladder(NamedTuple):
    """Temperatures from the hottest to the target, and the step size of each."""

    betas: Float[Array, " levels"]
    """Increasing, the last one 1."""
    log_steps: Float[Array, " levels"]


class TemperedState(NamedTuple):
    """The replicas of one chain."""

    position: Float[Array, " *shape"]
    """Of the target."""
    replicas: Float[Array, "levels *shape"]
    walkers: Int[Array, " levels"]
    """Which walker is at each level."""
    climbing: Int[Array, " levels"]
    """Of each walker: whether it has been at the hottest level since it was at the target."""
    trips: Int[Array, ""]
    """Arrivals at the target from the hottest level."""
    swaps: Float[Array, " pairs"]
    """Sum of the swap probabilities of neighbors, over the steps at which they were tried."""
    steps: Int[Array, ""]


class ParallelTempering(Tunable):
    """``levels`` replicas of exp(-E_beta), moved by a kernel each, that swap with their neighbors.

    E_beta = beta E from ``hottest`` to 1; or with a ``base``, a density that can be drawn from,
    E_beta = (1 - beta) E_0 + beta E from 0, where the hottest replica is a fresh draw at each step.
    After ``moves`` moves of every replica neighbors k and k + 1 swap with probability
    min(1, exp((beta_k+1 - beta_k)(u_k+1 - u_k))), u = E - E_0, even and odd pairs in turn, which
    carries configurations between the ends faster than random pairs do. Leaves exp(-E) invariant.

    A pilot spaces the temperatures so that all neighbors reject equally often, and tunes a step
    size for each (Syed et al. 2022, arXiv:1905.02939, algorithms 1 and 4). ``exchange`` says what
    came of it.

    Raises:
        InputError: for fewer than two levels, or a hottest beta outside (0, 1).
        NoSuchCapability: for a base and a masked target, whose known values a draw does not keep.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.energies import DoubleWell
    >>> from energeia.mcmc import Mala, sample
    >>> kernel = ParallelTempering(Mala(0.1), levels=6, hottest=0.05)
    >>> wells = DoubleWell(1, height=12.0)
    >>> found = sample(jax.random.key(0), wells, kernel, jnp.ones((8, 1)), 400)
    >>> bool(abs(jnp.mean(found.rows > 0) - 0.5) < 0.1)
    True
    """

    kernel: Kernel
    ladder: Ladder
    base: Density | None = None
    moves: int = eqx.field(static=True, default=1)

    def __init__(
        self, kernel: Kernel, levels: int = 12, *, hottest: float = 0.01,
        base: Density | None = None, moves: int = 1,
    ) -> None:  # fmt: skip
        if levels < 2 or not 0 < hottest < 1:
            raise InputError(
                f"{levels} levels from beta = {hottest} were asked for: give two levels or more, "
                "and a hottest beta between 0 and 1"
            )
        betas = np.geomspace(hottest, 1.0, levels) if base is None else np.linspace(0, 1, levels)
        steps = jnp.broadcast_to(log_step(kernel), (levels,))
        self.kernel, self.base, self.moves = kernel, base, moves
        self.ladder = Ladder(jnp.asarray(betas, float), steps)

    @property
    def levels(self) -> int:
        """How many replicas."""
        return len(self.ladder.betas)

    @override
    def init(self, target: Energy, x: Array, condition: Condition = None) -> TemperedState:
        if self.base is not None and has_known(target):
            raise NoSuchCapability(
                "tempering from a base draws whole configurations, and was asked to keep known "
                "values: leave base= away, which tempers by powers"
            )
        x, none = target.put_back(x), jnp.zeros((), int)
        walkers = jnp.arange(self.levels)
        return TemperedState(
            position=x, replicas=jnp.broadcast_to(x, (self.levels, *x.shape)), walkers=walkers,
            climbing=jnp.zeros_like(walkers), trips=none, swaps=jnp.zeros(self.levels - 1),
            steps=none,
        )  # fmt: skip

    @override
    def step(
        self, key: PRNGKey, target: Energy, state: TemperedState, condition: Condition = None
    ) -> tuple[TemperedState, KernelInfo]:
        state, rates, _ = self.advanced(key, target, state, condition)
        work = float(self.levels * (self.moves + 1))
        return state, KernelInfo(rates[-1], jnp.asarray(True), work)

    def advanced(
        self, key: PRNGKey, target: Energy, state: TemperedState, condition: Condition = None
    ) -> tuple[TemperedState, Float[Array, " levels"], Float[Array, " pairs"]]:
        """The state after moves and swaps, acceptance of each level, chance of each swap."""
        move_key, swap_key = jax.random.split(key)
        replicas, rates = self._moved(move_key, target, state.replicas, condition)
        u = self.slopes(target, replicas, condition)
        chance = _swap_chance(self.ladder.betas, u)
        tried = jnp.arange(self.levels - 1) % 2 == state.steps % 2
        swapped = tried & (jax.random.uniform(swap_key, chance.shape) < chance)
        state = _exchanged(state._replace(replicas=replicas), swapped)
        state = state._replace(
            position=state.replicas[-1], swaps=state.swaps + jnp.where(tried, chance, 0.0),
            steps=state.steps + 1,
        )  # fmt: skip
        return state, rates, chance

    @override
    def tuned(
        self, key: PRNGKey, target: Energy, x: Float[Array, "chains *shape"], steps: int,
        condition: Float[Array, "chains c"] | None = None,
    ) -> tuple["ParallelTempering", Float[Array, "chains *shape"]]:  # fmt: skip
        return _tuned(key, self, target, x, steps, condition)

    def slopes(
        self, target: Energy, replicas: Float[Array, "levels *shape"], condition: Condition = None
    ) -> Float[Array, " levels"]:
        """u = E - E_0 of replicas, by which E_beta rises with beta."""

        def one(x: Array) -> Array:
            energy = target.energy(x, condition)
            if self.base is None:
                return energy
            return energy - self.base.energy(x, condition_for(self.base, condition))

        return jax.vmap(one)(replicas)

    def _moved(
        self, key: PRNGKey, target: Energy, replicas: Array, condition: Condition
    ) -> tuple[Array, Array]:
        """Every replica after its moves, and its mean acceptance."""
        keys = jax.random.split(key, self.levels)
        moved, rates = jax.vmap(self._moves, (0, None, 0, 0, 0, None))(
            keys, target, replicas, *self.ladder, condition
        )
        if self.base is not None:
            given = condition_for(self.base, condition)
            fresh = self.base.sample(keys[0], given)
            moved, rates = moved.at[0].set(fresh), rates.at[0].set(best_acceptance(self.kernel))
        return moved, rates

    def _moves(
        self, key: PRNGKey, target: Energy, x: Array, beta: Array, eps: Array, condition: Condition
    ) -> tuple[Array, Array]:
        energy, kernel = self._at(target, beta), with_step(self.kernel, eps)

        def one(state: Any, key: PRNGKey) -> tuple[Any, Array]:
            state, info = kernel.step(key, energy, state, condition)
            return state, info.acceptance

        keys = jax.random.split(key, self.moves)
        state, rates = jax.lax.scan(one, kernel.init(energy, x, condition), keys)
        return state.position, jnp.mean(rates)

    def _at(self, target: Energy, beta: Array) -> Energy:
        if self.base is None:
            return Tempered(target, beta)
        return Interpolated(self.base, target, beta)


def _swap_chance(betas: Array, u: Array) -> Array:
    """Of each pair of neighbors; zero where a configuration lies beyond a hard wall."""
    change = jnp.diff(betas) * jnp.diff(u)
    return jnp.exp(jnp.minimum(jnp.where(jnp.isnan(change), -jnp.inf, change), 0.0))


def _exchanged(state: TemperedState, swapped: Array) -> TemperedState:
    """Replicas and walkers after the swaps; walkers that arrive at an end are counted."""
    none = jnp.zeros(1, int)
    up, down = (jnp.concatenate(p) for p in ((swapped, none), (none, swapped)))
    source = jnp.arange(len(up)) + up - down
    walkers = state.walkers[source]
    climbing = state.climbing.at[walkers[0]].set(1)
    arrived = climbing[walkers[-1]]
    return state._replace(
        replicas=state.replicas[source], walkers=walkers,
        climbing=climbing.at[walkers[-1]].set(0), trips=state.trips + arrived,
    )  # fmt: skip


class Exchange(NamedTuple):
    """How configurations travel between the temperatures."""

    betas: Float[np.ndarray, " levels"]
    rejection: Float[np.ndarray, " pairs"]
    """Of swaps between neighbors, mean over chains."""
    barrier: float
    """Their sum, the communication barrier where levels are many: as many levels as twice this
    number carry most configurations for their cost (Syed et al., section 5.3)."""
    trips: int
    """Arrivals at the target from the hottest level, of all chains together."""
    trips_per_step: float
    """Of one chain."""


def exchange(kernel: ParallelTempering, states: TemperedState) -> Exchange:
    """What the final states of chains say of their swaps, all steps counted.

    ``Sampled.states`` or ``Chains.states`` are such states. Without a single trip the chains are
    those of the kernel alone, whatever R-hat says.
    """
    steps = np.asarray(states.steps).ravel()
    tried = np.where(np.arange(kernel.levels - 1) % 2, steps[0] // 2, (steps[0] + 1) // 2)
    swaps = np.asarray(states.swaps, np.float64).reshape(len(steps), -1)
    rejection = 1 - np.sum(swaps, axis=0) / np.maximum(tried * len(steps), 1)
    trips = int(np.sum(states.trips))
    return Exchange(
        np.asarray(kernel.ladder.betas), rejection, float(np.sum(rejection)), trips,
        trips / max(float(np.sum(steps)), 1.0),
    )  # fmt: skip


@eqx.filter_jit
def _tuned(
    key: PRNGKey, kernel: ParallelTempering, target: Energy, x: Array, steps: int,
    condition: Array | None,
) -> tuple[ParallelTempering, Array]:  # fmt: skip
    """Rounds of steps, in which step sizes follow the acceptance; temperatures after each."""
    goal, part = best_acceptance(kernel.kernel), max(steps // _ROUNDS, 2)
    conditioned = None if condition is None else 0

    def at(ladder: Ladder) -> ParallelTempering:
        return eqx.tree_at(lambda k: k.ladder, kernel, ladder)

    def one(carry: tuple, key: PRNGKey) -> tuple[tuple, Array]:
        states, betas, dual = carry
        now = at(Ladder(betas, dual.log_step))
        keys = jax.random.split(key, len(x))
        states, rates, chance = jax.vmap(now.advanced, (0, None, 0, conditioned))(
            keys, target, states, condition
        )
        dual = jax.vmap(dual_step, (0, 0, None))(dual, jnp.mean(rates, axis=0), goal)
        return (states, betas, dual), jnp.mean(chance, axis=0)

    def again(carry: tuple, key: PRNGKey) -> tuple[tuple, None]:
        states, ladder = carry
        begin = (states, ladder.betas, jax.vmap(dual_start)(ladder.log_steps))
        end, chance = jax.lax.scan(one, begin, jax.random.split(key, part))
        states, _, dual = end
        rejection = 1 - jnp.mean(chance[part // 2 :], axis=0)
        return (states, _spaced(Ladder(ladder.betas, dual.average), rejection)), None

    states = jax.vmap(lambda x, c: kernel.init(target, x, c), (0, conditioned))(x, condition)
    keys = jax.random.split(key, _ROUNDS)
    (states, ladder), _ = jax.lax.scan(again, (states, kernel.ladder), keys)
    return at(ladder), states.position


def _spaced(ladder: Ladder, rejection: Array) -> Ladder:
    """Temperatures between which the summed rejection rises equally."""
    summed = jnp.concatenate([jnp.zeros(1), jnp.cumsum(jnp.maximum(rejection, _LEAST))])
    wanted = jnp.linspace(0.0, summed[-1], len(summed))
    betas = jnp.interp(wanted, summed, ladder.betas)
    betas = betas.at[0].set(ladder.betas[0]).at[-1].set(1.0)
    return Ladder(betas, jnp.interp(betas, ladder.betas, ladder.log_steps))
