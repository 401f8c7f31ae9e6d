"""The coordinates of models: from the user's units and back, with the Jacobian.

Three coordinates of one configuration, each an array of shape ``(d,)``:

* ``x``: the user's values, or rows that were standardized on the host (``standardization``);
* ``y``: codes 0 .. K-1 in discrete columns; standardized, unconstrained reals in continuous ones;
* ``v``: reals everywhere, discrete columns dequantized by uniform noise.
"""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Float

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.standardization import Standardization
from energeia.support import Circle, Column, Interval, Positive, Support


class Units(eqx.Module):
    """The change of coordinates of a support, standardized by a reference sample.

    Continuous columns go x -> link -> (link - location) / scale, with the link log for positive
    columns, logit for intervals and the identity for real ones. A circle is scaled to [-pi, pi)
    and not standardized, so models may rely on its period being 2 pi.

    >>> import jax, jax.numpy as jnp
    >>> from energeia.support import Positive, Support
    >>> units = Units.fit(Support(((Positive(), 2),)), jnp.array([[1.0, 2.0], [3.0, 5.0]]))
    >>> y, log_det = units.encode(jnp.array([1.0, 2.0]))
    >>> bool(jnp.allclose(units.decode(y), jnp.array([1.0, 2.0]), rtol=1e-5))
    True
    """

    support: Support = eqx.field(static=True)
    location: Frozen
    scale: Frozen
    host: Standardization | None = eqx.field(static=True, default=None)
    """How the host standardized the rows, whose Jacobian is then part of ``encode``."""

    @classmethod
    def fit(cls, support: Support, reference: Float[Array, "rows d"]) -> "Units":
        """Standardize by the columns of ``reference``, rows in the user's units."""
        bare = cls(
            support, Frozen(jnp.zeros(support.dimension)), Frozen(jnp.ones(support.dimension))
        )
        y = jax.vmap(lambda x: bare.encode(x)[0])(jnp.asarray(reference, dtype=float))
        sizes = np.asarray(support.sizes)
        circle = np.array([isinstance(c, Circle) for c in support.columns])
        center, spread = _moments(y)
        # Dequantization adds the variance of a cell, 1/12. The floor is relative to the
        # column's size: a column of tiny numbers is not a constant one.
        fallback = jnp.where(spread > 0, spread, 1.0)
        scale = jnp.where(sizes > 0, jnp.sqrt(spread**2 + 1.0 / 12.0), fallback)
        location = center + jnp.where(sizes > 0, 0.5, 0.0)
        return cls(
            support,
            Frozen(jnp.where(circle, 0.0, location)),
            Frozen(jnp.where(circle, 1.0, scale)),
        )

    def of_host(self, host: Standardization) -> "Units":
        """The same for rows that ``host`` has standardized, its Jacobian added."""
        return Units(self.support, self.location, self.scale, host)

    def without_host(self) -> "Units":
        """The same for rows in the user's units, with the scales of the host joined to these."""
        if self.host is None:
            return self
        kept = self.support.discrete
        location = np.where(kept, 0.0, self.host.location)
        scale = np.where(kept, 1.0, self.host.scale)
        joined = joined_scales(self.location, self.scale, location, scale)
        return Units(self.host.support, *joined)

    @property
    def shape(self) -> tuple[int]:
        """The shape of one configuration."""
        return (self.support.dimension,)

    def encode(self, x: Float[Array, " d"]) -> tuple[Float[Array, " d"], Scalar]:
        """``y`` and log |dy/dx| over the continuous columns, in the user's units.

        A value outside the support gives a log-determinant of -inf (zero density), never a NaN.
        """
        parts, total = [], jnp.zeros((), x.dtype)
        if self.host is not None:
            total = total + _host_log_det(self.host, x)
        inside = jnp.asarray(True)
        for start, stop, column in _slices(self.support):
            values, slope, valid = _to_line(column, x[start:stop])
            if not column.discrete:
                scale = self.scale.value[start:stop].astype(x.dtype)
                values = (values - self.location.value[start:stop].astype(x.dtype)) / scale
                total = total + jnp.sum(slope - jnp.log(scale))
            inside = inside & jnp.all(valid)
            parts.append(values)
        return jnp.concatenate(parts), jnp.where(inside, total, -jnp.inf)

    def decode(self, y: Float[Array, " d"]) -> Float[Array, " d"]:
        """The user's values of ``y``; codes are clipped to their alphabets."""
        parts = []
        for start, stop, column in _slices(self.support):
            values = y[start:stop]
            if not column.discrete:
                values = values * self.scale.value[start:stop] + self.location.value[start:stop]
            parts.append(_from_line(column, values))
        return jnp.concatenate(parts)

    def dequantize(self, key: PRNGKey, y: Float[Array, " d"]) -> tuple[Float[Array, " d"], Scalar]:
        """``v`` with discrete columns uniform in their cells, and log |dv/dw| of the scaling.

        p(code) = integral of p(v) over the cell, so log p(code) >= E[log p(v) + log_det].
        """
        noise = jax.random.uniform(key, y.shape, y.dtype)
        return self.scale_codes(y + jnp.where(self.support.discrete, noise, 0.0))

    def scale_codes(self, w: Float[Array, " d"]) -> tuple[Float[Array, " d"], Scalar]:
        """``v`` of codes plus fractions in [0, 1), and the log-determinant."""
        discrete = self.support.discrete
        scale, location = self.scale.value, self.location.value
        v = jnp.where(discrete, (w - location) / scale, w)
        return v, -jnp.sum(jnp.where(discrete, jnp.log(scale), 0.0))

    def quantize(self, v: Float[Array, " d"]) -> Float[Array, " d"]:
        """``y`` of ``v``: each discrete column is rounded down to its code, within its alphabet."""
        sizes = jnp.asarray(self.support.sizes)
        code = jnp.floor(v * self.scale.value + self.location.value)
        code = jnp.clip(code, 0, jnp.maximum(sizes - 1, 0))
        return jnp.where(self.support.discrete, code, v)


def joined_scales(
    location: Frozen, scale: Frozen, first_location: ArrayLike, first_scale: ArrayLike
) -> tuple[Frozen, Frozen]:
    """Location and scale of ((x - first_location) / first_scale - location) / scale."""
    dtype = location.array.dtype
    with np.errstate(over="ignore", under="ignore"):
        where = np.asarray(first_location) + np.asarray(first_scale) * np.asarray(location.array)
        how = np.asarray(first_scale) * np.asarray(scale.array)
        return Frozen(jnp.asarray(where.astype(dtype))), Frozen(jnp.asarray(how.astype(dtype)))


def _moments(y: Array) -> tuple[Array, Array]:
    """Mean and standard deviation of each column; squares of tiny numbers are no zeros."""
    size = jnp.max(jnp.abs(y), axis=0)
    size = jnp.where(size > 0, size, 1.0)
    center = size * jnp.mean(y / size, axis=0)
    widest = jnp.max(jnp.abs(y - center), axis=0)
    widest = jnp.where(widest > 0, widest, 1.0)
    return center, widest * jnp.sqrt(jnp.mean(((y - center) / widest) ** 2, axis=0))


def _host_log_det(host: Standardization, z: Array) -> Array:
    """log |dz/dx| of rows that the host standardized: a constant, and what the links add."""
    total, constant = jnp.zeros((), z.dtype), 0.0
    location, scale = np.asarray(host.location), np.asarray(host.scale)
    for start, stop, column in host.blocks:
        constant -= 0.0 if column.discrete else float(np.sum(np.log(scale[start:stop])))
        match column:
            case Positive():
                total = total - jnp.sum(z[start:stop] * scale[start:stop] + location[start:stop])
            case Interval(low, high):
                linked = z[start:stop] * scale[start:stop] + location[start:stop]
                total = total + jnp.sum(jax.nn.softplus(linked) + jax.nn.softplus(-linked))
                constant -= (stop - start) * float(np.log(high - low))
            case Circle(low, high):
                constant += (stop - start) * float(np.log(2 * np.pi / (high - low)))
            case _:
                pass
    return total + constant


def _slices(support: Support) -> list[tuple[int, int, Column]]:
    bounds = np.cumsum([0, *(count for _, count in support.runs)])
    return [
        (int(a), int(b), column)
        for a, b, (column, _) in zip(bounds[:-1], bounds[1:], support.runs, strict=True)
    ]


def _to_line(column: Column, x: Array) -> tuple[Array, Any, Array]:
    """The unconstrained value, the log-slope, and which values are inside."""
    if column.discrete:
        alphabet = np.asarray(column.values, float)  # pyright: ignore[reportAttributeAccessIssue]
        code = _nearest(alphabet, x)
        near = jnp.asarray(alphabet, x.dtype)[code]
        # Values of an alphabet may come rounded to float32.
        inside = jnp.abs(x - near) <= 2.0**-22 * jnp.abs(near)
        return code.astype(x.dtype), jnp.zeros_like(x), inside
    match column:
        case Positive():
            safe = jnp.where(x > 0, x, 1.0)
            return jnp.log(safe), -jnp.log(safe), x > 0
        case Interval(low, high):
            inside = (x > low) & (x < high)
            a = jnp.where(inside, x - low, 0.5 * (high - low))
            b = jnp.where(inside, high - x, 0.5 * (high - low))
            slope = jnp.log(high - low) - jnp.log(a) - jnp.log(b)
            return jnp.log(a) - jnp.log(b), slope, inside
        case Circle(low, high):
            rate = 2 * jnp.pi / (high - low)
            inside = (x >= low) & (x <= high)
            return (x - low) * rate - jnp.pi, jnp.full_like(x, jnp.log(rate)), inside
        case _:
            return x, jnp.zeros_like(x), jnp.isfinite(x)


def _nearest(alphabet: np.ndarray, x: Array) -> Array:
    """The index of the nearest value of an alphabet, by division where values are evenly spaced."""
    steps = np.diff(alphabet)
    if len(steps) and np.all(steps == steps[0]):
        place = jnp.round((x - alphabet[0]) / steps[0])
        return jnp.clip(jnp.where(jnp.isnan(x), 0, place), 0, len(steps)).astype(int)
    return jnp.argmin(jnp.abs(x[:, None] - jnp.asarray(alphabet, x.dtype)), axis=1)


def _from_line(column: Column, y: Array) -> Array:
    if column.discrete:
        values = jnp.asarray(column.values, y.dtype)  # pyright: ignore[reportAttributeAccessIssue]
        return values[jnp.clip(jnp.round(y), 0, len(values) - 1).astype(int)]
    match column:
        case Positive():
            return jnp.exp(y)
        case Interval(low, high):
            return low + (high - low) * jax.nn.sigmoid(y)
        case Circle(low, high):
            turn = jnp.mod(y + jnp.pi, 2 * jnp.pi) / (2 * jnp.pi)
            return low + (high - low) * turn
        case _:
            return y
