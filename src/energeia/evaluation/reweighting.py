"""Exact weights of a normalized model against an energy: log Z, ESS, means."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.batching import map_rows, split_keys
from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.contracts import Condition, Density, Energy, Observable
from energeia.estimate import Estimate
from energeia.evaluation.independence import IndependenceChain, independence_chain
from energeia.stats.weights import log_mean_exp


class Reweighted(NamedTuple):
    """Draws of a model with their log-weights against an energy, log w = -E(x) - log q(x)."""

    x: Float[np.ndarray, "n *shape"]
    log_weights: Float[np.ndarray, " n"]
    """float64, in nats."""
    log_partition: Estimate
    """log Z = log of the mean weight; below log Z on average, the less the larger the ESS."""
    ess: float
    """(sum w)^2 / sum w^2; blind to modes that the model never draws."""

    @property
    def largest_share(self) -> float:
        """That of the largest weight in the sum of all."""
        return float(np.exp(np.max(self.log_weights) - np.logaddexp.reduce(self.log_weights)))

    def chain(self, seed: int = 0) -> IndependenceChain:
        """The draws as proposals of a Metropolis chain, see ``independence_chain``."""
        return independence_chain(self.x, self.log_weights, seed)

    def mean(self, observable: Observable | Callable[[Array], Any], note: str = "") -> Estimate:
        """The mean of a quantity of one configuration under exp(-E) / Z.

        The self-normalized sum_i w_i f(x_i) / sum_i w_i with the error of the delta method,
        sqrt(sum_i w_i^2 (f(x_i) - mean)^2) / sum_i w_i; its bias is smaller by sqrt(ESS).

        Raises:
            InputError: if the quantity is not one number.
        """
        function = observable.value if isinstance(observable, Observable) else observable
        values = np.asarray(map_rows(_each, self.x, carry=function), np.float64)
        if values.ndim != 1:
            raise InputError(
                f"an observable of shape {values.shape[1:]} was averaged where one number a "
                "configuration is wanted: average one component at a time"
            )
        shares = np.exp(self.log_weights - np.max(self.log_weights))
        shares /= np.sum(shares)
        # A weight of zero counts for nothing, whatever the observable is there.
        values = np.where(shares > 0, values, 0.0)
        center = float(np.sum(shares * values))
        error = float(np.sqrt(np.sum(shares**2 * (values - center) ** 2)))
        return Estimate(center, error, "estimate", len(values), note)


def reweight(
    key: PRNGKey, model: Density, energy: Energy, n: int = 4096, condition: Condition = None
) -> Reweighted:
    """Draw ``n`` configurations of a normalized model and weigh them against an energy.

    Each weight w = exp(-E(x)) / q(x) has mean Z exactly, so log Z, the effective number of draws
    and the means under exp(-E) / Z follow without chains (for flows: Noe et al. 2019, "Boltzmann
    generators"; Nicoli et al. 2020, arXiv:1910.13496).

    Raises:
        InputError: if the shapes differ, ``n`` is below 2, the model has no log-probability, or a
            weight is not a number.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.energies import Normal, Tempered
    >>> q = Normal(jnp.zeros(1), jnp.eye(1))
    >>> found = reweight(jax.random.key(0), q, Tempered(q, jnp.asarray(1.0)), 100)
    >>> round(found.log_partition.value, 5), round(found.ess, 2)
    (0.0, 100.0)
    """
    if not isinstance(model, Density):
        raise InputError(
            f"a {type(model).__name__} was given where a normalized model is wanted, since weights "
            "need log q(x): give a Density such as a Flow"
        )
    if tuple(model.shape) != tuple(energy.shape):
        raise InputError(
            f"a model of shape {tuple(model.shape)} was weighed against an energy of shape "
            f"{tuple(energy.shape)}: give both the same"
        )
    if n < 2:
        raise InputError(f"{n} draws were asked for: ask for at least 2")
    keys = np.asarray(jax.random.key_data(split_keys(key, n)))
    x, minus_log_q, e = map_rows(_weighed, keys, carry=(model, energy, condition))
    # Each is large where their difference is small, so the difference is taken in float64.
    log_weights = np.asarray(minus_log_q, np.float64) - np.asarray(e, np.float64)
    bad = int(np.sum(np.isnan(log_weights) | np.isposinf(log_weights)))
    if bad or not np.any(np.isfinite(log_weights)):
        what = f"{bad} of {n} weights are not numbers" if bad else "no draw has a finite energy"
        raise InputError(f"{what}: look at the energy at draws of the model")
    found = log_mean_exp(log_weights)
    ess = float(found.ess)
    note = f"{n} draws of the model, of which {ess / n:.0%} count"
    log_z = Estimate(float(found.value), float(found.stderr), "estimate", n, note)
    return Reweighted(np.asarray(x), log_weights, log_z, ess)


def _weighed(carry: Any, keys: Array) -> tuple[Array, Array, Array]:
    model, energy, condition = carry

    def one(key: PRNGKey) -> tuple[Array, Array, Array]:
        x, log_q = model.sample_and_log_prob(key, condition if model.condition_shape else None)
        return x, -log_q, energy.energy(x, condition if energy.condition_shape else None)

    return jax.vmap(one)(jax.random.wrap_key_data(jnp.asarray(keys)))


def _each(function: Any, x: Array) -> Array:
    return jax.vmap(function)(jnp.asarray(x))
