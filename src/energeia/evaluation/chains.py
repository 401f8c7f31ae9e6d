"""How well the chains of an energy model mix, once they have been annealed to its target."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia.contracts import Energy, Kernel
from energeia.mcmc.adapt import tune
from energeia.models.capabilities import ChainDiagnostics
from energeia.records import ChainSummary
from energeia.stats.convergence import mixing, standing_still

_PILOT = 100


def chain_report(
    model: ChainDiagnostics, key: Array, chains: int = 32, steps: int = 400
) -> ChainSummary | None:
    """Acceptance, R-hat, effective sample size and autocorrelation time of chains at the target.

    Each chain starts at the end of an annealed chain and continues with one fixed kernel, tuned in
    a pilot run that is discarded. Of the energy, all columns and their squares the worst is
    reported (``stats.convergence``), with the least acceptance of a chain and how many chains
    never moved. None where no chain moves or one meets a value that is not finite, and for a
    model with conditions, whose chains have a target each.

    Chains that agree may all miss the same mode: see coverage and the bracket of log Z.
    """
    if model.inner.condition_shape is not None:
        return None
    start_key, tune_key, run_key = jax.random.split(key, 3)
    starts = _annealed_starts(model, jax.random.split(start_key, chains))
    kernel, starts = tune(tune_key, model.kernel, model.inner, starts, _PILOT)
    series, acceptance = _run(kernel, model.inner, starts, jax.random.split(run_key, steps))
    series = np.moveaxis(np.asarray(series, dtype=np.float64), 0, 1)
    found, rates = mixing(series), np.mean(np.asarray(acceptance, dtype=np.float64), axis=0)
    if not (np.isfinite(found.r_hat) and np.isfinite(found.ess)):
        return None
    return ChainSummary(
        kernel=type(model.kernel).__name__,
        acceptance=float(np.mean(rates)),
        r_hat=found.r_hat,
        ess=found.ess,
        autocorrelation_time=found.time if np.isfinite(found.time) else None,
        steps=steps,
        chains=chains,
        least_acceptance=float(np.min(rates)),
        still_chains=standing_still(series),
    )


@eqx.filter_jit
def _annealed_starts(model: ChainDiagnostics, keys: Array) -> Array:
    return jax.vmap(model.annealed_draw)(keys)


@eqx.filter_jit
def _run(
    kernel: Kernel, target: Energy, starts: Float[Array, "chains d"], keys: Array
) -> tuple[Float[Array, "steps chains series"], Float[Array, "steps chains"]]:
    def move(key: Array, x: Array) -> tuple[Array, Array, Array]:
        state, info = kernel.step(key, target, kernel.init(target, x))
        series = jnp.append(state.position, target.energy(state.position))
        return state.position, series, info.acceptance

    def step(x: Array, key: Array) -> tuple[Array, tuple[Array, Array]]:
        x, series, rates = jax.vmap(move)(jax.random.split(key, len(x)), x)
        return x, (series, rates)

    return jax.lax.scan(step, starts, keys)[1]
