"""A velocity of fields on a periodic lattice that commutes with its symmetries."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.continuous import TracedField
from energeia.contracts import Condition


class LatticeField(TracedField):
    """v_x(t, phi) = sum_g sum_y K_g(t, x - y) sum_f A_gf h_f(phi_y), of flat fields.

    h_f are phi, sin(omega_f phi) and, unless the field is ``odd``, 1 and cos(omega_f phi); K_g is
    a combination of bumps in t, alike for displacements that ``orbits`` join. So v commutes with
    all shifts, with the point symmetries of the orbits, and, where odd, with phi -> -phi, and its
    trace is sum_y sum_g K_g(t, 0) sum_f A_gf h_f'(phi_y) (de Haan et al. 2021, arXiv:2110.02673;
    Gerdes et al. 2023, arXiv:2207.00283). It is zero at first. With a ``condition`` c,
    K_g(t, r, c) is linear in (1, c).

    >>> orbits = displacement_orbits(np.arange(16)[None], (4, 4))
    >>> field = LatticeField(orbits, (4, 4), rank=2, frequencies=3, times=4, key=jax.random.key(0))
    >>> field.velocity(jnp.array(0.5), jnp.ones(16)).shape
    (16,)
    """

    frequencies: Float[Array, " f"]
    mixing: Float[Array, "g h"]
    kernels: Float[Array, "times c g orbits"]
    offsets: Frozen
    """The orbit of the displacement between every two sites."""
    odd: bool = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True)

    def __init__(
        self, orbits: np.ndarray, layout: tuple[int, ...], *, rank: int, frequencies: int,
        times: int, key: PRNGKey, odd: bool = True, condition: int = 0,
    ) -> None:  # fmt: skip
        features = (1 if odd else 2) * (frequencies + 1)
        self.frequencies = jnp.linspace(0.4, 4.0, frequencies)
        self.mixing = jax.random.normal(key, (rank, features)) / math.sqrt(features)
        self.kernels = jnp.zeros((times, 1 + condition, rank, int(orbits.max()) + 1))
        self.offsets, self.odd = Frozen(jnp.asarray(orbits[displacements(layout)])), odd
        self.condition_shape = (condition,) if condition else None

    @property
    @override
    def shape(self) -> tuple[int]:
        return (self.offsets.array.shape[0],)

    @override
    def velocity(self, t: Scalar, x: Array, condition: Condition = None) -> Array:
        values, _ = self._features(x)
        kernels = self._kernels(t, condition)[:, self.offsets.value]
        return jnp.einsum("gxy,gy->x", kernels, self.mixing @ values)

    @override
    def velocity_and_trace(
        self, t: Scalar, x: Array, condition: Condition = None
    ) -> tuple[Array, Scalar]:
        values, slopes = self._features(x)
        kernels, own = self._kernels(t, condition), self.offsets.value
        velocity = jnp.einsum("gxy,gy->x", kernels[:, own], self.mixing @ values)
        return velocity, kernels[:, own[0, 0]] @ (self.mixing @ jnp.sum(slopes, axis=1))

    def _features(self, x: Array) -> tuple[Float[Array, "h d"], Float[Array, "h d"]]:
        """h_f of every site, and their derivatives."""
        angles = self.frequencies[:, None] * x
        sines, cosines = jnp.sin(angles), jnp.cos(angles)
        one, zero = jnp.ones_like(x)[None], jnp.zeros_like(x)[None]
        scale = self.frequencies[:, None]
        values, slopes = [x[None], sines], [one, scale * cosines]
        if not self.odd:
            values, slopes = [*values, one, cosines], [*slopes, zero, -scale * sines]
        return jnp.concatenate(values), jnp.concatenate(slopes)

    def _kernels(self, t: Scalar, condition: Condition) -> Float[Array, "g orbits"]:
        given = jnp.ones(1) if condition is None else jnp.append(1.0, condition)
        return jnp.einsum("t,c,tcgo->go", bumps(t, len(self.kernels)), given, self.kernels)


def bumps(t: Scalar, count: int) -> Float[Array, " count"]:
    """Gaussian bumps at equal distances in [0, 1], whose sum is one.

    >>> np.asarray(bumps(jnp.array(0.5), 3)).round(3).astype(float).round(3).tolist()
    [0.274, 0.452, 0.274]
    """
    found = jnp.exp(-0.5 * ((t - jnp.linspace(0.0, 1.0, count)) * max(count - 1, 1)) ** 2)
    return found / jnp.sum(found)


def displacement_orbits(points: np.ndarray, layout: tuple[int, ...]) -> np.ndarray:
    """A number for each displacement, alike where one of the permutations ``points`` joins them.

    >>> displacement_orbits(np.arange(4)[None], (4,)).tolist()
    [0, 1, 2, 3]
    >>> displacement_orbits(np.array([[0, 1, 2, 3], [3, 2, 1, 0]]), (4,)).tolist()
    [0, 1, 2, 1]
    """
    origin = points[:, 0]
    # A permutation of sites that moves the origin is that of displacements and a shift.
    moved = np.stack(
        [displacements(layout)[point, start] for point, start in zip(points, origin, strict=True)]
    )
    least = moved.min(axis=0)
    return np.unique(least, return_inverse=True)[1].ravel()


def displacements(layout: tuple[int, ...]) -> np.ndarray:
    """The number of the displacement x - y of every two sites of a periodic layout.

    >>> displacements((3,)).tolist()
    [[0, 2, 1], [1, 0, 2], [2, 1, 0]]
    """
    sites = np.indices(layout).reshape(len(layout), -1)
    apart = (sites[:, :, None] - sites[:, None, :]) % np.array(layout)[:, None, None]
    return np.asarray(np.ravel_multi_index(tuple(apart), layout))
