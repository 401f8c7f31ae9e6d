"""Monotonic rational-quadratic splines, on the line and on the circle.

Durkan et al. 2019, "Neural spline flows", eqs. 4-8; Rezende et al. 2020, "Normalizing flows on
tori and spheres", section 2.1.2 for the circle.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float
from typing_extensions import override

from energeia._core.angles import wrap
from energeia.bijections.scalar import ScalarBijection

SMALLEST_BIN = 1e-3
"""Least width and height of a bin, as a fraction of the box, by default."""
SMALLEST_SLOPE = 1e-3
"""Least slope at a knot."""
_IDENTITY_SLOPE = math.log(
    math.expm1(1.0 - SMALLEST_SLOPE)
)  # softplus(_IDENTITY_SLOPE) + SMALLEST_SLOPE = 1


class Spline(ScalarBijection):
    """A spline with ``bins`` bins inside (-half_width, half_width), the identity outside.

    A number marked ``periodic`` is an angle in [-pi, pi): its spline has equal slopes at the two
    ends and is followed by a rotation. All-zero parameters give the identity.

    >>> import jax.numpy as jnp
    >>> spline = Spline(bins=8)
    >>> y, log_slope = spline.forward(jnp.array([0.3, 9.0]), jnp.zeros((2, 23)))
    >>> [round(float(v), 5) for v in y]
    [0.3, 9.0]
    """

    bins: int = eqx.field(static=True)
    half_width: float = eqx.field(static=True, default=5.0)
    smallest_bin: float = eqx.field(static=True, default=SMALLEST_BIN)

    def parameters(self, periodic: bool) -> int:
        """Widths, heights and slopes; for an angle also the slope at +-pi and a rotation."""
        return 3 * self.bins + (1 if periodic else -1)

    @override
    def forward(
        self,
        x: Float[Array, " n"],
        raw: Float[Array, "n p"],
        periodic: Bool[Array, " n"] | None = None,
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        if periodic is None:
            return self._in_box(x, raw, None, evaluate_bin)
        y, log_slope = self._in_box(jnp.where(periodic, wrap(x), x), raw, periodic, evaluate_bin)
        return jnp.where(periodic, wrap(y + raw[:, -1]), y), log_slope

    @override
    def inverse(
        self,
        y: Float[Array, " n"],
        raw: Float[Array, "n p"],
        periodic: Bool[Array, " n"] | None = None,
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        if periodic is None:
            return self._in_box(y, raw, None, invert_bin)
        y = jnp.where(periodic, wrap(y - raw[:, -1]), y)
        x, log_slope = self._in_box(y, raw, periodic, invert_bin)
        return jnp.where(periodic, wrap(x), x), log_slope

    def _in_box(
        self, u: Array, raw: Array, periodic: Array | None, curve: "Curve"
    ) -> tuple[Array, Array]:
        """Scale to the unit box, apply ``curve`` in the bin, scale back."""
        half = jnp.asarray(self.half_width, u.dtype)
        inside = jnp.abs(u) < half
        ends = None
        if periodic is not None:
            half, inside = jnp.where(periodic, jnp.pi, half), periodic | inside
            seam = jnp.where(periodic, raw[:, 3 * self.bins - 1], 0.0)
            ends = (seam, seam)
        # The outer ``where`` selects the value, the inner one keeps the gradient finite outside.
        unit = (jnp.where(inside, u, 0.0) + half) / (2 * half)
        side = 1 if curve is invert_bin else 0
        chosen = choose_bin(unit, raw, self.bins, self.smallest_bin, ends, side)
        value, log_slope = curve(unit, chosen)
        value = jnp.where(inside, 2 * half * value - half, u)
        return value, jnp.where(inside, log_slope, 0.0)


class Bin(NamedTuple):
    """One bin of each number in the unit box, and the slopes at its two knots."""

    left: Array
    bottom: Array
    width: Array
    height: Array
    slope_left: Array
    slope_right: Array


Curve = Callable[[Array, Bin], tuple[Array, Array]]


def choose_bin(
    unit: Array, raw: Array, bins: int, smallest: float, ends: tuple[Array, Array] | None, side: int
) -> Bin:
    """The bin that contains each number; only the slopes at its two knots are computed.

    ``ends`` are the raw slopes at the two ends, where they are not one; ``side`` is 0 to search by
    width, 1 by height.
    """
    logits = raw[:, : 2 * bins].reshape(-1, 2, bins)
    weights = jnp.exp(logits - jax.lax.stop_gradient(jnp.max(logits, axis=-1, keepdims=True)))
    norms = (1.0 - bins * smallest) / _total(weights)
    # The search uses the knots only to select a bin, so no gradient passes through it.
    searched = jax.lax.stop_gradient(weights[:, side] * norms[:, side, None])
    sums = jnp.matmul(searched, jnp.tri(bins - 1, bins, dtype=unit.dtype).T, precision="highest")
    index = jnp.arange(bins)
    n = jnp.sum(unit[:, None] >= sums + smallest * (index[:-1] + 1), axis=-1)
    corner = _total(jnp.where(index < n[:, None, None], weights, 0.0)) * norms
    corner = corner + smallest * n[:, None]
    size = jnp.take_along_axis(weights, n[:, None, None], axis=-1)[..., 0] * norms + smallest
    zero = jnp.zeros(len(raw), raw.dtype)
    first, last = (end[:, None] for end in ends or (zero, zero))
    slopes = jnp.concatenate([first, raw[:, 2 * bins : 3 * bins - 1], last], axis=-1)
    pair = jnp.take_along_axis(slopes, jnp.stack([n, n + 1], axis=-1), axis=-1)
    pair = jax.nn.softplus(pair + _IDENTITY_SLOPE) + SMALLEST_SLOPE
    return Bin(corner[:, 0], corner[:, 1], size[:, 0], size[:, 1], pair[:, 0], pair[:, 1])


def _total(values: Array) -> Array:
    """The sum over bins, as a product with ones: faster than a reduction on CPU."""
    ones = jnp.ones(values.shape[-1], values.dtype)
    return jnp.matmul(values, ones, precision="highest")


def evaluate_bin(x: Array, b: Bin) -> tuple[Array, Array]:
    """The spline and its log-slope (eqs. 4 and 5)."""
    s = b.height / b.width
    xi = (x - b.left) / b.width
    bend = b.slope_left + b.slope_right - 2 * s
    under = s + bend * xi * (1 - xi)
    y = b.bottom + b.height * (s * xi**2 + b.slope_left * xi * (1 - xi)) / under
    return y, _log_slope(s, xi, under, b)


def invert_bin(y: Array, b: Bin) -> tuple[Array, Array]:
    """The inverse spline and its log-slope (eqs. 6-8), in the root that does not cancel."""
    s = b.height / b.width
    rise = y - b.bottom
    bend = b.slope_left + b.slope_right - 2 * s
    quadratic = b.height * (s - b.slope_left) + rise * bend
    linear = b.height * b.slope_left - rise * bend
    square = linear**2 + 4 * quadratic * s * rise
    # The discriminant is positive; rounding alone may bring it to zero.
    xi = 2 * s * rise / (linear + jnp.sqrt(jnp.maximum(square, 1e-30)))
    under = s + bend * xi * (1 - xi)
    return b.left + b.width * xi, -_log_slope(s, xi, under, b)


def _log_slope(s: Array, xi: Array, under: Array, b: Bin) -> Array:
    over = b.slope_right * xi**2 + 2 * s * xi * (1 - xi) + b.slope_left * (1 - xi) ** 2
    return 2 * jnp.log(s) + jnp.log(over) - 2 * jnp.log(under)
