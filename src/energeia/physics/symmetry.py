"""Finite groups of volume-preserving maps of a configuration."""

import math
from abc import abstractmethod

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float, Int
from typing_extensions import override

from energeia._core.errors import InputError, NoSuchCapability
from energeia._core.shapes import require_same_shape
from energeia._core.types import PRNGKey


class SymmetryGroup(eqx.Module):
    """A finite group of maps of flat configurations; every map preserves volume."""

    @property
    @abstractmethod
    def dimension(self) -> int:
        """The number of columns of a configuration."""

    @property
    @abstractmethod
    def order(self) -> int:
        """The number of elements."""

    @abstractmethod
    def apply(self, index: Int[Array, ""] | int, x: Float[Array, " d"]) -> Float[Array, " d"]:
        """Element ``index`` of the group, 0 (the identity) to ``order - 1``, acting on x."""

    @abstractmethod
    def apply_inverse(
        self, index: Int[Array, ""] | int, x: Float[Array, " d"]
    ) -> Float[Array, " d"]:
        """The inverse of element ``index``, acting on x."""

    @abstractmethod
    def moved_sites(self, index: Int[Array, ""] | int, marks: Array) -> Array:
        """Marks of sites, moved as element ``index`` moves the sites, whatever it does to values.

        Raises:
            NoSuchCapability: for maps that mix the values of several sites.
        """

    @abstractmethod
    def in_frame(self, location: ArrayLike, scale: ArrayLike) -> "SymmetryGroup":
        """The same maps of z = (x - location) / scale, where this group acts on x."""

    def random(self, key: PRNGKey, x: Float[Array, " d"]) -> Float[Array, " d"]:
        """A uniformly drawn element acting on x."""
        return self.apply(jax.random.randint(key, (), 0, self.order), x)


class Flip(SymmetryGroup):
    """x -> total - x, its own inverse: the exchange of two values of sum ``total``, column by
    column. A sign flip has the total zero.

    >>> import jax.numpy as jnp
    >>> Flip((0.0, 0.0)).apply(1, jnp.array([1.0, -2.0])).tolist()
    [-1.0, 2.0]
    """

    total: tuple[float, ...] = eqx.field(static=True)

    @property
    def dimension(self) -> int:
        """The number of columns."""
        return len(self.total)

    @property
    def order(self) -> int:
        """Two."""
        return 2

    @override
    def apply(self, index: Int[Array, ""] | int, x: Float[Array, " d"]) -> Float[Array, " d"]:
        return jnp.where(index == 1, jnp.asarray(self.total, x.dtype) - x, x)

    @override
    def apply_inverse(
        self, index: Int[Array, ""] | int, x: Float[Array, " d"]
    ) -> Float[Array, " d"]:
        return self.apply(index, x)

    @override
    def moved_sites(self, index: Int[Array, ""] | int, marks: Array) -> Array:
        return marks

    @override
    def in_frame(self, location: ArrayLike, scale: ArrayLike) -> "Flip":
        # In double precision on the host: a large location would lose the digits of a total.
        found = (np.asarray(self.total) - 2 * np.asarray(location)) / np.asarray(scale)
        return Flip(tuple(found.tolist()))


class PlaneRotations(SymmetryGroup):
    """Rotations of the plane of two columns about ``center`` by multiples of 2 pi / ``turns``.

    >>> import jax.numpy as jnp
    >>> PlaneRotations(4).apply(2, jnp.array([1.0, 2.0])).round(5).tolist()
    [-1.0, -2.0]
    """

    turns: int = eqx.field(static=True)
    center: tuple[float, float] = eqx.field(static=True, default=(0.0, 0.0))

    @property
    def dimension(self) -> int:
        """Two."""
        return 2

    @property
    def order(self) -> int:
        """The number of rotations."""
        return self.turns

    @override
    def apply(self, index: Int[Array, ""] | int, x: Float[Array, " d"]) -> Float[Array, " d"]:
        angle = jnp.asarray(2 * math.pi / self.turns * index, x.dtype)
        cosine, sine = jnp.cos(angle), jnp.sin(angle)
        center = jnp.asarray(self.center, x.dtype)
        a, b = x - center
        return center + jnp.stack([cosine * a - sine * b, sine * a + cosine * b])

    @override
    def apply_inverse(
        self, index: Int[Array, ""] | int, x: Float[Array, " d"]
    ) -> Float[Array, " d"]:
        return self.apply(-jnp.asarray(index), x)

    @override
    def moved_sites(self, index: Int[Array, ""] | int, marks: Array) -> Array:
        raise NoSuchCapability(
            "a rotation mixes the columns of a plane, so that no part of a configuration stays "
            "known under it: train without symmetrize=mixture"
        )

    @override
    def in_frame(self, location: ArrayLike, scale: ArrayLike) -> SymmetryGroup:
        where, size = np.asarray(location, float), np.asarray(scale, float)
        if size[0] != size[1]:
            return InFrame(self, tuple(where.tolist()), tuple(size.tolist()))
        a, b = (np.asarray(self.center) - where) / size
        return PlaneRotations(self.turns, (float(a), float(b)))


class Product(SymmetryGroup):
    """Every map of ``second`` followed by every map of ``first``; a group where they commute.

    >>> Product(Flip((0.0, 0.0)), PlaneRotations(3)).order
    6
    """

    first: SymmetryGroup
    second: SymmetryGroup

    def __check_init__(self) -> None:
        one, two = (self.first.dimension,), (self.second.dimension,)
        require_same_shape("a group of columns", one, "another group of columns", two)

    @property
    def dimension(self) -> int:
        """The number of columns."""
        return self.first.dimension

    @property
    def order(self) -> int:
        """The product of both orders."""
        return self.first.order * self.second.order

    @override
    def apply(self, index: Int[Array, ""] | int, x: Float[Array, " d"]) -> Float[Array, " d"]:
        one, two = jnp.divmod(jnp.asarray(index), self.second.order)
        return self.first.apply(one, self.second.apply(two, x))

    @override
    def apply_inverse(
        self, index: Int[Array, ""] | int, x: Float[Array, " d"]
    ) -> Float[Array, " d"]:
        one, two = jnp.divmod(jnp.asarray(index), self.second.order)
        return self.second.apply_inverse(two, self.first.apply_inverse(one, x))

    @override
    def moved_sites(self, index: Int[Array, ""] | int, marks: Array) -> Array:
        one, two = jnp.divmod(jnp.asarray(index), self.second.order)
        return self.first.moved_sites(one, self.second.moved_sites(two, marks))

    @override
    def in_frame(self, location: ArrayLike, scale: ArrayLike) -> "Product":
        return Product(self.first.in_frame(location, scale), self.second.in_frame(location, scale))


class InFrame(SymmetryGroup):
    """The maps of ``inner`` on z = (x - location) / scale, by way of x."""

    inner: SymmetryGroup
    location: tuple[float, ...] = eqx.field(static=True)
    scale: tuple[float, ...] = eqx.field(static=True)

    @property
    def dimension(self) -> int:
        """The number of columns."""
        return self.inner.dimension

    @property
    def order(self) -> int:
        """That of the inner group."""
        return self.inner.order

    @override
    def apply(self, index: Int[Array, ""] | int, x: Float[Array, " d"]) -> Float[Array, " d"]:
        where, size = jnp.asarray(self.location, x.dtype), jnp.asarray(self.scale, x.dtype)
        return (self.inner.apply(index, x * size + where) - where) / size

    @override
    def apply_inverse(
        self, index: Int[Array, ""] | int, x: Float[Array, " d"]
    ) -> Float[Array, " d"]:
        where, size = jnp.asarray(self.location, x.dtype), jnp.asarray(self.scale, x.dtype)
        return (self.inner.apply_inverse(index, x * size + where) - where) / size

    @override
    def moved_sites(self, index: Int[Array, ""] | int, marks: Array) -> Array:
        return self.inner.moved_sites(index, marks)

    @override
    def in_frame(self, location: ArrayLike, scale: ArrayLike) -> "InFrame":
        own, size = np.asarray(self.location), np.asarray(self.scale)
        where = own + size * np.asarray(location)
        size = size * np.asarray(scale)
        return InFrame(self.inner, tuple(where.tolist()), tuple(size.tolist()))


def require_real(name: str, kinds: tuple[str, ...]) -> None:
    """Refuse a map of reals where there are other columns.

    Raises:
        InputError: naming the kinds found.
    """
    if kinds != ("real",):
        raise InputError(
            f"{name} acts on real columns only, and these are {' and '.join(kinds)}: leave it out"
        )
