"""Sample an energy in one call: tune, run, diagnose."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.contracts import BlockEnergy, Energy, Kernel
from energeia.mcmc.adapt import Tunable
from energeia.mcmc.chain import Diagnosis, diagnose, require_moving, run_chains
from energeia.mcmc.gibbs import Gibbs
from energeia.mcmc.pilot import KernelTrial, try_kernels

_PILOT = 400


class Sampled(NamedTuple):
    """Draws of many chains, how far they can be trusted, and the kernel that made them."""

    positions: Float[Array, "chains draws *shape"]
    diagnosis: Diagnosis
    kernel: Kernel
    """As it was used, with its step size."""
    states: Any
    """The final states of the chains."""
    trials: tuple[KernelTrial, ...] = ()
    """What a pilot tried, the best first, where no kernel was given."""

    @property
    def rows(self) -> Float[Array, "rows *shape"]:
        """All draws of all chains as rows, chain by chain."""
        return self.positions.reshape(-1, *self.positions.shape[2:])


def sample(
    key: PRNGKey, energy: Energy, kernel: Kernel | None, starts: Float[Array, "chains *shape"],
    draws: int, *, thin: int = 1, burn: int | None = None,
    condition: Float[Array, "chains c"] | None = None, tuned: bool = False,
) -> Sampled:  # fmt: skip
    """Draws of exp(-E) by many chains, with their R-hat and effective sample size.

    Unless the kernel is ``tuned``, a pilot of 400 steps adapts one that can be adapted, which is
    then frozen: the step size given is where the pilot begins. The chains go on from where the
    pilot got, and drop ``burn`` steps.

    Args:
        key: everything random follows from it.
        energy: the target; a plain function becomes one by ``energeia.energy``.
        kernel: such as ``Mala(0.1)`` or ``Hmc(0.1)``. None for what suits the energy: Gibbs sweeps
            where it has blocks, else the best of ``try_kernels``.
        starts: one configuration a chain, shape ``(chains, *energy.shape)``; spread them wider than
            the target, so that R-hat can see chains that stay apart.
        draws: kept draws of each chain.
        thin: keep every ``thin``-th step.
        burn: steps dropped after the pilot; half of ``draws * thin`` by default.
        condition: one condition a chain, or None.
        tuned: keep the kernel as it is.

    Raises:
        InputError: for starts of another shape, or fewer than two chains or four draws.
        ChainsStuck: if no chain moved, or some left the finite numbers.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.energies import Normal
    >>> from energeia.mcmc import Mala
    >>> target, starts = Normal(jnp.zeros(2), jnp.eye(2)), 3 * jnp.ones((8, 2))
    >>> found = sample(jax.random.key(0), target, Mala(0.1), starts, 200)
    >>> found.positions.shape, found.diagnosis.r_hat < 1.1
    ((8, 200, 2), True)
    """
    starts = jnp.asarray(starts, jnp.result_type(float))
    if starts.shape[1:] != tuple(energy.shape) or len(starts) < 2:
        raise InputError(
            f"starts of shape {starts.shape} were given for configurations of shape "
            f"{tuple(energy.shape)}: give an array of shape (chains, "
            f"{', '.join(map(str, energy.shape))}) with at least 2 chains"
        )
    if draws < 4:
        raise InputError(f"{draws} draws were asked of each chain: at least 4 can be diagnosed")
    tune_key, run_key = jax.random.split(key)
    begin, trials = starts, ()
    if kernel is None and isinstance(energy, BlockEnergy):
        kernel = Gibbs()
    elif kernel is None:
        trials = try_kernels(tune_key, energy, starts, condition)
        kernel, begin, tuned = trials[0].kernel, trials[0].ends, True
    if isinstance(kernel, Tunable) and not tuned:
        kernel, begin = kernel.tuned(tune_key, energy, starts, _PILOT, condition)
    burn = draws * thin // 2 if burn is None else burn
    found = run_chains(run_key, kernel, energy, begin, draws, thin, burn, condition)
    require_moving(found, energy, begin, condition)
    return Sampled(found.positions, diagnose(found), kernel, found.states, trials)
