"""Kernels that a pilot run adapts, and the tuning of a step size."""

from abc import abstractmethod
from functools import partial
from typing import Any, NamedTuple, Self, TypeVar

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey
from energeia.contracts import Energy, Kernel


class Tunable(Kernel):
    """A kernel that a pilot run adapts to its target."""

    @abstractmethod
    def tuned(
        self, key: PRNGKey, target: Energy, x: Float[Array, "chains *shape"], steps: int,
        condition: Float[Array, "chains c"] | None = None,
    ) -> tuple[Self, Float[Array, "chains *shape"]]:  # fmt: skip
        """The kernel that many chains agree on after ``steps`` steps, and where they got.

        Discard the positions as samples: the kernel changed along these chains.
        """


class StepKernel(Tunable):
    """A kernel with a step size and a known optimal acceptance rate."""

    step_size: eqx.AbstractVar[Float[Array, ""]]
    best_acceptance: eqx.AbstractClassVar[float]

    @abstractmethod
    def with_step(self, step_size: Float[Array, ""]) -> Self:
        """The same kernel with another step size."""

    @override
    def tuned(
        self, key: PRNGKey, target: Energy, x: Float[Array, "chains *shape"], steps: int,
        condition: Float[Array, "chains c"] | None = None,
    ) -> tuple[Self, Float[Array, "chains *shape"]]:  # fmt: skip
        return tune(key, self, target, x, steps, condition)


def positive_step(step_size: Any) -> Float[Array, ""]:
    """A step size as an array, for the constructors of kernels; traced values are not checked.

    Raises:
        InputError: if it is not a positive number.

    >>> positive_step(-0.1)
    Traceback (most recent call last):
    ...
    energeia._core.errors.InputError: a step size of -0.1 was given: give a positive number
    """
    known = isinstance(step_size, int | float | np.ndarray | np.number)
    if known and not (np.all(np.isfinite(step_size)) and np.all(np.asarray(step_size) > 0)):
        raise InputError(f"a step size of {step_size} was given: give a positive number")
    return jnp.asarray(step_size)


AnyKernel = TypeVar("AnyKernel", bound=Kernel)


def with_step(kernel: AnyKernel, log_step: Float[Array, ""]) -> AnyKernel:
    """The kernel with step size exp(log_step); a kernel without one as it is."""
    if not isinstance(kernel, StepKernel):
        return kernel
    return kernel.with_step(jnp.exp(log_step))


def log_step(kernel: Kernel) -> Float[Array, ""]:
    """The logarithm of the kernel's step size; zero for a kernel without one."""
    if not isinstance(kernel, StepKernel):
        return jnp.zeros(())
    return jnp.log(jnp.asarray(kernel.step_size, float))


def best_acceptance(kernel: Kernel) -> float:
    """The target acceptance rate of tuning; 1 for a kernel without a step size."""
    return kernel.best_acceptance if isinstance(kernel, StepKernel) else 1.0


class DualAverage(NamedTuple):
    """Nesterov's dual averaging of log eps (Hoffman and Gelman 2014, section 3.2.1)."""

    log_step: Float[Array, ""]
    """The step to use now."""
    average: Float[Array, ""]
    """Its weighted average: the step to keep."""
    error: Float[Array, ""]
    """The running mean of target minus acceptance."""
    count: Float[Array, ""]
    start: Float[Array, ""]


def dual_start(start: Float[Array, ""]) -> DualAverage:
    """Begin at log eps = ``start``."""
    zero = jnp.zeros(())
    return DualAverage(start, start, zero, zero, start)


def dual_step(
    state: DualAverage, acceptance: Float[Array, ""], target: float, gamma: ArrayLike = 0.05
) -> DualAverage:
    """One update towards acceptance = target, with the paper's gamma 0.05, t0 10 and kappa 0.75."""
    count = state.count + 1
    share = 1 / (count + 10)
    error = (1 - share) * state.error + share * (target - acceptance)
    new = state.start - jnp.sqrt(count) / gamma * error
    # The first steps may be far off; steps change by at most a factor e^3.
    new = jnp.clip(new, state.log_step - 3.0, state.log_step + 3.0)
    weight = count**-0.75
    return DualAverage(new, weight * new + (1 - weight) * state.average, error, count, state.start)


@eqx.filter_jit
def tune(
    key: PRNGKey, kernel: AnyKernel, target: Energy, x: Float[Array, "chains *shape"],
    steps: int = 300, condition: Float[Array, "chains c"] | None = None,
) -> tuple[AnyKernel, Float[Array, "chains *shape"]]:  # fmt: skip
    """Tune the common step size of many chains; returns the kernel and the final positions.

    The mean acceptance over chains follows 0.574 for MALA and 0.651 for HMC by dual averaging: the
    first half of the steps finds the scale, the second restarts there with smaller changes, since
    the average over a fluctuating step is biased. Discard the positions as samples: the kernel
    changed along these chains.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.energies.analytic import Normal
    >>> from energeia.mcmc.mala import Mala
    >>> target = Normal(jnp.zeros(2), jnp.eye(2))
    >>> x = jax.random.normal(jax.random.key(1), (64, 2))
    >>> kernel, _ = tune(jax.random.key(0), Mala(10.0), target, x)
    >>> 0.5 < float(kernel.step_size) < 4.0
    True
    """
    goal = best_acceptance(kernel)

    def one(gamma: Array, carry: tuple[Array, DualAverage], key: PRNGKey) -> tuple[tuple, None]:
        x, dual = carry
        now = with_step(kernel, dual.log_step)

        def move(key: PRNGKey, x: Array, c: Array | None) -> tuple[Array, Array]:
            state, info = now.step(key, target, now.init(target, x, c), c)
            return state.position, info.acceptance

        x, rates = jax.vmap(move)(jax.random.split(key, len(x)), x, condition)
        return (x, dual_step(dual, jnp.mean(rates), goal, gamma)), None

    def half(carry: tuple[Array, Array], given: tuple[PRNGKey, Array]) -> tuple[tuple, None]:
        (x, step), (key, gamma) = carry, given
        keys = jax.random.split(key, steps // 2)
        (x, dual), _ = jax.lax.scan(partial(one, gamma), (x, dual_start(step)), keys)
        return (x, dual.average), None

    gammas = jnp.array([0.05, 0.5])
    (x, step), _ = jax.lax.scan(half, (x, log_step(kernel)), (jax.random.split(key), gammas))
    return with_step(kernel, step), x
