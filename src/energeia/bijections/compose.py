"""Compositions, inverses and stacks of bijections."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.shapes import one_of, require_leading_axis
from energeia._core.types import Scalar
from energeia.contracts import Bijection, Condition


class Chain(Bijection):
    """y = f_n(... f_2(f_1(x))): log-determinants add.

    Raises:
        InputError: if their shapes or those of their conditions differ, or there is none.

    >>> import jax.numpy as jnp
    >>> from energeia.bijections.elementwise import Affine, Reverse
    >>> chain = Chain((Affine(jnp.zeros(2), jnp.log(2.0) * jnp.ones(2)), Reverse((2,))))
    >>> [float(v) for v in chain.forward(jnp.array([1.0, 2.0]))[0]]
    [4.0, 2.0]
    """

    bijections: tuple[Bijection, ...]

    def __init__(self, bijections: Sequence[Bijection]) -> None:
        self.bijections = tuple(bijections)

    def __check_init__(self) -> None:
        shapes = [tuple(bijection.shape) for bijection in self.bijections]
        if len(set(shapes)) != 1:
            raise InputError(
                f"bijections of shapes {shapes} were chained: give at least one, all of one shape"
            )
        given = (b.condition_shape for b in self.bijections)
        conditions = {shape for shape in given if shape is not None}
        if len(conditions) > 1:
            raise InputError(
                f"bijections with conditions of shapes {sorted(conditions)} were chained, which "
                "share one condition: give all of them one shape"
            )

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.bijections[0].shape

    @property
    def condition_shape(self) -> tuple[int, ...] | None:
        """The shape of the condition that all of them share, or None."""
        shapes = [b.condition_shape for b in self.bijections if b.condition_shape is not None]
        return shapes[0] if shapes else None

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        total = jnp.zeros((), x.dtype)
        for bijection in self.bijections:
            x, log_det = bijection.forward(x, condition)
            total = total + log_det
        return x, total

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        total = jnp.zeros((), y.dtype)
        for bijection in reversed(self.bijections):
            y, log_det = bijection.inverse(y, condition)
            total = total + log_det
        return y, total

    @override
    def inverse_point(self, y: Array, condition: Condition = None) -> Array:
        for bijection in reversed(self.bijections):
            y = bijection.inverse_point(y, condition)
        return y


class Inverse(Bijection):
    """The inverse of a bijection."""

    bijection: Bijection

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.bijection.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.bijection.condition_shape

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        return self.bijection.inverse(x, condition)

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        return self.bijection.forward(y, condition)


class Stacked(Bijection):
    """A composition of bijections of equal structure, as a scan that is compiled once.

    ``layers`` is one bijection whose arrays have a leading axis of layers, as
    ``eqx.filter_vmap(build)(keys)`` makes it. ``unroll`` layers make one iteration of the scan:
    many where layers are cheap and the overhead of the loop is visible, one where compilation is
    expensive.
    """

    layers: Bijection
    unroll: int = eqx.field(static=True, default=1)

    def __check_init__(self) -> None:
        require_leading_axis("the layers", self.layers)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return one_of(self.layers).shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.layers.condition_shape

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        return self._scan(lambda layer, u: layer.forward(u, condition), x, reverse=False)

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        return self._scan(lambda layer, u: layer.inverse(u, condition), y, reverse=True)

    def _scan(self, apply: Any, u: Array, *, reverse: bool) -> tuple[Array, Scalar]:
        arrays, static = eqx.partition(self.layers, eqx.is_array)

        def step(carry: tuple[Array, Scalar], layer: Any) -> tuple[tuple[Array, Scalar], None]:
            value, total = carry
            value, log_det = apply(eqx.combine(layer, static), value)
            return (value, total + log_det), None

        start = (u, jnp.zeros((), u.dtype))
        return jax.lax.scan(step, start, arrays, reverse=reverse, unroll=self.unroll)[0]
