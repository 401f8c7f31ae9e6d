"""Paths from noise to data, and the velocities that are learned along them."""

import math
from collections.abc import Callable
from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
from jax.scipy.stats import norm
from jaxtyping import Array
from typing_extensions import override

from energeia._core.angles import wrap
from energeia._core.types import Scalar
from energeia.bijections.continuous import VectorField
from energeia.contracts import Condition
from energeia.nn.timed import NegativeGradient, TimedNet


class NoisePath(NamedTuple):
    """x(t) = alpha(t) x_1 + sigma(t) x_0 from noise x_0 at t = 0 to data x_1 at t = 1."""

    alpha: Callable[[Scalar], Scalar]
    sigma: Callable[[Scalar], Scalar]
    time: Callable[[Scalar], Scalar]
    """Quantile function of the times that are trained on."""

    def at(self, t: Scalar) -> tuple[Scalar, Scalar, Scalar, Scalar]:
        """alpha, sigma and their derivatives."""
        one = jnp.ones_like(t)
        alpha, d_alpha = jax.jvp(self.alpha, (t,), (one,))
        sigma, d_sigma = jax.jvp(self.sigma, (t,), (one,))
        return alpha, sigma, d_alpha, d_sigma


def _uniform(u: Scalar) -> Scalar:
    return u


def _sine(t: Scalar) -> Scalar:
    return jnp.sin(0.5 * math.pi * t)


def _cosine(t: Scalar) -> Scalar:
    return jnp.cos(0.5 * math.pi * t)


def _logarithmic(u: Scalar) -> Scalar:
    """Times at which log(sigma / alpha) is normal, of mean -1.2 and deviation 1.2."""
    ratio = jnp.exp(1.2 * norm.ppf(jnp.clip(u, 1e-6, 1 - 1e-6)) - 1.2)
    return 1.0 - 2 / math.pi * jnp.arctan(ratio)


def _log_remaining(t: Scalar) -> Scalar:
    """log alpha of noise at the rate .1 + 19.9 s, s = 1 - t."""
    s = 1.0 - t
    return -0.25 * s**2 * 19.9 - 0.05 * s


PATHS: dict[str, NoisePath] = {
    "linear": NoisePath(lambda t: t, lambda t: 1.0 - t, _uniform),
    "trigonometric": NoisePath(_sine, _cosine, _uniform),
    "variance-preserving": NoisePath(
        lambda t: jnp.exp(_log_remaining(t)),
        lambda t: jnp.sqrt(jnp.maximum(-jnp.expm1(2 * _log_remaining(t)), 1e-12)),
        _uniform,
    ),
    "edm": NoisePath(_sine, _cosine, _logarithmic),
}
"""The straight path (Lipman et al. 2023, arXiv:2210.02747, with no noise left at the data), the
trigonometric one (Albergo and Vanden-Eijnden 2023, arXiv:2209.15571, sec. 3), the variance-
preserving one (Song et al. 2021, arXiv:2011.13456, eq. 33), and the trigonometric one trained at
the noise levels of Karras et al. 2022 (arXiv:2206.00364, table 1)."""


class PathField(VectorField):
    """v(t, x) = (alpha alpha' + sigma sigma') / s^2 x + (alpha' sigma - alpha sigma') / s F, with
    s^2 = alpha^2 + sigma^2 and F = network(t, x / s).

    The velocity of a path is E[x'(t) | x(t)], and F is then the mean of (sigma x_1 - alpha x_0) / s
    (Karras et al. 2022, eq. 7, with data of variance one). For independent standard normal data and
    noise it is zero, so a network that is zero makes the map the identity between them. All paths
    of normal noise have this F in common, as a function of sigma / alpha: they differ in how often
    each noise level is trained on, and in the equation that is solved.

    An angle goes the shorter way round from its noise, uniform on the circle: F is its velocity.
    """

    network: TimedNet | NegativeGradient
    path: str = eqx.field(static=True)
    periodic: tuple[bool, ...] = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (len(self.periodic),)

    @override
    def velocity(self, t: Scalar, x: Array, condition: Condition = None) -> Array:
        alpha, sigma, d_alpha, d_sigma = PATHS[self.path].at(jnp.asarray(t, x.dtype))
        size = jnp.sqrt(alpha**2 + sigma**2)
        angle = jnp.asarray(self.periodic)
        out = self.network(t, jnp.where(angle, x, x / size), condition)
        drift = (alpha * d_alpha + sigma * d_sigma) / size**2
        line = drift * x + (d_alpha * sigma - alpha * d_sigma) / size * out
        return jnp.where(angle, out, line)

    def squared_error(
        self, t: Scalar, noise: Array, data: Array, condition: Condition = None
    ) -> Scalar:
        """|F - F*|^2 of one pair at one time, summed over columns."""
        alpha, sigma, _, _ = PATHS[self.path].at(t)
        size = jnp.sqrt(alpha**2 + sigma**2)
        angle, turn = jnp.asarray(self.periodic), wrap(data - noise)
        x = jnp.where(angle, wrap(noise + t * turn), (alpha * data + sigma * noise) / size)
        wanted = jnp.where(angle, turn, (sigma * data - alpha * noise) / size)
        return jnp.sum((self.network(t, x, condition) - wanted) ** 2)


class NetworkField(VectorField):
    """v(t, x) is what a network says, zero at first."""

    network: TimedNet
    periodic: tuple[bool, ...] = eqx.field(static=True)
    condition_shape: tuple[int, ...] | None = eqx.field(static=True, default=None)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (len(self.periodic),)

    @override
    def velocity(self, t: Scalar, x: Array, condition: Condition = None) -> Array:
        return self.network(jnp.asarray(t, x.dtype), x, condition)
