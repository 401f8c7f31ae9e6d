"""How biased unadjusted chains are, measured against adjusted ones on the same target."""

import equinox as eqx
import jax
import numpy as np
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey
from energeia.contracts import Energy
from energeia.estimate import Estimate
from energeia.mcmc.adapt import tune
from energeia.mcmc.chain import Chains, run_chains
from energeia.mcmc.mala import Mala
from energeia.stats.autocorrelation import mean_error

_PILOT = 200


def energy_bias(
    key: PRNGKey, target: Energy, unadjusted: Chains, step_size: float,
    condition: Float[Array, "chains c"] | None = None,
) -> Estimate:  # fmt: skip
    """Mean energy of unadjusted chains less that of MALA on the same target, in nats.

    MALA goes on where the unadjusted chains end, tunes its step in a pilot that is thrown away,
    and is run for as many draws. R-hat cannot show this bias, since all chains share it. MALA that
    mixes slowly has not yet left where it began, so a bias may be larger than is found here.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.energies.analytic import Normal
    >>> from energeia.mcmc.langevin import Langevin
    >>> target = Normal(jnp.zeros(2), jnp.eye(2))
    >>> starts = jax.random.normal(jax.random.key(1), (64, 2))
    >>> rough = run_chains(jax.random.key(2), Langevin(1.0), target, starts, 400)
    >>> found = energy_bias(jax.random.key(3), target, rough, 1.0)
    >>> abs(found.value - 1 / 3) < 4 * found.stderr  # variance 1 / (1 - eps / 4)
    True
    """
    tune_key, run_key = jax.random.split(key)
    ends, draws = unadjusted.positions[:, -1], unadjusted.positions.shape[1]
    kernel, starts = tune(tune_key, Mala(step_size), target, ends, _PILOT, condition)
    adjusted = run_chains(run_key, kernel, target, starts, draws, 1, 0, condition)
    first, second = (
        np.asarray(_energies(target, c.positions, condition), np.float64)
        for c in (unadjusted, adjusted)
    )
    error = float(np.hypot(mean_error(first), mean_error(second)))
    note = f"MALA's own acceptance {float(np.mean(np.asarray(adjusted.acceptance))):.2f}"
    return Estimate(float(first.mean() - second.mean()), error, "estimate", first.size, note)


@eqx.filter_jit
def _energies(target: Energy, x: Array, condition: Array | None) -> Float[Array, "chains draws"]:
    return jax.vmap(lambda rows, c: jax.vmap(lambda row: target.energy(row, c))(rows))(x, condition)
