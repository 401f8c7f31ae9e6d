"""A velocity of U(1) links that commutes with gauge transformations."""

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import Scalar
from energeia.bijections.continuous import TracedField
from energeia.bijections.lattice_field import bumps, displacements
from energeia.contracts import Condition
from energeia.physics.lattice.gauge import plaquettes

Stencil = tuple[tuple[tuple[int, int], int], ...]
"""Plaquettes relative to one of them, each with how often it is counted."""


def stencils(harmonics: int) -> tuple[Stencil, ...]:
    """n P_x for n up to ``harmonics``, and P_x +- P_y of neighbors x and y.

    >>> stencils(1)[1]
    (((0, 0), 1), ((0, 1), 1))
    """
    alone: list[Stencil] = [(((0, 0), n),) for n in range(1, harmonics + 1)]
    steps = ((0, 1), (1, 0))
    return (*alone, *((((0, 0), 1), (step, sign)) for step in steps for sign in (1, -1)))


class GaugeField(TracedField):
    """dtheta/dt = C^T u, u_x = sum_k sum_y K_k(t, x - y) sin(n_k . P around y), of flat links.

    P = C theta are the plaquettes, C their signed incidence with links, and n_k the ``stencils``.
    So the velocity is gauge invariant, odd under theta -> -theta (charge conjugation), periodic in
    every angle, and commutes with shifts, and its trace is in closed form:
    sum_k [sum_r K_k(t, r) sum_o n_k(o) M(r - o)] sum_y cos(n_k . P around y), M = C C^T. Kernels
    are combinations of bumps in t, zero at first. A U(1) field of the flows of Luscher (2010,
    arXiv:0907.5491), learned as by Bacchio et al. (2023, arXiv:2212.08469). With a ``condition`` c
    K_k is linear in (1, c).

    >>> import jax
    >>> field = GaugeField(4, times=3)
    >>> field.velocity(jnp.array(0.5), jnp.ones(32)).shape
    (32,)
    """

    kernels: Float[Array, "times c stencils d"]
    offsets: Frozen
    contacts: Frozen
    """sum_o n_k(o) M(r - o), shape ``(stencils, d)``."""
    shapes: tuple[Stencil, ...] = eqx.field(static=True)
    L: int = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True)

    def __init__(self, L: int, *, times: int, harmonics: int = 4, condition: int = 0) -> None:
        self.L, self.shapes = L, stencils(harmonics)
        self.kernels = jnp.zeros((times, 1 + condition, len(self.shapes), L * L))
        self.offsets = Frozen(jnp.asarray(displacements((L, L))))
        self.contacts = Frozen(jnp.asarray(_contacts(self.shapes, L), float))
        self.condition_shape = (condition,) if condition else None

    @property
    @override
    def shape(self) -> tuple[int]:
        return (2 * self.L**2,)

    @override
    def velocity(self, t: Scalar, x: Array, condition: Condition = None) -> Array:
        return self._velocity(self._kernels(t, condition), self._angles(x))

    @override
    def velocity_and_trace(
        self, t: Scalar, x: Array, condition: Condition = None
    ) -> tuple[Array, Scalar]:
        kernels, angles = self._kernels(t, condition), self._angles(x)
        weights = jnp.sum(kernels * self.contacts.value, axis=1)
        return self._velocity(kernels, angles), weights @ jnp.sum(jnp.cos(angles), axis=1)

    def _angles(self, x: Array) -> Float[Array, "k d"]:
        """n_k . P around every plaquette."""
        p = plaquettes(x.reshape(2, self.L, self.L))
        moved = [
            sum(count * jnp.roll(p, (-step[0], -step[1]), (0, 1)) for step, count in shape)
            for shape in self.shapes
        ]
        return jnp.stack(moved).reshape(len(self.shapes), -1)

    def _velocity(self, kernels: Array, angles: Array) -> Array:
        u = jnp.einsum("kxy,ky->x", kernels[:, self.offsets.value], jnp.sin(angles))
        u = u.reshape(self.L, self.L)
        return jnp.concatenate([(u - jnp.roll(u, 1, 1)).ravel(), (jnp.roll(u, 1, 0) - u).ravel()])

    def _kernels(self, t: Scalar, condition: Condition) -> Float[Array, "k d"]:
        given = jnp.ones(1) if condition is None else jnp.append(1.0, condition)
        return jnp.einsum("t,c,tcko->ko", bumps(t, len(self.kernels)), given, self.kernels)


def _contacts(shapes: tuple[Stencil, ...], L: int) -> np.ndarray:
    """Four where a plaquette meets itself, minus one where it shares a link with a neighbor."""
    met = np.zeros((L, L))
    for step, count in (((0, 0), 4), ((0, 1), -1), ((0, -1), -1), ((1, 0), -1), ((-1, 0), -1)):
        met[step[0] % L, step[1] % L] += count
    found = [
        np.sum([n * np.roll(met, step, (0, 1)) for step, n in shape], axis=0) for shape in shapes
    ]
    return np.stack(found).reshape(len(shapes), -1)
