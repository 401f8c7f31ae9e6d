"""Sequential Monte Carlo: particles that follow a path of energies and are resampled on the way."""

import math
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from blackjax.smc.resampling import systematic
from jaxtyping import Array, Float, Int

from energeia._core.errors import ChainsStuck, InputError
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Kernel
from energeia.energies.algebra import Path
from energeia.estimate import Estimate
from energeia.mcmc.adapt import best_acceptance, dual_start, dual_step, log_step
from energeia.mcmc.annealed import log_ratio, moved
from energeia.mcmc.bracket import bracket_side, certificate

_MOST = 1000
"""Temperatures of a pilot, beyond which a path is taken to have no end."""
_BISECTIONS = 30
_FEW = 10
"""First particles of a population that must have descendants at the end."""


class SmcPlan(NamedTuple):
    """Temperatures of a path, and what the kernel does at each."""

    betas: Float[Array, " temperatures+1"]
    """From 0 to 1."""
    log_steps: Float[Array, " temperatures"]


class SmcRun(NamedTuple):
    """One population of particles, from the base to the target."""

    positions: Float[Array, "particles *shape"]
    """Equally weighted, about draws of the target."""
    log_weight: Scalar
    """log of an unbiased estimate of Z / Z_0."""
    ess: Float[Array, " temperatures"]
    """Effective share of the particles before each resampling."""
    acceptance: Float[Array, " temperatures"]
    ancestors: Scalar
    """How many of the first particles have descendants at the end."""


class SmcResult(NamedTuple):
    """log Z from independent populations, in nats."""

    lower: Estimate
    """log of the mean of their estimates of Z: a stochastic lower bound."""
    certificate: Estimate
    """log Z is above this with probability ``1 - delta``, whatever the spread."""
    runs: SmcRun
    """Each field with a leading axis of populations."""
    plan: SmcPlan

    @property
    def warnings(self) -> tuple[str, ...]:
        """Signs that log Z is further off than its error says."""
        fewest = int(np.min(np.asarray(self.runs.ancestors)))
        if fewest >= _FEW:
            return ()
        return (
            f"all particles of a population descend from {fewest} of its first ones: modes may "
            "have been lost on the way, so use more particles or moves",
        )


def smc(
    key: PRNGKey, path: Path, kernel: Kernel, particles: int = 512, *, populations: int = 16,
    moves: int = 5, kept: float = 0.7, condition: Condition = None, delta: float = 0.05,
) -> SmcResult:  # fmt: skip
    """log Z and draws of the path's target, by ``populations`` independent populations.

    A pilot chooses temperatures at which the effective share of the particles falls to ``kept``,
    and step sizes (Del Moral, Doucet and Jasra 2006; adaptive temperatures as in Jasra et al.
    2011). Both are then frozen, so that the product over temperatures of the mean weights is an
    unbiased estimate of Z / Z_0 and its logarithm a stochastic lower bound; the error is that of
    the mean over populations, and None where a few of them make up the mean. No upper bound
    exists without exact draws.

    Raises:
        InputError: for fewer than two particles or populations.
        ChainsStuck: if the pilot does not reach the target within 1,000 temperatures.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.energies import GeometricPath, Normal, energy
    >>> from energeia.mcmc import Mala
    >>> narrow = energy(lambda x: 50.0 * jnp.sum(x**2), 2)
    >>> path = GeometricPath(Normal(jnp.zeros(2), jnp.eye(2)), narrow)
    >>> found = smc(jax.random.key(0), path, Mala(0.1), 256)
    >>> bool(abs(found.lower.value - jnp.log(2 * jnp.pi / 100)) < 0.1)
    True
    """
    if particles < 2 or populations < 2:
        raise InputError(
            f"{populations} populations of {particles} particles were asked for: give two or more "
            "of each"
        )
    pilot_key, run_key = jax.random.split(key)
    plan = _plan(pilot_key, path, kernel, particles, moves, kept, condition)
    keys = jax.random.split(run_key, populations)
    runs = _populations(keys, path, kernel, plan, particles, moves, condition)
    base = float(path.log_partition(condition))
    note = f"sequential Monte Carlo, {len(plan.log_steps)} temperatures, {populations} populations"
    logs = np.asarray(runs.log_weight, np.float64)
    return SmcResult(
        lower=bracket_side(logs, base, 1, "lower bound", note),
        certificate=certificate(logs + base, min(populations, 8), delta),
        runs=runs,
        plan=plan,
    )


def _plan(
    key: PRNGKey, path: Path, kernel: Kernel, particles: int, moves: int, kept: float,
    condition: Condition,
) -> SmcPlan:  # fmt: skip
    betas, log_steps, count = _pilot(key, path, kernel, particles, moves, kept, condition)
    used = int(count)
    if used >= _MOST:
        raise ChainsStuck(
            f"{_MOST} temperatures did not reach the target, only beta = {float(betas[-1]):.3g}: "
            "begin from a wider base, which covers the target"
        )
    return SmcPlan(betas[: used + 1], log_steps[:used])


@eqx.filter_jit
def _pilot(
    key: PRNGKey, path: Path, kernel: Kernel, particles: int, moves: int, kept: float,
    condition: Condition,
) -> tuple[Array, Array, Int[Array, ""]]:  # fmt: skip
    start_key, key = jax.random.split(key)
    x = jax.vmap(path.sample, (0, None))(jax.random.split(start_key, particles), condition)
    goal = best_acceptance(kernel)

    def one(carry: tuple) -> tuple:
        x, betas, log_steps, eps, count, key = carry
        key, pick, own = jax.random.split(key, 3)
        here = betas[count]
        there = _next(path, x, here, kept, condition)
        x = _resampled(pick, x, log_ratio(path, here, there, x, condition))[0]

        def attempt(carry: tuple, key: PRNGKey) -> tuple[tuple, None]:
            x, dual = carry
            x, rate = moved(key, path, kernel, x, there, dual.log_step, condition)
            return (x, dual_step(dual, rate, goal)), None

        keys = jax.random.split(own, max(moves, 4))
        (x, dual), _ = jax.lax.scan(attempt, (x, dual_start(eps)), keys)
        betas = betas.at[count + 1].set(there)
        return x, betas, log_steps.at[count].set(dual.average), dual.average, count + 1, key

    def unfinished(carry: tuple) -> Array:
        _, betas, _, _, count, _ = carry
        return (betas[count] < 1.0) & (count < _MOST)

    begin = (x, jnp.zeros(_MOST + 1), jnp.zeros(_MOST), log_step(kernel), jnp.zeros((), int), key)
    _, betas, log_steps, _, count, _ = jax.lax.while_loop(unfinished, one, begin)
    return betas, log_steps, count


def _next(path: Path, x: Array, here: Array, kept: float, condition: Condition) -> Array:
    """The next beta: where the effective share of the particles falls to ``kept``, or 1."""

    def share(beta: Array) -> Array:
        return _effective(log_ratio(path, here, beta, x, condition)) / len(x)

    def halve(_: int, ends: tuple[Array, Array]) -> tuple[Array, Array]:
        low, high = ends
        middle = 0.5 * (low + high)
        enough = share(middle) >= kept
        return jnp.where(enough, middle, low), jnp.where(enough, high, middle)

    one = jnp.ones_like(here)
    low, _ = jax.lax.fori_loop(0, _BISECTIONS, halve, (here, one))
    # At least a rounding further, or a path would never end.
    low = jnp.maximum(low, here * (1 + 1e-6) + 1e-7)
    return jnp.where(share(one) >= kept, one, jnp.minimum(low, one))


@eqx.filter_jit
def _populations(
    keys: PRNGKey, path: Path, kernel: Kernel, plan: SmcPlan, particles: int, moves: int,
    condition: Condition,
) -> SmcRun:  # fmt: skip
    return jax.vmap(lambda key: _run(key, path, kernel, plan, particles, moves, condition))(keys)


def _run(
    key: PRNGKey, path: Path, kernel: Kernel, plan: SmcPlan, particles: int, moves: int,
    condition: Condition,
) -> SmcRun:  # fmt: skip
    start_key, key = jax.random.split(key)
    x = jax.vmap(path.sample, (0, None))(jax.random.split(start_key, particles), condition)

    def one(carry: tuple, step: tuple) -> tuple[tuple, tuple]:
        x, roots, log_weight = carry
        here, there, eps, key = step
        pick, own = jax.random.split(key)
        logs = log_ratio(path, here, there, x, condition)
        x, chosen = _resampled(pick, x, logs)

        def move(x: Array, key: PRNGKey) -> tuple[Array, Array]:
            return moved(key, path, kernel, x, there, eps, condition)

        x, rates = jax.lax.scan(move, x, jax.random.split(own, moves))
        mean = jax.nn.logsumexp(logs) - math.log(particles)
        share = _effective(logs) / particles
        return (x, roots[chosen], log_weight + mean), (share, jnp.mean(rates))

    betas = plan.betas
    steps = (betas[:-1], betas[1:], plan.log_steps, jax.random.split(key, len(plan.log_steps)))
    begin = (x, jnp.arange(particles), jnp.zeros(()))
    (x, roots, log_weight), (ess, rates) = jax.lax.scan(one, begin, steps)
    survivors = jnp.sum(jnp.zeros(particles).at[roots].set(1.0))
    return SmcRun(x, log_weight, ess, rates, survivors)


def _resampled(key: PRNGKey, x: Array, logs: Array) -> tuple[Array, Array]:
    chosen = systematic(key, jax.nn.softmax(logs), len(x))
    return x[chosen], chosen


def _effective(logs: Array) -> Array:
    """(sum w)^2 / sum w^2."""
    return jnp.exp(2 * jax.nn.logsumexp(logs) - jax.nn.logsumexp(2 * logs))
