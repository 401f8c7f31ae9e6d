"""Smooth flows on spheres, with volumes of the surface measure.

Rezende et al. 2020, "Normalizing flows on tori and spheres", section 2.2: a point of S^n is its
height along an axis and a point of S^(n-1) around it, down to an angle.
"""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.bijections.spline import (
    SMALLEST_BIN,
    Curve,
    Spline,
    choose_bin,
    evaluate_bin,
    invert_bin,
)
from energeia.contracts import Bijection, Condition
from energeia.nn.mlp import MLP

_TINY = 1e-20


class SphereSpline(Bijection):
    """A rotation of S^n, then splines of its heights and its angle; starts as a rotation.

    Heights h_1, h_2, ... in [-1, 1] and the angle are transformed by rational-quadratic splines,
    each given the heights before it and the condition. The slopes of heights are free at the poles,
    and parameters that depend on a height vanish with 1 - h^2, so the image of a smooth density is
    continuous at the poles, with its gradient. A rotation has no volume: stacked layers have their
    poles in different places. On S^2 heights and angles have the surface measure dh d(phi) of
    Archimedes; on S^n a height has the weight (1 - h^2)^((n-2)/2).
    """

    start: Frozen
    turn: Float[Array, "m m"]
    networks: tuple[MLP, ...]
    bins: int = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True)

    def __init__(
        self, n: int, *, bins: int, condition_size: int = 0, width: int, depth: int, key: PRNGKey
    ) -> None:
        keys = jax.random.split(key, n + 1)
        self.start = Frozen(jnp.linalg.qr(jax.random.normal(keys[n], (n + 1, n + 1)))[0])
        self.turn = jnp.zeros((n + 1, n + 1))
        # A spline of n heights and an angle has one slope at each end, or one and a rotation.
        self.networks = tuple(
            MLP(1 + k + condition_size, (1, 3 * bins + 1), width=width, depth=depth, key=keys[k])
            for k in range(n)
        )
        self.bins = bins
        self.condition_shape = (condition_size,) if condition_size else None

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (len(self.networks) + 1,)

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        return self._transform(self._rotation() @ x, condition, evaluate_bin)

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        x, log_det = self._transform(y, condition, invert_bin)
        return self._rotation().T @ x, log_det

    def _rotation(self) -> Array:
        """The Cayley transform of a skew-symmetric matrix, after a fixed rotation."""
        skew = self.turn - self.turn.T
        unit = jnp.eye(len(skew), dtype=skew.dtype)
        return jnp.linalg.solve(unit - skew, unit + skew) @ self.start.value.astype(skew.dtype)

    def _transform(self, x: Array, condition: Condition, curve: Curve) -> tuple[Array, Scalar]:
        """Heights from the first, each by the given curve; inputs are those of the data's side."""
        inputs = [jnp.ones(1, x.dtype)]
        if condition is not None:
            inputs.append(jnp.ravel(condition))
        log_det, around, radius, n = jnp.zeros((), x.dtype), jnp.ones((), x.dtype), 1.0, len(x) - 1
        new: list[Array] = []
        for k, network in enumerate(self.networks[:-1]):
            square = jnp.sum(x[: n - k] ** 2)
            whole = jnp.maximum(square + x[n - k] ** 2, _TINY)
            height, ring = x[n - k] / jnp.sqrt(whole), square / whole
            raw = around * network(jnp.concatenate(inputs))
            moved, slope = self._height(height, raw, curve)
            moved_ring = (1 - moved) * (1 + moved)
            weight = 0.5 * (n - k - 2)
            if weight:
                slope = slope + weight * (_log(moved_ring) - _log(ring))
            log_det = log_det + slope
            new.append(radius * moved)
            radius = radius * jnp.sqrt(jnp.maximum(moved_ring, _TINY))
            # Networks read the heights that both directions know.
            known, known_ring = (height, ring) if curve is evaluate_bin else (moved, moved_ring)
            inputs.append(known[None])
            around = around * known_ring
        raw = around * self.networks[-1](jnp.concatenate(inputs))
        angle, slope = self._angle(_angle_of(x), raw, curve)
        pair = radius * jnp.stack([jnp.cos(angle), jnp.sin(angle)])
        y = jnp.concatenate([pair, jnp.stack(new[::-1])]) if new else pair
        return y / jnp.sqrt(jnp.sum(y**2)), log_det + slope

    def _height(self, height: Array, raw: Array, curve: Curve) -> tuple[Array, Array]:
        """A spline of [-1, 1] onto itself and its log-slope."""
        unit = jnp.clip((height[None] + 1) / 2, 0.0, 1.0)
        ends = (raw[:, 3 * self.bins - 1], raw[:, 3 * self.bins])
        side = 0 if curve is evaluate_bin else 1
        chosen = choose_bin(unit, raw, self.bins, SMALLEST_BIN, ends, side)
        value, log_slope = curve(unit, chosen)
        return jnp.clip(2 * value[0] - 1, -1.0, 1.0), log_slope[0]

    def _angle(self, angle: Array, raw: Array, curve: Curve) -> tuple[Array, Array]:
        spline, circle = Spline(self.bins), jnp.ones(1, bool)
        apply = spline.forward if curve is evaluate_bin else spline.inverse
        moved, log_slope = apply(angle[None], raw, circle)
        return moved[0], log_slope[0]


def _log(square: Array) -> Array:
    return jnp.log(jnp.maximum(square, _TINY))


def _angle_of(x: Array) -> Array:
    """The angle of the first two numbers; at a pole, where it has none, zero."""
    away = x[0] ** 2 + x[1] ** 2 > _TINY
    return jnp.arctan2(jnp.where(away, x[1], 0.0), jnp.where(away, x[0], 1.0))
