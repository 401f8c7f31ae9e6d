"""A plain function as an energy."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool

from energeia import support as supports
from energeia._core.errors import InputError
from energeia._core.types import Scalar
from energeia.contracts import Condition, Energy
from energeia.support import Support


class FunctionEnergy(Energy):
    """E(x) = function(x), or function(x, condition) where there is a condition; made by ``energy``.

    Outside ``support`` the energy is infinite. A function is part of the structure, so that calls
    compiled for one are not used for another; the arrays of a callable module are traced.
    """

    arrays: Any
    static: Any = eqx.field(static=True)
    shape: tuple[int, ...] = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True)
    support: Support | None = eqx.field(static=True)

    @property
    def function(self) -> Callable[..., Any]:
        """The function of one configuration."""
        return eqx.combine(self.arrays, self.static)

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """The function's value in nats; infinite outside the support."""
        given = () if self.condition_shape is None else (condition,)
        if self.support is None:
            return jnp.asarray(self.function(x, *given), x.dtype)
        inside = inside_support(self.support, x)
        value = jnp.asarray(self.function(x, *given), x.dtype)
        return jnp.where(inside, value, jnp.inf)


def energy(
    function: Callable[..., Any],
    shape: int | tuple[int, ...],
    support: str | Support | None = None,
    *,
    condition_shape: int | tuple[int, ...] | None = None,
) -> FunctionEnergy:
    """A function of one configuration as an ``Energy``, for every kernel and estimator.

    Args:
        function: E(x) in nats, with p(x) = exp(-E(x)) / Z; one configuration in, one real number
            out, written with ``jax.numpy``. With ``condition_shape`` it takes (x, condition).
        shape: the shape of one configuration; an integer d stands for ``(d,)``.
        support: where the energy is finite, as ``"0: positive; 1: interval(0,2)"`` or a
            ``Support``; everywhere by default. Columns are continuous.
        condition_shape: the shape of one condition, or None.

    Raises:
        InputError: if the function cannot be traced by JAX, or returns anything but one real
            number; or for a support that cannot be read, or of another dimension.

    >>> import jax, jax.numpy as jnp
    >>> ring = energy(lambda x: 8.0 * (jnp.linalg.norm(x) - 2.0) ** 2, 2)
    >>> round(float(ring.energy(jnp.array([3.0, 0.0]))), 3), ring.force(jnp.array([3.0, 0.0])).shape
    (8.0, (2,))
    >>> energy(lambda x: x**2, 2)
    Traceback (most recent call last):
    ...
    energeia._core.errors.InputError: the energy returned shape (2,) and dtype float32 for x of \
shape (2,) where one real number is wanted: sum over the axes of x
    """
    shape = _shape(shape)
    condition_shape = None if condition_shape is None else _shape(condition_shape)
    arrays, static = eqx.partition(function, eqx.is_array)
    made = FunctionEnergy(arrays, static, shape, condition_shape, _support(support, shape))
    _require_one_number(function, shape, condition_shape)
    return made


def _shape(shape: int | tuple[int, ...]) -> tuple[int, ...]:
    return (shape,) if isinstance(shape, int) else tuple(shape)


def _support(support: str | Support | None, shape: tuple[int, ...]) -> Support | None:
    if support is None:
        return None
    if len(shape) != 1:
        raise InputError(
            f"a support was given for configurations of shape {shape}, and names columns: "
            "flatten them to one axis"
        )
    free = Support.of([supports.Real()] * shape[0])
    found = supports.parse(support, free) if isinstance(support, str) else support
    if found.width != shape[0] or not found.all_continuous:
        raise InputError(
            f"the support {found} was given for {shape[0]} columns of reals: give one of real, "
            "positive, interval, circle, sphere, rotation and simplex for each"
        )
    return found


def _require_one_number(
    function: Callable[..., Any], shape: tuple[int, ...], condition_shape: tuple[int, ...] | None
) -> None:
    shapes = [shape] if condition_shape is None else [shape, condition_shape]
    inputs = [jax.ShapeDtypeStruct(s, jnp.result_type(float)) for s in shapes]
    try:
        out = eqx.filter_eval_shape(function, *inputs)
    except (TypeError, jax.errors.JAXTypeError) as problem:
        raise InputError(
            f"the energy cannot be traced by JAX ({str(problem).splitlines()[0]}): write it with "
            f"jax.numpy, as a function of {'x' if condition_shape is None else '(x, condition)'}"
        ) from problem
    if isinstance(out, int | float):
        return
    if isinstance(out, jax.ShapeDtypeStruct):
        if out.shape == () and jnp.issubdtype(out.dtype, jnp.floating):
            return
        found = f"shape {out.shape} and dtype {out.dtype}"
    else:
        found = type(out).__name__
    raise InputError(
        f"the energy returned {found} for x of shape {shape} where one real number is wanted: "
        "sum over the axes of x"
    )


def inside_support(support: Support, x: Array) -> Bool[Array, ""]:
    """Whether every factor of a flat configuration is in its set."""
    return jnp.all(jnp.stack([jnp.all(f.contains(values)) for f, values in support.split(x)]))
