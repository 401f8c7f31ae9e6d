"""log Z of an energy by importance sampling from a density."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.batching import map_rows, split_keys
from energeia._core.types import PRNGKey
from energeia.contracts import Condition, Density, Energy
from energeia.estimate import Estimate
from energeia.stats.weights import FEWEST_WEIGHTS, log_mean_exp, reliable_error

DRAWS = 20_000


def importance_log_partition(
    energy: Energy, density: Density, key: PRNGKey, condition: Condition = None, draws: int = DRAWS
) -> Estimate:
    """log E_q[exp(-E) / q], a lower bound of log Z on average, with its delta-method error.

    ``density`` is q, on the coordinates of ``energy``. Modes that it lost are not sampled, and the
    effective sample size in the note cannot show that.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.distributions import StandardNormal
    >>> from energeia.energies import energy
    >>> well = energy(lambda v: 0.5 * jnp.sum(v**2), 1)
    >>> found = importance_log_partition(well, StandardNormal((1,)), jax.random.key(0), draws=100)
    >>> round(found.value, 4)  # log sqrt(2 pi)
    0.9189
    """
    keys = jax.random.key_data(split_keys(key, draws))
    carry = (energy, density, condition)
    found = log_mean_exp(
        np.asarray(map_rows(_log_weights, np.asarray(keys), carry=carry), np.float64)
    )
    share = float(found.ess) / draws
    note = f"log Z by {draws} rows of the generator, effective sample size {share:.0%}"
    error = reliable_error(found)
    if error is None:
        note += f", below {FEWEST_WEIGHTS:g} rows: no error is known"
    return Estimate(float(found.value), error, "lower bound", draws, note)


def _log_weights(carry: tuple[Energy, Density, Condition], keys: Array) -> Float[Array, " rows"]:
    energy, density, condition = carry

    def one(key: PRNGKey) -> Array:
        v, log_q = density.sample_and_log_prob(key, condition)
        return -energy.energy(v, condition) - log_q

    return jax.vmap(one)(jax.random.wrap_key_data(jnp.asarray(keys)))
