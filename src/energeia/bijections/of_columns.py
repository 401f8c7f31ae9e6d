"""Bijections of some columns, given the others; stacks of them for supports with directions."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from typing_extensions import override

from energeia._core.shapes import require_same_shape
from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.compose import Chain, Stacked
from energeia.bijections.scalar import ScalarBijection
from energeia.bijections.sphere import SphereSpline
from energeia.bijections.split import SplitCoupling
from energeia.contracts import Bijection, Condition
from energeia.nn.fourier import fourier_features
from energeia.support import Support


class OfColumns(Bijection):
    """``inner`` transforms some columns, and its condition are features of all the others.

    ``support`` is that of the coordinates: reals enter with their sines and cosines at ``octaves``
    octaves, angles by sines and cosines alone, directions and rotations by ``Factor.features``.
    """

    inner: Bijection
    support: Support = eqx.field(static=True)
    columns: tuple[int, ...] = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)
    octaves: int = eqx.field(static=True, default=0)

    def __check_init__(self) -> None:
        require_same_shape("a bijection", self.inner.shape, "columns", (len(self.columns),))

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (self.support.width,)

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        index = jnp.asarray(self.columns)
        y, log_det = self.inner.forward(x[index], self._given(x, condition))
        return x.at[index].set(y), log_det

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        index = jnp.asarray(self.columns)
        x, log_det = self.inner.inverse(y[index], self._given(y, condition))
        return y.at[index].set(x), log_det

    def _given(self, u: Array, condition: Condition) -> Condition:
        inputs = features_of_others(self.support, self.columns, u, self.octaves)
        if condition is not None:
            inputs = jnp.concatenate([inputs, jnp.ravel(condition)])
        return inputs if inputs.size else None


def features_of_others(support: Support, columns: tuple[int, ...], u: Array, octaves: int) -> Array:
    """The inputs that the other columns give to a network."""
    parts = [u[:0]]
    for start, stop, factor, _ in support.blocks:
        kept = [i for i in range(start, stop) if i not in columns]
        if not kept:
            continue
        values = u[jnp.asarray(kept)]
        if factor.name == "circle":
            parts.append(fourier_features(values, max(octaves, 1)))
        elif factor.width == 1:
            parts += [values, fourier_features(values, octaves)]
        else:
            parts.append(factor.features(values.reshape(-1, factor.width)).ravel())
    return jnp.concatenate(parts)


def factor_stack(
    transformer: ScalarBijection,
    layers: int,
    support: Support,
    *,
    bins: int,
    condition_shape: tuple[int, ...] | None = None,
    octaves: int = 0,
    width: int = 64,
    depth: int = 2,
    key: PRNGKey,
) -> Stacked:
    """Equal layers for supports with directions or rotations, beside columns of single numbers.

    A layer transforms each direction given all other columns, then the single numbers, of which two
    couplings change one half each, given the directions.

    >>> from energeia.bijections import Spline
    >>> from energeia.support import Real, Sphere
    >>> support = Support.of([Sphere(2), Real()])
    >>> stack = factor_stack(Spline(8), 2, support, bins=8, key=jax.random.key(0))
    >>> stack.forward(jnp.array([0.0, 0.6, 0.8, 1.0]))[0].shape
    (4,)
    """
    conditions = 0 if condition_shape is None else int(np.prod(condition_shape))
    single = tuple(i for i, factor in enumerate(support.columns) if factor.width == 1)
    periodic = tuple(support.columns[i].name == "circle" for i in single)

    def given(columns: tuple[int, ...]) -> int:
        u = jax.ShapeDtypeStruct((support.width,), jnp.result_type(float))
        seen = jax.eval_shape(lambda u: features_of_others(support, columns, u, octaves), u)
        return seen.size + conditions

    def of(inner: Bijection, columns: tuple[int, ...]) -> OfColumns:
        return OfColumns(inner, support, columns, condition_shape, octaves)

    def sphere(key: PRNGKey, columns: tuple[int, ...]) -> OfColumns:
        inner = SphereSpline(
            len(columns) - 1, bins=bins, condition_size=given(columns), width=width, depth=depth,
            key=key,
        )  # fmt: skip
        return of(inner, columns)

    def coupling(key: PRNGKey, order: Array) -> OfColumns:
        size = given(single)
        inner = SplitCoupling(
            order, transformer, periodic=periodic, condition_shape=(size,) if size else None,
            octaves=octaves, width=width, depth=depth, key=key,
        )  # fmt: skip
        return of(inner, single)

    @eqx.filter_vmap
    def build(key: PRNGKey) -> Chain:
        directions = _directions(support)
        keys = jax.random.split(key, len(directions) + 3)
        parts = [sphere(k, columns) for k, columns in zip(keys[3:], directions, strict=True)]
        if single:
            order = jax.random.permutation(keys[0], len(single))
            parts.append(coupling(keys[1], order))
        if len(single) > 1:
            parts.append(coupling(keys[2], order[::-1]))
        return Chain(parts)

    return Stacked(build(jax.random.split(key, layers)))


def _directions(support: Support) -> list[tuple[int, ...]]:
    """The columns of each factor of several numbers."""
    found = []
    for start, stop, factor, _ in support.blocks:
        if factor.width > 1:
            found += [tuple(range(i, i + factor.width)) for i in range(start, stop, factor.width)]
    return found
