"""How well the chains of an energy model mix, once they have been annealed to its target."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia.contracts import Energy, Kernel
from energeia.mcmc.adapt import tune
from energeia.models.boltzmann import BoltzmannModel
from energeia.records import ChainSummary
from energeia.stats.autocorrelation import effective_sample_size, integrated_time, r_hat

_PILOT = 100


def chain_report(
    model: BoltzmannModel, key: Array, chains: int = 32, steps: int = 400
) -> ChainSummary | None:
    """Acceptance, R-hat, effective sample size and autocorrelation time of chains at the target.

    Each chain starts where an annealed walk ends and goes on with one frozen kernel, tuned in a
    pilot that is thrown away. Of the energy and all columns the worst is told: the largest R-hat
    and tau, the least ESS. Columns that never move tell nothing and are left out. None where every
    chain stands still or meets a number that is not finite, and for a model with conditions, whose
    chains have a target each.

    Chains that agree may all miss the same mode: see coverage and the bracket of log Z.
    """
    if model.condition_shape is not None:
        return None
    walk_key, tune_key, run_key = jax.random.split(key, 3)
    starts = _walk(model, jax.random.split(walk_key, chains))
    kernel, starts = tune(tune_key, model.kernel, model.inner, starts, _PILOT)
    series, acceptance = _run(kernel, model.inner, starts, jax.random.split(run_key, steps))
    series = np.moveaxis(np.asarray(series, dtype=np.float64), 0, 1)
    series = series[:, :, ~(np.ptp(series, axis=(0, 1)) == 0)]
    if series.shape[2] == 0:
        return None
    worst, least = float(np.max(r_hat(series))), float(np.min(effective_sample_size(series)))
    if not (np.isfinite(worst) and np.isfinite(least)):
        return None
    tau = float(np.max(integrated_time(series).tau))
    return ChainSummary(
        kernel=type(model.kernel).__name__,
        acceptance=float(np.mean(acceptance)),
        r_hat=worst,
        ess=least,
        autocorrelation_time=tau if np.isfinite(tau) else None,
        steps=steps,
        chains=chains,
    )


@eqx.filter_jit
def _walk(model: BoltzmannModel, keys: Array) -> Array:
    return jax.vmap(lambda key: model.walk(key)[0])(keys)


@eqx.filter_jit
def _run(
    kernel: Kernel, target: Energy, starts: Float[Array, "chains d"], keys: Array
) -> tuple[Float[Array, "steps chains told"], Float[Array, " steps"]]:
    def move(key: Array, x: Array) -> tuple[Array, Array, Array]:
        state, info = kernel.step(key, target, kernel.init(target, x))
        series = jnp.append(state.position, target.energy(state.position))
        return state.position, series, info.acceptance

    def step(x: Array, key: Array) -> tuple[Array, tuple[Array, Array]]:
        x, series, rates = jax.vmap(move)(jax.random.split(key, len(x)), x)
        return x, (series, jnp.mean(rates))

    return jax.lax.scan(step, starts, keys)[1]
