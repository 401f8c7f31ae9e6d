"""Latent vectors on manifolds, which have a uniform prior and no edge.

Data with the topology of directions, angles or rotations need not be torn there (Davidson et al.
2018, arXiv:1804.00891; Falorsi et al. 2018, arXiv:1807.04689).
"""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia.contracts import Density
from energeia.distributions.likelihoods import bounded_scale
from energeia.distributions.power_spherical import PowerSpherical
from energeia.models.latent_space import LatentSpace
from energeia.support import Rotation
from energeia.support.manifolds import normalized

MIN_ANGULAR_SCALE = 1e-2
"""Smallest of a q(z|y) on a sphere, in radians."""


class SphereSpace(LatentSpace):
    """``count`` unit vectors of R^ambient: one is a hypersphere, many circles are a torus.

    The prior is uniform, q(z|y) power spherical around a direction; an encoder gives the direction,
    whatever its length, and a raw width of each.
    """

    count: int = eqx.field(static=True)
    ambient: int = eqx.field(static=True)
    first_scale: float = eqx.field(static=True, default=1.0)
    """About the width of q(z|y) in radians where an encoder gives a raw one of zero."""

    @property
    @override
    def width(self) -> int:
        return self.count * self.ambient

    @property
    @override
    def encoder_outputs(self) -> int:
        return self.count * (self.ambient + 1)

    @property
    @override
    def decoder_inputs(self) -> int:
        return self.width

    @property
    @override
    def prior(self) -> Density:
        return PowerSpherical(_anywhere(self.count, self.ambient), jnp.zeros(self.count))

    @override
    def posterior(self, raw: Float[Array, " encoder_outputs"]) -> Density:
        toward, widths = jnp.split(raw, (self.width,))
        directions = _directions(toward.reshape(self.count, -1))
        return PowerSpherical(directions, _concentration(widths, self.first_scale))

    @override
    def features(self, z: Float[Array, " width"]) -> Float[Array, " decoder_inputs"]:
        return normalized(z.reshape(self.count, -1)).ravel()

    @override
    def of_noise(self, noise: Float[Array, " width"]) -> Float[Array, " width"]:
        return normalized(noise.reshape(self.count, -1)).ravel()


class RotationSpace(LatentSpace):
    """``count`` rotations of space as unit quaternions, where q and -q are one point.

    The prior is uniform, q(z|y) power spherical around a rotation, and a decoder sees the matrix.
    An encoder gives two vectors of R^3 and a raw width of each: the vectors made orthonormal are
    the first columns of the matrix. An encoder of quaternions would have a jump, since no
    continuous function of rotations chooses one of q and -q (Zhou et al. 2019, arXiv:1812.07035,
    eq. 15).
    """

    count: int = eqx.field(static=True)
    first_scale: float = eqx.field(static=True, default=1.0)
    """About the width of q(z|y) in radians of a quaternion, half the angle of rotation, where an
    encoder gives a raw one of zero."""

    @property
    @override
    def width(self) -> int:
        return 4 * self.count

    @property
    @override
    def encoder_outputs(self) -> int:
        return 7 * self.count

    @property
    @override
    def decoder_inputs(self) -> int:
        return 9 * self.count

    @property
    @override
    def prior(self) -> Density:
        mean = _anywhere(self.count, 4)
        return PowerSpherical(mean, jnp.zeros(self.count), antipodal=True)

    @override
    def posterior(self, raw: Float[Array, " encoder_outputs"]) -> Density:
        vectors, widths = jnp.split(raw, (6 * self.count,))
        mean = jax.vmap(_quaternion)(vectors.reshape(self.count, 2, 3))
        return PowerSpherical(mean, _concentration(widths, self.first_scale), antipodal=True)

    @override
    def features(self, z: Float[Array, " width"]) -> Float[Array, " decoder_inputs"]:
        return Rotation().features(normalized(z.reshape(self.count, 4))).ravel()

    @override
    def of_noise(self, noise: Float[Array, " width"]) -> Float[Array, " width"]:
        return normalized(noise.reshape(self.count, 4)).ravel()


def _concentration(raw: Float[Array, " k"], first_scale: float) -> Float[Array, " k"]:
    return 2 / bounded_scale(raw + math.log(first_scale), MIN_ANGULAR_SCALE) ** 2


def _anywhere(count: int, ambient: int) -> Float[Array, "count ambient"]:
    return normalized(jnp.ones((count, ambient)))


def _directions(toward: Float[Array, "k n"]) -> Float[Array, "k n"]:
    """Unit vectors along some vectors; the first axis where one is zero."""
    axis = jnp.eye(1, toward.shape[1], dtype=toward.dtype)
    return normalized(jnp.where(jnp.any(toward != 0, axis=1, keepdims=True), toward, axis))


def _quaternion(vectors: Float[Array, "2 3"]) -> Float[Array, " 4"]:
    """Of the rotation whose matrix has the two vectors, made orthonormal, as its first columns."""
    one = _directions(vectors[:1])[0]
    aside = vectors[1] - one * (one @ vectors[1])
    # Parallel vectors do not say which plane they mean.
    other = jnp.cross(one, jnp.eye(3, dtype=one.dtype)[jnp.argmin(jnp.abs(one))])
    parallel = jnp.sum(aside**2) <= jnp.finfo(one.dtype).eps ** 2 * jnp.sum(vectors[1] ** 2)
    two = normalized(jnp.where(parallel, other, aside))
    m = jnp.stack([one, two, jnp.cross(one, two)], axis=1)
    # Four times the products of its components; the row of the largest has the most digits.
    a, b, c = m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1]
    d, e, f = m[1, 0] + m[0, 1], m[2, 0] + m[0, 2], m[2, 1] + m[1, 2]
    x, y, z = m[0, 0], m[1, 1], m[2, 2]
    products = jnp.stack([
        jnp.stack([1 + x + y + z, a, b, c]),
        jnp.stack([a, 1 + x - y - z, d, e]),
        jnp.stack([b, d, 1 - x + y - z, f]),
        jnp.stack([c, e, f, 1 - x - y + z]),
    ])  # fmt: skip
    return normalized(products[jnp.argmax(jnp.diagonal(products))])
