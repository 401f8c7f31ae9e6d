"""Which kernel and which metric suit a target, found by trying them."""

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.errors import ChainsStuck
from energeia._core.types import PRNGKey
from energeia.contracts import Energy
from energeia.mcmc.adapt import Tunable
from energeia.mcmc.hmc import Hmc
from energeia.mcmc.mala import Mala
from energeia.mcmc.preconditioned import Preconditioned
from energeia.stats.convergence import mixing

_DENSE = 200
"""Columns up to which a full covariance is tried."""
_AGREE = 1.1
"""R-hat above which the chains of a short trial disagree."""


class KernelTrial(NamedTuple):
    """How one kernel did in a pilot, after it was tuned."""

    name: str
    kernel: Tunable
    ess: float
    """Of the worst column or square."""
    r_hat: float
    evaluations: float
    """Energies or forces that the kept draws took."""
    ends: Float[Array, "chains *shape"]
    """Where its chains got."""

    @property
    def efficiency(self) -> float:
        """Effective draws for each evaluation; 0 where chains stood still or left the numbers."""
        found = self.ess / self.evaluations
        return found if np.isfinite(found) else 0.0

    @property
    def agrees(self) -> bool:
        """Whether its chains agree as far as a short trial can tell."""
        return bool(self.r_hat < _AGREE)


def gradient_kernels(dimension: int) -> dict[str, Tunable]:
    """MALA and Hamiltonian trajectories, with standard deviations and with a full covariance.

    >>> list(gradient_kernels(1000))
    ['Mala', 'Hmc']
    """
    plain = {"Mala": Mala(2.7 * dimension ** (-1 / 3)), "Hmc": Hmc(dimension ** (-1 / 4))}
    found: dict[str, Tunable] = {name: Preconditioned(kernel) for name, kernel in plain.items()}
    if 1 < dimension <= _DENSE:
        dense = {f"{n}, dense": Preconditioned(k, dense=True) for n, k in plain.items()}
        found |= dense
    return found


def try_kernels(
    key: PRNGKey, energy: Energy, starts: Float[Array, "chains *shape"],
    condition: Float[Array, "chains c"] | None = None,
    kernels: Mapping[str, Tunable] | None = None, steps: int = 400, draws: int = 300,
) -> tuple[KernelTrial, ...]:  # fmt: skip
    """Each kernel, tuned for ``steps`` steps of all chains, then run: the best one first.

    Those whose chains agree come first, in the order of effective draws for each evaluation of the
    energy or its force. A trial is short: what none of the chains has seen counts for none of them,
    and a kernel that mixes slowly is told from one that does not mix at all by R-hat alone.

    Raises:
        ChainsStuck: if no kernel moved.

    >>> from energeia.energies import Normal
    >>> narrow = Normal(jnp.zeros(2), jnp.array([[1.0, 0.99], [0.99, 1.0]]))
    >>> starts = jax.random.normal(jax.random.key(1), (64, 2))
    >>> tried = try_kernels(jax.random.key(0), narrow, starts)
    >>> len(tried), tried[0].name.endswith("dense")
    (4, True)
    """
    kernels = kernels or gradient_kernels(math.prod(energy.shape))
    trials = []
    for number, (name, kernel) in enumerate(kernels.items()):
        tuned, ends, rows, evaluations = _trial(
            jax.random.fold_in(key, number), kernel, energy, starts, condition, steps, draws
        )
        found = mixing(np.asarray(rows))
        trials.append(KernelTrial(name, tuned, found.ess, found.r_hat, float(evaluations), ends))
    ranked = sorted(trials, key=lambda t: (not t.agrees, -t.efficiency))
    if ranked[0].efficiency == 0.0:
        raise ChainsStuck(
            f"none of {', '.join(kernels)} moved the chains in a pilot: look at the energy and its "
            "gradient where they start"
        )
    return tuple(ranked)


@eqx.filter_jit
def _trial(
    key: PRNGKey, kernel: Tunable, energy: Energy, starts: Array, condition: Array | None,
    steps: int, draws: int,
) -> tuple[Tunable, Array, Array, Array]:  # fmt: skip
    """The tuned kernel, the last positions, all positions, and evaluations of all chains."""
    tune_key, run_key = jax.random.split(key)
    kernel, x = kernel.tuned(tune_key, energy, starts, steps, condition)

    def step(states: Any, key: PRNGKey) -> tuple[Any, tuple[Array, Array]]:
        def one(key: PRNGKey, state: Any, condition: Array | None) -> tuple[Any, Array]:
            state, info = kernel.step(key, energy, state, condition)
            return state, jnp.asarray(info.evaluations, float)

        states, counts = jax.vmap(one)(jax.random.split(key, len(x)), states, condition)
        return states, (states.position, jnp.sum(counts))

    states = jax.vmap(lambda x, c: kernel.init(energy, x, c))(x, condition)
    states, (rows, counts) = jax.lax.scan(step, states, jax.random.split(run_key, draws))
    return kernel, states.position, jnp.swapaxes(rows, 0, 1), jnp.sum(counts)
