"""log Z from the replicas of parallel tempering."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.contracts import Energy
from energeia.estimate import Estimate
from energeia.mcmc.tempering import Exchange, ParallelTempering, exchange
from energeia.stats.acceptance_ratio import bennett

_FEWEST_TRIPS = 20


class TemperedPartition(NamedTuple):
    """log Z of a target from draws at all temperatures, in nats."""

    ratios: Estimate
    """By Bennett's acceptance ratio between neighbors; the error by leaving out one chain."""
    integral: Estimate
    """By thermodynamic integration, whose error knows nothing of the quadrature's."""
    exchange: Exchange

    @property
    def warnings(self) -> tuple[str, ...]:
        """Signs that log Z is further off than its error says."""
        found = []
        if self.exchange.trips < _FEWEST_TRIPS:
            found.append(
                f"{self.exchange.trips} configurations came from the hottest temperature to the "
                "target: chains have not seen what others have, so use more levels or draws"
            )
        worst = float(np.max(self.exchange.rejection))
        if worst > 0.9:
            found.append(
                f"{worst:.0%} of the swaps between two temperatures are rejected, so their ratio "
                "rests on few draws: use more levels"
            )
        return tuple(found)


def tempered_log_z(
    key: PRNGKey, kernel: ParallelTempering, target: Energy,
    starts: Float[Array, "chains *shape"], draws: int = 2000, burn: int | None = None,
    *, condition: Float[Array, " c"] | None = None,
) -> TemperedPartition:  # fmt: skip
    """log Z by parallel tempering from a base, whose log Z is zero.

    With u = E - E_0 at draws of all temperatures, log Z is the sum over neighbors of the logarithms
    of their ratios (Bennett 1976; ``stats.bennett``), and minus the integral of <u> over beta, by
    the trapezoidal rule with its correction by Var u (Friel, Hurn and Wyse 2014, arXiv:1209.3198).
    Errors come from the scatter over chains, so use eight or more; they cover what chains have
    seen. The kernel is used as it is: tune it before, as ``sample`` does.

    Raises:
        InputError: for a kernel without a base, or fewer than four chains.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.energies import Normal, energy
    >>> from energeia.mcmc import Mala, ParallelTempering
    >>> target = energy(lambda x: 4.5 * jnp.sum((x - 1.0) ** 2), 2)
    >>> base = Normal(jnp.zeros(2), 2 * jnp.eye(2))
    >>> kernel = ParallelTempering(Mala(0.2), levels=6, base=base)
    >>> found = tempered_log_z(jax.random.key(0), kernel, target, jnp.zeros((8, 2)), 500)
    >>> bool(abs(found.ratios.value - jnp.log(2 * jnp.pi / 9)) < 0.1)
    True
    """
    if kernel.base is None:
        raise InputError(
            "log Z was asked of temperatures without a base, at none of which it is known: give "
            "ParallelTempering a base="
        )
    if len(starts) < 4:
        raise InputError(f"{len(starts)} chains were given, whose scatter is the error: give 4")
    burn = draws // 4 if burn is None else burn
    u, states = _slopes(key, kernel, target, starts, draws, burn, condition)
    u, betas = np.asarray(u, np.float64), np.asarray(kernel.ladder.betas, np.float64)
    n = u.shape[0] * u.shape[1]
    note = f"parallel tempering, {kernel.levels} temperatures, {len(starts)} chains"
    return TemperedPartition(
        ratios=_jackknife(u, betas, _ratios, n, f"Bennett's acceptance ratio, {note}"),
        integral=_jackknife(u, betas, _integral, n, f"thermodynamic integration, {note}"),
        exchange=exchange(kernel, states),
    )


@eqx.filter_jit
def _slopes(
    key: PRNGKey, kernel: ParallelTempering, target: Energy, starts: Array, draws: int, burn: int,
    condition: Array | None,
) -> tuple[Array, Any]:  # fmt: skip
    """u = E - E_0 of all replicas, of shape ``(chains, draws, levels)``."""

    def one(states: Any, key: PRNGKey) -> tuple[Any, Array]:
        keys = jax.random.split(key, len(starts))
        states, _, _ = jax.vmap(kernel.advanced, (0, None, 0, None))(
            keys, target, states, condition
        )
        return states, jax.vmap(lambda s: kernel.slopes(target, s.replicas, condition))(states)

    states = jax.vmap(lambda x: kernel.init(target, x, condition))(starts)
    burn_key, key = jax.random.split(key)
    states, _ = jax.lax.scan(
        lambda s, k: (one(s, k)[0], None), states, jax.random.split(burn_key, burn)
    )
    states, u = jax.lax.scan(one, states, jax.random.split(key, draws))
    return jnp.swapaxes(u, 0, 1), states


def _ratios(u: np.ndarray, betas: np.ndarray) -> float:
    steps = np.diff(betas)
    parts = [bennett(s * u[..., k], s * u[..., k + 1]) for k, s in enumerate(steps)]
    return float(np.sum(parts))


def _integral(u: np.ndarray, betas: np.ndarray) -> float:
    steps = np.diff(betas)
    with np.errstate(invalid="ignore", over="ignore"):
        mean, variance = np.mean(u, axis=(0, 1)), np.var(u, axis=(0, 1))
        trapezoids = 0.5 * steps * (mean[1:] + mean[:-1])
        return -float(np.sum(trapezoids + steps**2 / 12 * np.diff(variance)))


def _jackknife(
    u: np.ndarray, betas: np.ndarray, of: Callable[[np.ndarray, np.ndarray], float], n: int,
    note: str,
) -> Estimate:  # fmt: skip
    """The value of all chains, and its error by leaving out one at a time."""
    value = of(u, betas)
    if not math.isfinite(value):
        return Estimate.none(
            f"{note}: E - E_0 is infinite at some draws of the base, or has no overlap between two "
            "temperatures: use a base that the target covers, or more levels"
        )
    chains = len(u)
    left = np.array([of(np.delete(u, i, axis=0), betas) for i in range(chains)])
    error = math.sqrt((chains - 1) * np.var(left))
    return Estimate(value, error, "estimate", n, note)
