"""Annealed importance sampling, forward and reverse, and the bracket of log Z that it gives.

A forward run draws x from the base and follows the path to the target; with
log w = sum_k E_k(x_k) - E_{k+1}(x_k), the mean of w is Z / Z_0 exactly, so log mean w is a
stochastic *lower* bound on log(Z / Z_0) (Neal 2001; Jensen). A reverse run starts from the
target; its weights have mean Z_0 / Z, so it bounds from *above*, but only if its starts are exact
draws of the target. From anything else it is an estimate: where the starts miss a mode, forward and
reverse AIS can agree on a wrong log Z.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.contracts import Condition, Kernel, condition_for
from energeia.energies.algebra import GeometricPath, Path
from energeia.mcmc.adapt import (
    DualAverage,
    best_acceptance,
    dual_start,
    dual_step,
    log_step,
    with_step,
)
from energeia.mcmc.bracket import (
    AnnealedRun,
    Bracket,
    bracket_side,
    certificate,
    energy_drift,
)
from energeia.stats.weights import CompensatedSum


def schedule(temperatures: int, power: float = 1.0) -> np.ndarray:
    """``temperatures + 1`` values of beta from 0 to 1; ``power`` above 1 concentrates them near 0.

    >>> schedule(4)
    array([0.  , 0.25, 0.5 , 0.75, 1.  ])
    """
    return np.linspace(0.0, 1.0, temperatures + 1) ** power


def sigmoid_schedule(temperatures: int, slope: float = 4.0) -> np.ndarray:
    """``temperatures + 1`` values of beta from 0 to 1, close to each other near both ends.

    sigma(slope (2 t / T - 1)), moved and scaled to reach from 0 to 1 (Grosse, Ghahramani and Adams
    2015, arXiv:1511.02543): a posterior changes most as the data begin to count.

    >>> sigmoid_schedule(4).round(3)
    array([0.   , 0.105, 0.5  , 0.895, 1.   ])
    """
    waves = np.tanh(0.5 * slope * np.linspace(-1.0, 1.0, temperatures + 1))
    return 0.5 * (1.0 + waves / waves[-1])


@eqx.filter_jit
def forward(
    key: PRNGKey, path: Path, kernel: Kernel, betas: Float[Array, " k"], log_steps: Array,
    chains: int, condition: Condition = None,
) -> AnnealedRun:  # fmt: skip
    """From the base to the target, one kernel step at each temperature after the first.

    The kernel's state is initialized at each temperature, so no cached energy is stale.
    ``log_steps`` has one step size for each temperature after the first.
    """
    start_key, anneal_key = jax.random.split(key)
    x = jax.vmap(path.sample, (0, None))(jax.random.split(start_key, chains), condition)
    return _anneal(
        anneal_key, path, kernel, x, betas[:-1], betas[1:], betas[1:], log_steps, condition
    )


@eqx.filter_jit
def reverse(
    key: PRNGKey, path: Path, kernel: Kernel, betas: Float[Array, " k"], log_steps: Array,
    starts: Float[Array, "chains d"], condition: Condition = None,
) -> AnnealedRun:  # fmt: skip
    """From draws of the target back to the base, along the same temperatures and step sizes."""
    down = betas[::-1]
    return _anneal(
        key, path, kernel, starts, down[:-1], down[1:], down[:-1], log_steps[::-1], condition,
        moves_first=True,
    )  # fmt: skip


def _anneal(
    key: PRNGKey, path: Path, kernel: Kernel, x: Array, now: Array, then: Array, moving: Array,
    log_steps: Array, condition: Condition, moves_first: bool = False,
) -> AnnealedRun:  # fmt: skip
    def one(carry: tuple[Array, CompensatedSum], step: tuple) -> tuple[tuple, Array]:
        x, log_weight = carry
        here, there, at, eps, own = step
        if moves_first:
            x, rate = moved(own, path, kernel, x, at, eps, condition)
        log_weight = log_weight.add(log_ratio(path, here, there, x, condition))
        if not moves_first:
            x, rate = moved(own, path, kernel, x, at, eps, condition)
        return (x, log_weight), rate

    keys = jax.random.split(key, len(now))
    begin = (x, CompensatedSum.zeros((len(x),)))
    (x, log_weight), rates = jax.lax.scan(one, begin, (now, then, moving, log_steps, keys))
    return AnnealedRun(x, log_weight.total, rates)


def _energies(path: Path, beta: Array, x: Array, condition: Condition) -> Array:
    return jax.vmap(path.at(beta).energy, in_axes=(0, None))(x, condition)


def log_ratio(path: Path, here: Array, there: Array, x: Array, condition: Condition) -> Array:
    """E_here - E_there; -inf where a chain starts beyond a hard wall of the target."""
    if isinstance(path, GeometricPath):
        # A difference of small multiples: that of two large energies loses their last digits.
        given = condition_for(path.base, condition)
        start = jax.vmap(path.base.energy, in_axes=(0, None))(x, given)
        end = jax.vmap(path.target.energy, in_axes=(0, None))(x, condition)
        return (there - here) * (start - end)
    before, after = (_energies(path, beta, x, condition) for beta in (here, there))
    # Outside the target's support the weight is zero and stays zero: inf - inf would be NaN.
    return jnp.where(jnp.isposinf(after), -jnp.inf, before - after)


def moved(
    key: PRNGKey, path: Path, kernel: Kernel, x: Array, beta: Array, eps: Array,
    condition: Condition,
) -> tuple[Array, Array]:  # fmt: skip
    """Every chain after one step at beta, and the mean acceptance."""
    target, kernel = path.at(beta), with_step(kernel, eps)

    def one(key: PRNGKey, x: Array) -> tuple[Array, Array]:
        state, info = kernel.step(key, target, kernel.init(target, x, condition), condition)
        return state.position, info.acceptance

    x, rates = jax.vmap(one)(jax.random.split(key, len(x)), x)
    return x, jnp.mean(rates)


@eqx.filter_jit
def pilot(
    key: PRNGKey, path: Path, kernel: Kernel, betas: Float[Array, " k"], chains: int = 64,
    tries: int = 5, condition: Condition = None,
) -> Float[Array, " temperatures"]:  # fmt: skip
    """log step sizes for each temperature after the first, by dual averaging over ``tries`` moves.

    It uses chains of its own, since the weights of chains that adapt are biased.
    """
    start_key, anneal_key = jax.random.split(key)
    x = jax.vmap(path.sample, (0, None))(jax.random.split(start_key, chains), condition)
    goal = best_acceptance(kernel)

    def one(carry: tuple[Array, Array], step: tuple) -> tuple[tuple[Array, Array], Array]:
        x, eps = carry
        beta, own = step

        def attempt(carry: tuple[Array, DualAverage], key: PRNGKey) -> tuple[tuple, None]:
            x, dual = carry
            x, rate = moved(key, path, kernel, x, beta, dual.log_step, condition)
            return (x, dual_step(dual, rate, goal)), None

        # Unrolled, the moves would take four times as long to compile.
        keys = jax.random.split(own, tries)
        (x, dual), _ = jax.lax.scan(attempt, (x, dual_start(eps)), keys)
        return (x, dual.average), dual.average

    keys = jax.random.split(anneal_key, len(betas) - 1)
    _, log_steps = jax.lax.scan(one, (x, log_step(kernel)), (betas[1:], keys))
    return log_steps


def log_partition(
    key: PRNGKey, path: Path, kernel: Kernel, chains: int = 256, temperatures: int = 1000,
    condition: Condition = None, exact: Float[Array, "chains d"] | None = None,
    runs: int = 8, delta: float = 0.05, equilibration: int = 200,
) -> Bracket:  # fmt: skip
    """log Z of the path's target, from below and from above.

    A pilot run finds the step sizes, which are fixed in the weighted runs. ``exact`` are
    independent exact draws of the target (enumeration, perfect sampling); without them the reverse
    runs start from final positions of the forward runs, resampled by weight and equilibrated for
    ``equilibration`` steps, and give an estimate. Standard errors are those of the mean weight and
    cannot account for rare large weights that were not drawn; they are None where the effective
    sample size of the weights is below 10. ``bracket_warnings`` lists the signs of a wrong bracket.

    The certificate uses ``runs`` groups of chains: log Z >= min over groups of log mean w minus
    ln(1/delta) / runs, with probability 1 - delta (Markov's inequality).

    Raises:
        InputError: for fewer than two chains a run.
    """
    if chains < 2 * runs:
        raise InputError(f"{chains} chains in {runs} runs: use at least {2 * runs} chains")
    pilot_key, up_key, equilibration_key, down_key = jax.random.split(key, 4)
    betas = jnp.asarray(schedule(temperatures), float)
    log_steps = _pilot_steps(pilot_key, path, kernel, temperatures, condition)
    ups = forward(up_key, path, kernel, betas, log_steps, chains, condition)
    note = f"reverse AIS from exact draws, {temperatures} temperatures"
    starts, drift = exact, 0.0
    if starts is None:
        starts, energies = _equilibrated(
            equilibration_key, path, kernel, ups, log_steps[-1], equilibration, condition
        )
        drift = energy_drift(*energies)
        note = f"reverse AIS from chains, not exact draws, {temperatures} temperatures"
    downs = reverse(down_key, path, kernel, betas, log_steps, starts, condition)
    base = float(_log_base(path, condition))
    return Bracket(
        lower=bracket_side(
            ups.log_weights, base, 1, "lower bound", f"forward AIS, {temperatures} temperatures"
        ),
        upper=bracket_side(
            downs.log_weights, base, -1, "estimate" if exact is None else "upper bound", note
        ),
        certificate=certificate(np.asarray(ups.log_weights, np.float64) + base, runs, delta),
        forward=ups,
        reverse=downs,
        drift=drift,
    )


@eqx.filter_jit
def _log_base(path: Path, condition: Condition) -> Array:
    return path.log_partition(condition)


def _pilot_steps(
    key: PRNGKey, path: Path, kernel: Kernel, temperatures: int, condition: Condition
) -> Array:
    """Tune on a coarser schedule and interpolate to the finer one."""
    coarse = min(temperatures, 50)
    if best_acceptance(kernel) == 1.0:
        return jnp.zeros(temperatures)
    betas = schedule(coarse)
    found = pilot(key, path, kernel, jnp.asarray(betas, float), condition=condition)
    return jnp.interp(jnp.asarray(schedule(temperatures)[1:]), jnp.asarray(betas[1:]), found)


@eqx.filter_jit
def _equilibrated(
    key: PRNGKey, path: Path, kernel: Kernel, run: AnnealedRun, eps: Array, steps: int,
    condition: Condition,
) -> tuple[Array, tuple[Array, Array]]:  # fmt: skip
    """Where the forward runs end after more steps, with their energies before and after."""
    pick, equilibrate_key = jax.random.split(key)
    chosen = jax.random.categorical(pick, run.log_weights, shape=run.log_weights.shape)

    def one(x: Array, key: PRNGKey) -> tuple[Array, None]:
        return moved(key, path, kernel, x, jnp.ones(()), eps, condition)[0], None

    begin = run.positions[chosen]
    end = jax.lax.scan(one, begin, jax.random.split(equilibrate_key, steps))[0]
    cold = jnp.ones(())
    return end, (_energies(path, cold, begin, condition), _energies(path, cold, end, condition))
