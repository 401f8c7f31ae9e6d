"""Planar and radial layers: one direction, or one center, is stretched.

Rezende and Mohamed 2015, "Variational inference with normalizing flows", section 4.1.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Bijection, Condition

_BISECTIONS = {4: 32, 8: 60}
"""By the bytes of a number: until the bracket is as narrow as its rounding."""


class Planar(Bijection):
    """y = x + u tanh(w . x + b), log|det| = log(1 + (w . u) (1 - tanh^2)) (eqs. 10 to 12).

    u is kept at w . u > -1, where the map is invertible (their appendix A.1); b moves with a
    condition. The inverse solves a + (w . u) tanh(a + b) = w . y, increasing in a = w . x, by
    bisection and a last step of Newton's, which carries the gradient. Starts as the identity.

    >>> layer = Planar(jax.random.key(0), 3)
    >>> y, log_det = layer.forward(jnp.ones(3))
    >>> bool(jnp.allclose(y, 1.0, atol=1e-6)), round(float(log_det), 5)
    (True, 0.0)
    """

    direction: Float[Array, " d"]
    """w."""
    stretch: Float[Array, " d"]
    """u before it is kept invertible."""
    offset: Float[Array, ""]
    """b without a condition."""
    slope: Float[Array, " c"] | None
    """How b follows the condition."""
    condition_shape: tuple[int, ...] | None = eqx.field(static=True)

    def __init__(
        self, key: PRNGKey, dimension: int, condition_shape: tuple[int, ...] | None = None
    ) -> None:
        first, second = jax.random.split(key)
        w = jax.random.normal(first, (dimension,)) / np.sqrt(dimension)
        self.direction, self.offset = w, jax.random.normal(second, ())
        # softplus(w . u) = 1, where the map is the identity.
        self.stretch = w * (np.log(np.e - 1) / jnp.maximum(w @ w, 1e-6))
        self.condition_shape = condition_shape
        self.slope = jnp.zeros(condition_shape) if condition_shape else None

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.direction.shape[-1:]

    def _parts(self, condition: Condition) -> tuple[Array, Scalar, Scalar]:
        """u, w . u and b."""
        w, given = self.direction, self.direction @ self.stretch
        product = jax.nn.softplus(given) - 1.0
        u = self.stretch + (product - given) * w / jnp.maximum(w @ w, 1e-6)
        return u, w @ u, self.offset + _shift(self.slope, condition)

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        u, product, b = self._parts(condition)
        bend = jnp.tanh(self.direction @ x + b)
        return x + u * bend, jnp.log1p(product * (1.0 - bend**2))

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        u, product, b = self._parts(condition)
        bend = jnp.tanh(_solved(self.direction @ y, product, b) + b)
        return y - u * bend, -jnp.log1p(product * (1.0 - bend**2))


def _solved(wanted: Scalar, product: Scalar, b: Scalar) -> Scalar:
    """a with a + product tanh(a + b) = wanted."""

    def halve(ends: tuple[Array, Array], _: None) -> tuple[tuple[Array, Array], None]:
        low, high = ends
        middle = 0.5 * (low + high)
        above = middle + product * jnp.tanh(middle + b) > wanted
        return (jnp.where(above, low, middle), jnp.where(above, middle, high)), None

    reach = jnp.abs(product)
    steps = _BISECTIONS[jnp.asarray(wanted).dtype.itemsize]
    low, high = jax.lax.scan(halve, (wanted - reach, wanted + reach), None, length=steps)[0]
    a = jax.lax.stop_gradient(0.5 * (low + high))
    bend = jnp.tanh(a + b)
    return a - (a + product * bend - wanted) / (1.0 + product * (1.0 - bend**2))


class Radial(Bijection):
    """y = x + s (x - x_0) / (t + r), r = |x - x_0|, with t > 0 and s > -t (eqs. 13 and 14).

    log|det| = (d - 1) log(1 + s / (t + r)) + log(1 + s t / (t + r)^2). The center x_0 moves with a
    condition. The inverse is the positive root of a quadratic equation for r. Starts as the
    identity.

    >>> y, log_det = Radial(jax.random.key(0), 3).forward(jnp.ones(3))
    >>> bool(jnp.allclose(y, 1.0)), float(log_det)
    (True, 0.0)
    """

    center: Float[Array, " d"]
    """x_0 without a condition."""
    width: Float[Array, ""]
    """log t."""
    strength: Float[Array, ""]
    """log(1 + s / t)."""
    slope: Float[Array, "d c"] | None
    """How the center follows the condition."""
    condition_shape: tuple[int, ...] | None = eqx.field(static=True)

    def __init__(
        self, key: PRNGKey, dimension: int, condition_shape: tuple[int, ...] | None = None
    ) -> None:
        self.center = jax.random.normal(key, (dimension,))
        self.width = self.strength = jnp.zeros(())
        self.condition_shape = condition_shape
        self.slope = jnp.zeros((dimension, *condition_shape)) if condition_shape else None

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.center.shape[-1:]

    def _parts(self, condition: Condition) -> tuple[Array, Scalar, Scalar]:
        """x_0, t and s."""
        t = jnp.exp(self.width)
        return self.center + _shift(self.slope, condition), t, t * jnp.expm1(self.strength)

    def _log_det(self, r: Scalar, t: Scalar, s: Scalar) -> Scalar:
        around = (self.shape[0] - 1) * jnp.log1p(s / (t + r))
        return around + jnp.log1p(s * t / (t + r) ** 2)

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        center, t, s = self._parts(condition)
        r = _length(x - center)
        return x + s / (t + r) * (x - center), self._log_det(r, t, s)

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        center, t, s = self._parts(condition)
        away = y - center
        reach = _length(away)
        b = t + s - reach
        root = jnp.sqrt(b**2 + 4.0 * t * reach)
        # Each form cancels no digits on its side.
        safe = jnp.where(b > 0, b + root, 1.0)
        r = jnp.where(b > 0, 2.0 * t * reach / safe, 0.5 * (root - b))
        return center + away * (t + r) / (t + r + s), -self._log_det(r, t, s)


def _shift(slope: Array | None, condition: Condition) -> Array | float:
    return 0.0 if slope is None or condition is None else slope @ jnp.ravel(condition)


def _length(x: Float[Array, " d"]) -> Scalar:
    """|x|, with the gradient zero at zero."""
    square = jnp.sum(x**2)
    return jnp.where(square > 0, jnp.sqrt(jnp.where(square > 0, square, 1.0)), 0.0)
