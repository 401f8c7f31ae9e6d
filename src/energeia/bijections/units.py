"""The coordinates of models: from the user's units and back, with the Jacobian.

Three coordinates of one configuration, each an array of shape ``(d,)``:

* ``x``: the user's values, or rows that were standardized on the host (``standardization``);
* ``y``: codes 0 .. K-1 in discrete columns; standardized, unconstrained reals in continuous ones;
* ``v``: reals everywhere, discrete columns dequantized by uniform noise.
"""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike, Bool, Float

from energeia._core.covariance import location_and_scale, mean_and_deviation
from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.standardization import Standardization
from energeia.support import Alphabet, Continuous, Factor, Real, Support


class Units(eqx.Module):
    """The change of coordinates of a support, standardized by a reference sample.

    Continuous columns go x -> chart -> (chart - location) / scale, see ``Factor.link``. An angle in
    [-pi, pi) is not standardized, so models may rely on its period being 2 pi, nor is a direction
    or a rotation, which stays a unit vector.

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
    def fit(
        cls, support: Support, reference: Float[Array, "rows d"], *, alike: bool = False
    ) -> "Units":
        """Standardize by the columns of ``reference``, rows in the user's units.

        With ``alike`` all columns have one location and one scale, as the pixels of an image do: a
        pixel that is dark in every training image would otherwise be far out in one where it is
        not.
        """
        count = support.linked.width
        bare = cls(support, Frozen(jnp.zeros(count)), Frozen(jnp.ones(count)))
        y = jax.vmap(lambda x: bare.encode(x)[0])(jnp.asarray(reference, dtype=float))
        chart = bare.coordinates
        sizes = np.asarray(chart.sizes)
        unscaled = np.array([c.name != "real" and not c.discrete for c in chart.columns])
        # Codes have no tails that could rule their moments.
        both = zip(mean_and_deviation(y), location_and_scale(y), strict=True)
        center, spread = (jnp.where(sizes > 0, *pair) for pair in both)
        # Dequantization adds the variance of a cell, 1/12. The floor is relative to the
        # column's size: a column of tiny numbers is not a constant one.
        fallback = jnp.where(spread > 0, spread, 1.0)
        scale = jnp.where(sizes > 0, jnp.sqrt(spread**2 + 1.0 / 12.0), fallback)
        location = center + jnp.where(sizes > 0, 0.5, 0.0)
        if alike:
            middle = jnp.mean(location)
            width = jnp.sqrt(jnp.mean(scale**2 + (location - middle) ** 2))
            location, scale = jnp.full(count, middle), jnp.full(count, width)
        return cls(
            support,
            Frozen(jnp.where(unscaled, 0.0, location)),
            Frozen(jnp.where(unscaled, 1.0, scale)),
        )

    def of_host(self, host: Standardization) -> "Units":
        """The same for rows that ``host`` has standardized, its Jacobian added."""
        return Units(self.support, self.location, self.scale, host)

    def without_host(self) -> "Units":
        """The same for rows in the user's units, with the scales of the host joined to these."""
        if self.host is None:
            return self
        kept = self.coordinates.discrete
        location = np.where(kept, 0.0, self.host.location)
        scale = np.where(kept, 1.0, self.host.scale)
        joined = joined_scales(self.location, self.scale, location, scale)
        return Units(self.host.support, *joined)

    @property
    def coordinates(self) -> Support:
        """What ``y`` is: codes of alphabets, angles, reals, and factors without a chart."""
        return self.support.linked

    @property
    def shape(self) -> tuple[int]:
        """The shape of one configuration in the user's units."""
        return (self.support.width,)

    @property
    def inner_shape(self) -> tuple[int]:
        """The shape of its coordinates ``y`` and ``v``."""
        return (self.coordinates.width,)

    def encode(self, x: Float[Array, " d"]) -> tuple[Float[Array, " c"], Scalar]:
        """``y`` and log |dy/dx| over the continuous columns, in the user's units.

        A value outside the support gives a log-determinant of -inf (zero density), never a NaN.
        """
        y, log_dets = self._encode_factors(x)
        return y, jnp.sum(log_dets)

    def encode_known(
        self, x: Float[Array, " d"], known: Bool[Array, " d"]
    ) -> tuple[Float[Array, " c"], Bool[Array, " c"], Scalar]:
        """``y``, which of its coordinates are known, and log |dy/dx| of the known factors alone.

        A factor is known where all its columns are; the others may hold anything, such as NaN.
        """
        y, log_dets = self._encode_factors(x)
        split, marks, factors = self.support.split(known), [], []
        for (_, given), (kind, each) in zip(split, self._charts, strict=True):
            whole = jnp.all(given.reshape(len(given), -1), axis=1)
            marks.append(jnp.repeat(whole, kind.width * each))
            factors.append(whole)
        counted = jnp.where(jnp.concatenate(factors), log_dets, 0.0)
        return y, jnp.concatenate(marks), jnp.sum(counted)

    def encode_errors(self, noise: Float[Array, " d"]) -> Float[Array, " c"]:
        """Standard errors of ``y`` from those of the columns; only real columns have some."""
        parts = []
        for factor, values in self.support.split(noise):
            none = jnp.zeros((len(values), *factor.coordinate_shape), noise.dtype)
            parts.append((values if isinstance(factor, Real) else none).ravel())
        return jnp.concatenate(parts) / self.scale.value

    @property
    def _charts(self) -> list[tuple[Factor, int]]:
        return [factor.linked for factor, _ in self.support.runs]

    def _encode_factors(
        self, x: Float[Array, " d"]
    ) -> tuple[Float[Array, " c"], Float[Array, " factors"]]:
        """``y`` and log |dy/dx| of each factor; -inf for a value outside the support."""
        host = None if self.host is None else _host_log_dets(self.host, x)
        parts, log_dets = [], []
        blocks = zip(self.support.split(x), self.coordinates.blocks, strict=True)
        for (factor, given), (start, stop, kind, _) in blocks:
            values, slope, valid = _to_chart(factor, given)
            if not factor.discrete and kind.width == 1:
                scale = self.scale.value[start:stop].astype(x.dtype)
                slope = slope - jnp.sum(jnp.log(scale).reshape(len(given), -1), axis=1)
                location = self.location.value[start:stop].astype(x.dtype)
                values = (values.reshape(-1) - location) / scale
            parts.append(values.reshape(-1))
            if host is not None:
                slope = slope + host[len(log_dets)]
            log_dets.append(jnp.where(valid, slope, -jnp.inf))
        return jnp.concatenate(parts), jnp.concatenate(log_dets)

    def decode(self, y: Float[Array, " c"]) -> Float[Array, " d"]:
        """The user's values of ``y``; codes are clipped to their alphabets."""
        return self._decode(y, _from_chart)

    def decode_mean(self, y: Float[Array, " c"]) -> Float[Array, " d"]:
        """The user's values of a mean of ``y``, which lies between the values of an alphabet."""
        return self._decode(y, _between)

    def _decode(self, y: Array, back: Callable[[Factor, Array], Array]) -> Array:
        t = jnp.where(self.coordinates.discrete, y, y * self.scale.value + self.location.value)
        parts = [back(factor, values) for factor, values in self.support.split_coordinates(t)]
        return jnp.concatenate([part.reshape(-1) for part in parts])

    def dequantize(self, key: PRNGKey, y: Float[Array, " d"]) -> tuple[Float[Array, " d"], Scalar]:
        """``v`` with discrete columns uniform in their cells, and log |dv/dw| of the scaling.

        p(code) = integral of p(v) over the cell, so log p(code) >= E[log p(v) + log_det].
        """
        noise = jax.random.uniform(key, y.shape, y.dtype)
        return self.scale_codes(y + jnp.where(self.coordinates.discrete, noise, 0.0))

    def scale_codes(self, w: Float[Array, " d"]) -> tuple[Float[Array, " d"], Scalar]:
        """``v`` of codes plus fractions in [0, 1), and the log-determinant."""
        discrete = self.coordinates.discrete
        scale, location = self.scale.value, self.location.value
        v = jnp.where(discrete, (w - location) / scale, w)
        return v, -jnp.sum(jnp.where(discrete, jnp.log(scale), 0.0))

    def quantize(self, v: Float[Array, " d"]) -> Float[Array, " d"]:
        """``y`` of ``v``: each discrete column is rounded down to its code, within its alphabet."""
        sizes = jnp.asarray(self.coordinates.sizes)
        code = jnp.floor(v * self.scale.value + self.location.value)
        code = jnp.clip(code, 0, jnp.maximum(sizes - 1, 0))
        return jnp.where(self.coordinates.discrete, code, v)


def joined_scales(
    location: Frozen, scale: Frozen, first_location: ArrayLike, first_scale: ArrayLike
) -> tuple[Frozen, Frozen]:
    """Location and scale of ((x - first_location) / first_scale - location) / scale."""
    dtype = location.array.dtype
    with np.errstate(over="ignore", under="ignore"):
        where = np.asarray(first_location) + np.asarray(first_scale) * np.asarray(location.array)
        how = np.asarray(first_scale) * np.asarray(scale.array)
        return Frozen(jnp.asarray(where.astype(dtype))), Frozen(jnp.asarray(how.astype(dtype)))


def _host_log_dets(host: Standardization, z: Array) -> list[Array]:
    """log |dz/dx| of each coordinate of rows that the host standardized, run by run."""
    parts = []
    location, scale = np.asarray(host.location), np.asarray(host.scale)
    blocks = zip(host.support.split_coordinates(z), host.standardized.blocks, strict=True)
    for (factor, values), (start, stop, kind, _) in blocks:
        total, constant = jnp.zeros(len(values), z.dtype), np.zeros(len(values))
        # Numbers that are their own chart may have scales beyond float32, and add nothing.
        if isinstance(factor, Continuous) and factor.linked[0] != factor:
            own = (part[start:stop].reshape(values.shape) for part in (scale, location))
            varying, fixed = factor.log_slope(values * next(own) + next(own))
            total, constant = total + varying, constant + fixed
        if not kind.discrete:
            constant = constant - np.log(scale[start:stop]).reshape(len(values), -1).sum(axis=1)
        # The coordinates of a chart share the log-determinant of their factor.
        each = factor.linked[1]
        parts.append(jnp.repeat((total + constant) / each, each))
    return parts


def _to_chart(factor: Factor, x: Array) -> tuple[Array, Any, Array]:
    """Coordinates or codes, the log-slope of each value, and which values are inside."""
    if isinstance(factor, Alphabet):
        alphabet = np.asarray(factor.values, float)
        code = _nearest(alphabet, x)
        near = jnp.asarray(alphabet, x.dtype)[code]
        # Values of an alphabet may come rounded to float32.
        inside = jnp.abs(x - near) <= 2.0**-22 * jnp.abs(near)
        return code.astype(x.dtype), jnp.zeros_like(x), inside
    assert isinstance(factor, Continuous)
    inside = factor.contains(x)
    if factor.anchor is not None:
        # A device takes a subnormal number for zero, which has no finite coordinate.
        finite = jnp.isfinite(factor.link(x))
        inside = inside & jnp.all(finite.reshape(*inside.shape, -1), axis=-1)
        kept = inside.reshape(inside.shape + (1,) * len(factor.shape))
        x = jnp.where(kept, x, jnp.asarray(factor.anchor, x.dtype))
    t = factor.link(x)
    varying, fixed = factor.log_slope(t)
    return t, varying + fixed, inside


def _nearest(alphabet: np.ndarray, x: Array) -> Array:
    """The index of the nearest value of an alphabet, by division where values are evenly spaced."""
    steps = np.diff(alphabet)
    if len(steps) and np.all(steps == steps[0]):
        place = jnp.round((x - alphabet[0]) / steps[0])
        return jnp.clip(jnp.where(jnp.isnan(x), 0, place), 0, len(steps)).astype(int)
    return jnp.argmin(jnp.abs(x[:, None] - jnp.asarray(alphabet, x.dtype)), axis=1)


def _from_chart(factor: Factor, t: Array) -> Array:
    if isinstance(factor, Alphabet):
        values = jnp.asarray(factor.values, t.dtype)
        return values[jnp.clip(jnp.round(t), 0, len(values) - 1).astype(int)]
    return factor.unlink(t)


def _between(factor: Factor, t: Array) -> Array:
    if isinstance(factor, Alphabet):
        values = jnp.asarray(factor.values, t.dtype)
        return jnp.interp(t, jnp.arange(len(values), dtype=t.dtype), values)
    return factor.unlink(t)
