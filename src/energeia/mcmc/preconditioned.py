"""Kernels in coordinates in which the target has about unit covariance."""

import math
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Energy, KernelInfo, Wrapper
from energeia.mcmc.adapt import StepKernel, Tunable, log_step, tune, with_step
from energeia.mcmc.chain import run_chains

_WINDOWS = 4
_CORRELATED = 10
"""Draws of one chain that count as one, where a covariance is shrunk."""


class Stretched(Wrapper, Energy):
    """E(A y): the same distribution in coordinates y = A^-1 x.

    ``scale`` are standard deviations of the flat coordinates, A = diag(scale), or a lower
    triangular A.
    """

    inner: Energy
    scale: Float[Array, " d"] | Float[Array, "d d"]

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        return self.inner.energy(self.stretch(x), condition)

    @override
    def put_back(self, x: Array) -> Array:
        return self.shrink(self.inner.put_back(self.stretch(x)))

    def stretch(self, y: Float[Array, " *shape"]) -> Float[Array, " *shape"]:
        """The configuration A y."""
        flat = y.ravel()
        flat = self.scale * flat if self.scale.ndim == 1 else self.scale @ flat
        return flat.reshape(y.shape)

    def shrink(self, x: Float[Array, " *shape"]) -> Float[Array, " *shape"]:
        """Its coordinates A^-1 x."""
        flat = x.ravel()
        if self.scale.ndim == 1:
            return (flat / self.scale).reshape(x.shape)
        return solve_triangular(self.scale, flat, lower=True).reshape(x.shape)


class PreconditionedState(NamedTuple):
    """The position, and the state of the kernel in the other coordinates."""

    position: Float[Array, " *shape"]
    inner: Any


class Preconditioned(Tunable):
    """A kernel with the metric that the covariance of its own chains gives.

    x = A y with A A^T = ``covariance``; the kernel moves y, in which the target has about unit
    covariance. That is the kernel with mass matrix (A A^T)^-1, as NUTS and HMC are used in practice
    (Neal 2011, section 5.4.1), for any kernel with a force. A pilot learns A from all chains
    together, in windows between which the step size is tuned anew: with a full covariance where
    ``dense``, which costs d^2 a step, else with standard deviations alone. Leaves exp(-E)
    invariant; curved or separated shapes no metric helps.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.energies import Normal
    >>> from energeia.mcmc import Mala, sample
    >>> narrow = Normal(jnp.zeros(2), jnp.array([[1.0, 0.99], [0.99, 1.0]]))
    >>> kernel = Preconditioned(Mala(0.5), dense=True)
    >>> found = sample(jax.random.key(0), narrow, kernel, jnp.zeros((16, 2)), 100)
    >>> bool(found.diagnosis.ess > 200)
    True
    """

    inner: StepKernel
    scale: Float[Array, " d"] | Float[Array, "d d"] | None = None
    """A; the identity before a pilot."""
    dense: bool = eqx.field(static=True, default=False)

    @override
    def init(self, target: Energy, x: Array, condition: Condition = None) -> PreconditionedState:
        x = target.put_back(x)
        changed = self.stretched(target)
        return PreconditionedState(x, self.inner.init(changed, changed.shrink(x), condition))

    @override
    def step(
        self, key: PRNGKey, target: Energy, state: PreconditionedState, condition: Condition = None
    ) -> tuple[PreconditionedState, KernelInfo]:
        changed = self.stretched(target)
        inner, info = self.inner.step(key, changed, state.inner, condition)
        x = target.put_back(changed.stretch(inner.position))
        return PreconditionedState(x, inner), info

    @override
    def tuned(
        self, key: PRNGKey, target: Energy, x: Float[Array, "chains *shape"], steps: int,
        condition: Float[Array, "chains c"] | None = None,
    ) -> tuple["Preconditioned", Float[Array, "chains *shape"]]:  # fmt: skip
        return _tuned(key, self, target, x, steps, condition)

    def stretched(self, target: Energy) -> Stretched:
        """The target in the coordinates of the inner kernel."""
        scale = _identity(self, target) if self.scale is None else self.scale
        return Stretched(target, scale)


def _identity(kernel: Preconditioned, target: Energy) -> Array:
    size = math.prod(target.shape)
    return jnp.eye(size) if kernel.dense else jnp.ones(size)


@eqx.filter_jit
def _tuned(
    key: PRNGKey, kernel: Preconditioned, target: Energy, x: Array, steps: int,
    condition: Array | None,
) -> tuple[Preconditioned, Array]:  # fmt: skip
    part = max(steps // (2 * _WINDOWS), 2)

    def window(carry: tuple[Array, Array, Array], step: tuple) -> tuple[tuple, None]:
        (x, log_eps, scale), (key, last) = carry, step
        tune_key, run_key = jax.random.split(key)
        now = Stretched(target, scale)
        inner = with_step(kernel.inner, log_eps)
        inner, y = tune(tune_key, inner, now, jax.vmap(now.shrink)(x), part, condition)
        rows = run_chains(run_key, inner, now, y, part, condition=condition).positions
        rows = jax.vmap(jax.vmap(now.stretch))(rows)
        # The step size is that of the scale beside it: after the last window both stay.
        learned = jnp.where(last, scale, _scale(rows, dense=kernel.dense))
        return (jax.vmap(target.put_back)(rows[:, -1]), log_step(inner), learned), None

    begin = (x, log_step(kernel.inner), kernel.stretched(target).scale)
    last = jnp.arange(_WINDOWS) == _WINDOWS - 1
    keys = jax.random.split(key, _WINDOWS)
    (x, log_eps, scale), _ = jax.lax.scan(window, begin, (keys, last))
    return Preconditioned(with_step(kernel.inner, log_eps), scale, kernel.dense), x


def _scale(rows: Float[Array, "chains draws *shape"], *, dense: bool) -> Array:
    """Standard deviations of all draws, or the Cholesky factor of their covariance."""
    count = rows.shape[0] * rows.shape[1]
    flat = rows.reshape(count, -1)
    centered = flat - jnp.mean(flat, axis=0)
    variance = jnp.mean(centered**2, axis=0)
    # Known coordinates of a masked target do not vary.
    variance = jnp.where(variance > 0, variance, 1.0)
    if not dense:
        return jnp.sqrt(variance)
    deviation = jnp.sqrt(variance)
    unit = centered / deviation
    size = len(variance)
    trusted = count / (count + _CORRELATED * size)
    correlation = trusted * (unit.T @ unit) / count
    correlation = correlation.at[jnp.diag_indices(size)].set(1.0 + 1e-5)
    return deviation[:, None] * jnp.linalg.cholesky(correlation)
