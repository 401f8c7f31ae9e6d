"""Hamiltonian Monte Carlo along geodesics: energies of directions, rotations and numbers."""

from typing import ClassVar, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Energy, KernelInfo
from energeia.mcmc.adapt import StepKernel, positive_step
from energeia.support import Continuous, Support


class GeodesicState(NamedTuple):
    """The position of a chain, with its energy and force."""

    position: Float[Array, " d"]
    energy: Scalar
    force: Float[Array, " d"]


class GeodesicHmc(StepKernel):
    """Leapfrog steps along geodesics from fresh tangent momenta, accepted or not.

    H = E(x) + |p|^2 / 2 with p tangent at x. Half a step of the tangent force, the exact geodesic
    for a time eps, half a step of the force: reversible and volume-preserving in the cotangent
    bundle, so exp(-E) with respect to the surface measure is invariant without a Jacobian (Byrne
    and Girolami 2013, "Geodesic Monte Carlo on embedded manifolds", algorithm 1). One leapfrog step
    is the manifold form of MALA. Numbers move on straight lines, angles around their circle. An
    ``energeia.energy`` with this support is infinite off its manifold, which rounding never leaves.

    >>> import energeia
    >>> support = Support.of([energeia.support.Sphere(2)])
    >>> up = energeia.energy(lambda x: -5.0 * x[2], 3, support)
    >>> kernel, start = GeodesicHmc(0.3, support), jnp.array([1.0, 0.0, 0.0])
    >>> state, info = kernel.step(jax.random.key(0), up, kernel.init(up, start))
    >>> round(float(jnp.linalg.norm(state.position)), 5)
    1.0
    """

    step_size: Float[Array, ""] = eqx.field(converter=positive_step)
    support: Support = eqx.field(static=True)
    leapfrog_steps: int = eqx.field(static=True, default=4)
    best_acceptance: ClassVar[float] = 0.651

    def __check_init__(self) -> None:
        if not self.support.all_continuous:
            raise InputError(
                f"geodesics were asked for on {self.support}, where discrete columns have none: "
                "give real, positive, interval, circle, sphere, rotation and simplex factors"
            )

    @override
    def with_step(self, step_size: Float[Array, ""]) -> "GeodesicHmc":
        return eqx.tree_at(lambda k: k.step_size, self, step_size)

    @override
    def init(self, target: Energy, x: Array, condition: Condition = None) -> GeodesicState:
        energy, gradient = jax.value_and_grad(target.energy)(x, condition)
        return GeodesicState(x, energy, -gradient)

    @override
    def step(
        self, key: PRNGKey, target: Energy, state: GeodesicState, condition: Condition = None
    ) -> tuple[GeodesicState, KernelInfo]:
        noise_key, accept_key = jax.random.split(key)
        x, eps = state.position, self.step_size.astype(state.position.dtype)
        p = self._tangent(x, jax.random.normal(noise_key, x.shape, x.dtype))

        def leap(carry: tuple[GeodesicState, Array], _: None) -> tuple[tuple, None]:
            at, p = carry
            p = p + 0.5 * eps * self._tangent(at.position, at.force)
            there, p = self._move(at.position, p, eps)
            new = self.init(target, there, condition)
            return (new, p + 0.5 * eps * self._tangent(there, new.force)), None

        (new, q), _ = jax.lax.scan(leap, (state, p), None, self.leapfrog_steps)
        log_ratio = state.energy - new.energy + 0.5 * (jnp.sum(p**2) - jnp.sum(q**2))
        # A trajectory whose energy is NaN is rejected.
        acceptance = jnp.exp(jnp.minimum(jnp.where(jnp.isnan(log_ratio), -jnp.inf, log_ratio), 0.0))
        accepted = jax.random.uniform(accept_key, dtype=acceptance.dtype) < acceptance
        kept = jax.tree.map(lambda a, b: jnp.where(accepted, a, b), new, state)
        # Known factors of a masked target have no force: where they went changed no energy.
        kept = kept._replace(position=target.put_back(kept.position))
        return kept, KernelInfo(acceptance, accepted)

    def _tangent(self, x: Array, v: Array) -> Array:
        """The tangent part of a vector, factor by factor."""
        pairs = zip(self.support.split(x), self.support.split(v), strict=True)
        parts = [_continuous(factor).tangent(a, b).reshape(-1) for (factor, a), (_, b) in pairs]
        return jnp.concatenate(parts)

    def _move(self, x: Array, p: Array, eps: Scalar) -> tuple[Array, Array]:
        """Position and momentum after the time eps on a geodesic."""
        pairs = zip(self.support.split(x), self.support.split(eps * p), strict=True)
        moved = [_continuous(factor).move(a, b) for (factor, a), (_, b) in pairs]
        there = jnp.concatenate([a.reshape(-1) for a, _ in moved])
        return there, jnp.concatenate([b.reshape(-1) for _, b in moved]) / eps


def _continuous(factor: object) -> Continuous:
    assert isinstance(factor, Continuous)
    return factor
