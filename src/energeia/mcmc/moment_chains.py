"""Multipliers of observables from their means, by chains."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Float
from scipy.stats import chi2

from energeia._core.errors import ChainsStuck, InputError
from energeia._core.types import PRNGKey
from energeia.contracts import Kernel
from energeia.energies.observed import ObservableEnergy
from energeia.mcmc.adapt import Tunable
from energeia.mcmc.chain import run_chains
from energeia.mcmc.choice import default_kernel
from energeia.support import Support

_AGREES = 1e-3
"""Probability that means of chains at the right multipliers are called wrong."""
_RANGE = 1.0
"""Longest step, in standard deviations of the change of the energy."""
_PILOT = 200
_DEPENDENT = 1e-8


class MomentChains(NamedTuple):
    """The length of chains that look for multipliers."""

    count: int = 64
    """Chains; their means give the error, so that there are more of them than observables."""
    draws: int = 200
    """Draws of each in a round, after half as many that are dropped."""
    final: int = 2000
    """Draws of each in the last round."""
    rounds: int = 60
    """The most that are tried."""


class _Moments(NamedTuple):
    mean: Float[np.ndarray, " k"]
    covariance: Float[np.ndarray, "k k"]
    noise: Float[np.ndarray, "k k"]
    """Covariance of the mean, from the spread of the means of chains."""


def multipliers_by_chains(
    key: PRNGKey, empty: ObservableEnergy, support: Support,
    initial_rows: Callable[[int, int], np.ndarray], means: Float[np.ndarray, " k"],
    start: Float[np.ndarray, " k"], names: Sequence[str], settings: MomentChains,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:  # fmt: skip
    """Lambda, the covariance C of the observables, and that of their means over chains.

    Newton steps lambda += C^-1 (<O> - o) with moments of chains, which go on from round to round,
    shortened to where the change of the energy varies by one nat. When the means agree with o
    within their errors, by Hotelling's statistic over chains, a longer round gives the last step,
    whose statistical error is C^-1 N C^-1, N being the covariance of the means, and a round from a
    step later tests it. Chains are those of ``default_kernel``.

    Raises:
        InputError: for observables that are constant or linearly dependent, fewer chains than
            observables and two, or means that are not met after all rounds, as those outside of
            what the observables reach.
        ChainsStuck: if chains leave the finite numbers.
    """
    if settings.count < len(means) + 2:
        raise InputError(
            f"{settings.count} chains were given for {len(means)} observables: give at least "
            f"{len(means) + 2}"
        )
    rows = jnp.asarray(initial_rows(0, settings.count), float)
    x = rows.reshape(settings.count, *empty.shape)
    kernel, lam = default_kernel(empty, support), np.asarray(start, np.float64)
    for number in range(settings.rounds):
        own = jax.random.fold_in(key, number)
        x, found = _round(own, kernel, empty, lam, x, settings.draws, names)
        agrees = _agree(found, means, settings.count)
        if agrees:
            x, found = _round(jax.random.fold_in(own, 1), kernel, empty, lam, x,
                              settings.final, names)  # fmt: skip
        lam = lam + _step(found, means)
        if agrees:
            test = jax.random.fold_in(own, 2)
            x, after = _round(test, kernel, empty, lam, x, settings.final, names)
            summed = after._replace(noise=after.noise + found.noise)
            if _agree(summed, means, settings.count):
                return lam, after.covariance, found.noise
    raise InputError(
        f"after {settings.rounds} rounds of chains the means of {', '.join(names)} are "
        f"{np.round(found.mean, 6).tolist()} where {np.round(means, 6).tolist()} were given: give "
        "means inside of what the observables reach, a better start, or longer chains"
    )


def _round(
    key: PRNGKey, kernel: Kernel, empty: ObservableEnergy, lam: np.ndarray, x: jax.Array,
    draws: int, names: Sequence[str],
) -> tuple[jax.Array, _Moments]:  # fmt: skip
    energy = eqx.tree_at(lambda e: e.multipliers, empty, jnp.asarray(lam, float))
    pilot, run = jax.random.split(key)
    if isinstance(kernel, Tunable):
        kernel, x = kernel.tuned(pilot, energy, x, _PILOT, None)
    positions = run_chains(run, kernel, energy, x, draws, burn=draws // 2).positions
    values = np.asarray(_observed(energy, positions), np.float64)
    if not np.all(np.isfinite(values)):
        raise ChainsStuck(
            "chains of observables left the finite numbers: give bounds, observables that are "
            "finite everywhere, or a start with which exp(-E) is normalizable"
        )
    return positions[:, -1], _moments(values, names)


@eqx.filter_jit
def _observed(energy: ObservableEnergy, positions: jax.Array) -> jax.Array:
    return jax.vmap(jax.vmap(energy.observe))(positions)


def _moments(values: np.ndarray, names: Sequence[str]) -> _Moments:
    """Moments of values of shape ``(chains, draws, k)``."""
    flat = values.reshape(-1, values.shape[-1])
    covariance = np.atleast_2d(np.cov(flat, rowvar=False))
    spread = np.sqrt(np.diag(covariance))
    for name, size, mean in zip(names, spread, flat.mean(axis=0), strict=True):
        if size <= 1e-6 * abs(mean) or size == 0:
            raise InputError(
                f"{name} has the value {mean:.6g} in all chains, so that its multiplier means "
                "nothing, or its mean is at the end of what it reaches: drop it"
            )
    correlation = covariance / spread / spread[:, None]
    if np.linalg.eigvalsh(correlation)[0] < _DEPENDENT:
        raise InputError(
            f"{', '.join(names)} are linearly dependent in all chains, so that their multipliers "
            "are not determined: drop one of them"
        )
    of_chains = values.mean(axis=1)
    noise = np.atleast_2d(np.cov(of_chains, rowvar=False)) / len(of_chains)
    return _Moments(flat.mean(axis=0), covariance, noise)


def _agree(found: _Moments, means: np.ndarray, chains: int) -> bool:
    """Whether the means of chains are the given ones, as far as their errors tell."""
    off = found.mean - means
    distance = float(off @ np.linalg.solve(found.noise, off))
    k = len(means)
    # Hotelling's statistic with the covariance of few chains is larger than chi square.
    return bool(distance * (chains - k) / (chains - 1) < chi2.isf(_AGREES, k))


def _step(found: _Moments, means: np.ndarray) -> np.ndarray:
    """A Newton step, shortened where it changes the energy by more than a nat."""
    step = np.linalg.solve(found.covariance, found.mean - means)
    change = float(np.sqrt(step @ found.covariance @ step))
    return step * min(1.0, _RANGE / max(change, 1e-300))
