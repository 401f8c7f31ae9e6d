"""Many chains in one compiled scan, with convergence diagnostics."""

from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.errors import ChainsStuck
from energeia._core.types import PRNGKey
from energeia.contracts import Energy, Kernel
from energeia.stats.convergence import mixing, standing_still


class Chains(NamedTuple):
    """The results of chains: kept positions, acceptance rates, final states."""

    positions: Float[Array, "chains draws *shape"]
    acceptance: Float[Array, " chains"]
    states: Any


class Diagnosis(NamedTuple):
    """The worst column of each diagnostic; agreement of chains is not correctness."""

    acceptance: float
    """The mean over chains."""
    r_hat: float
    """Rank-normalized and split; above 1.01 the chains disagree."""
    ess: float
    """N / (2 tau) of the worst column or square, of N = chains times draws."""
    time: float
    """Integrated autocorrelation time tau = 1/2 + sum of rho of the same, in kept draws; NaN where
    it is more than a fifth of a chain."""
    least_acceptance: float
    """The least over chains."""
    still_chains: int
    """How many chains never left their first kept draw."""


@eqx.filter_jit
def run_chains(
    key: PRNGKey, kernel: Kernel, target: Energy, starts: Float[Array, "chains *shape"],
    draws: int, thin: int = 1, burn: int = 0, condition: Float[Array, "chains c"] | None = None,
) -> Chains:  # fmt: skip
    """Run every chain ``burn + draws * thin`` steps and keep every ``thin``-th after the burn-in.

    Only kept positions are stored. To continue, start from the last positions: states cache
    energies that are invalid once the target changes.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.energies.analytic import Normal
    >>> from energeia.mcmc.mala import Mala
    >>> target = Normal(jnp.zeros(2), jnp.eye(2))
    >>> found = run_chains(jax.random.key(0), Mala(1.0), target, jnp.zeros((4, 2)), 10, thin=2)
    >>> found.positions.shape
    (4, 10, 2)
    """

    count = starts.shape[0]

    def step(states: Any, key: PRNGKey) -> tuple[Any, Array]:
        def one(key: PRNGKey, state: Any, condition: Array | None) -> tuple[Any, Array]:
            state, info = kernel.step(key, target, state, condition)
            return state, info.acceptance

        return jax.vmap(one)(jax.random.split(key, count), states, condition)

    def kept(states: Any, key: PRNGKey) -> tuple[Any, tuple[Array, Array]]:
        if thin == 1:
            states, rate = step(states, key)
        else:
            states, rates = jax.lax.scan(step, states, jax.random.split(key, thin))
            rate = jnp.mean(rates, axis=0)
        return states, (states.position, rate)

    burn_key, draw_key = jax.random.split(key)
    states = jax.vmap(lambda x, c: kernel.init(target, x, c))(starts, condition)
    if burn:
        states, _ = jax.lax.scan(step, states, jax.random.split(burn_key, burn))
    keys = jax.random.split(draw_key, draws)
    states, (positions, rates) = jax.lax.scan(kept, states, keys)
    return Chains(jnp.swapaxes(positions, 0, 1), jnp.mean(rates, axis=0), states)


def diagnose(chains: Chains) -> Diagnosis:
    """How far chains can be trusted, by their worst column: see ``stats.convergence.mixing``.

    A column that never moves in any chain counts for nothing; a chain that never moves is counted.

    Raises:
        InputError: for fewer than 4 draws.
    """
    rates = np.asarray(chains.acceptance, dtype=np.float64)
    found = mixing(np.asarray(chains.positions))
    return Diagnosis(
        acceptance=float(np.mean(rates)),
        r_hat=found.r_hat,
        ess=found.ess,
        time=found.time,
        least_acceptance=float(np.min(rates)),
        still_chains=standing_still(np.asarray(chains.positions)),
    )


def require_moving(
    chains: Chains, target: Energy, starts: Float[Array, "chains *shape"],
    condition: Float[Array, "chains c"] | None = None,
) -> None:  # fmt: skip
    """Raise if no chain ever moved, or if some diverged.

    A step size far too large and a gradient that is NaN have the same symptom, every proposal
    rejected, so the message gives the norm of the gradient at the starts.

    Raises:
        ChainsStuck: with the median norm of the gradient.
    """
    x, first = np.asarray(chains.positions), np.asarray(starts)
    if np.all(np.isfinite(x)) and not np.array_equal(x, np.broadcast_to(first[:, None], x.shape)):
        return
    forces = np.asarray(jax.vmap(target.force)(starts, condition), np.float64)
    norms = np.linalg.norm(forces.reshape(len(forces), -1), axis=1)
    bad = int(np.sum(~np.isfinite(norms)))
    reason = f"the gradient of the energy where they start has norm {np.median(norms):.3g}"
    repair = "give a smaller step size"
    if bad:
        reason = f"the gradient of the energy is not finite where {bad} of them start"
        repair = "check the energy there, since no step size helps"
    lost = int(np.sum(~np.isfinite(x).reshape(len(x), -1).all(axis=1)))
    what = f"{lost} of {len(x)} chains diverged to values that are not finite"
    if not lost:
        what = f"none of {len(x)} chains ever accepted a step"
    raise ChainsStuck(f"{what}, and {reason}: {repair}")
