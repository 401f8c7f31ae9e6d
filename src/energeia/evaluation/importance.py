"""log Z of an energy by importance sampling from a generator with a density."""

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.batching import map_rows, split_keys
from energeia._core.types import PRNGKey
from energeia.contracts import Density
from energeia.estimate import Estimate
from energeia.models.game import GameModel
from energeia.stats.weights import FEWEST_WEIGHTS, log_mean_exp, reliable_error

DRAWS = 20_000


def importance_log_partition(model: GameModel, key: PRNGKey, draws: int = DRAWS) -> Estimate | None:
    """log E_G[exp(-E) / G], a lower bound of log Z on average, with its delta-method error.

    None where the generator has no density, or columns are discrete or conditioned, so that E and G
    have different variables. Modes that the generator lost are not sampled, and the effective
    sample size in the note cannot show that.

    >>> import jax, jax.numpy as jnp
    >>> from energeia._core.trees import Frozen
    >>> from energeia.bijections.elementwise import Affine
    >>> from energeia.bijections.units import Units
    >>> from energeia.distributions.gaussian import StandardNormal
    >>> from energeia.energies.confined import ConfinedEnergy
    >>> from energeia.models.flow import Flow
    >>> from energeia.support import Real, Support
    >>> units = Units(Support(((Real(), 1),)), Frozen(jnp.zeros(1)), Frozen(jnp.ones(1)))
    >>> flow = Flow(StandardNormal((1,)), Affine(jnp.zeros(1), jnp.zeros(1)))
    >>> energy = ConfinedEnergy(lambda v: jnp.zeros(1), (1,), stiffness=1.0)
    >>> found = importance_log_partition(GameModel(energy, flow, units), jax.random.key(0), 100)
    >>> round(found.value, 4)  # log sqrt(2 pi)
    0.9189
    """
    generator = model.generator
    whole = model.units.support.all_continuous and model.condition_shape is None
    if not (whole and isinstance(generator, Density)):
        return None
    keys = jax.random.key_data(split_keys(key, draws))
    weights = map_rows(_log_weights, np.asarray(keys), carry=model)
    found = log_mean_exp(np.asarray(weights, np.float64))
    share = float(found.ess) / draws
    note = f"log Z by {draws} rows of the generator, effective sample size {share:.0%}"
    error = reliable_error(found)
    if error is None:
        note += f", below {FEWEST_WEIGHTS:g} rows: no error is known"
    return Estimate(float(found.value), error, "lower bound", draws, note)


def _log_weights(model: GameModel, keys: Array) -> Float[Array, " rows"]:
    generator = model.generator
    assert isinstance(generator, Density)
    v = jax.vmap(generator.sample)(jax.random.wrap_key_data(jnp.asarray(keys)))
    return -jax.vmap(model.inner.energy)(v) - jax.vmap(generator.log_prob)(v)
