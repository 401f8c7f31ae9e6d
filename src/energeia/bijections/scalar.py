"""Invertible maps of single numbers, whose parameters a network provides."""

from abc import abstractmethod

import equinox as eqx
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float
from typing_extensions import override

from energeia._core.angles import wrap
from energeia._core.errors import InputError


class ScalarBijection(eqx.Module):
    """n invertible elementwise maps of the line or circle; zero parameters give the identity."""

    @abstractmethod
    def parameters(self, periodic: bool) -> int:
        """The number of parameters for each number; ``periodic`` if any of them is an angle."""

    @abstractmethod
    def forward(
        self,
        x: Float[Array, " n"],
        raw: Float[Array, "n p"],
        periodic: Bool[Array, " n"] | None = None,
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """y and log dy/dx of each number."""

    @abstractmethod
    def inverse(
        self,
        y: Float[Array, " n"],
        raw: Float[Array, "n p"],
        periodic: Bool[Array, " n"] | None = None,
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        """x and log dx/dy of each number."""


class AffineScalar(ScalarBijection):
    """y = exp(s) x + t with s = bound tanh(raw / bound), so that slopes stay within e^(+-bound).

    Dinh et al. 2017, "Density estimation using Real NVP", eq. 7.

    Raises:
        InputError: for angles, since an affine map is not periodic.

    >>> import jax.numpy as jnp
    >>> y, log_slope = AffineScalar().forward(jnp.ones(1), jnp.array([[0.0, 2.0]]))
    >>> float(y[0]), float(log_slope[0])
    (3.0, 0.0)
    """

    bound: float = eqx.field(static=True, default=3.0)

    def parameters(self, periodic: bool) -> int:
        """A log-scale and a shift."""
        if periodic:
            raise InputError(
                "an affine map is not periodic, as a map of an angle must be: use a spline"
            )
        return 2

    @override
    def forward(
        self,
        x: Float[Array, " n"],
        raw: Float[Array, "n p"],
        periodic: Bool[Array, " n"] | None = None,
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        log_scale = self.bound * jnp.tanh(raw[:, 0] / self.bound)
        return x * jnp.exp(log_scale) + raw[:, 1], log_scale

    @override
    def inverse(
        self,
        y: Float[Array, " n"],
        raw: Float[Array, "n p"],
        periodic: Bool[Array, " n"] | None = None,
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        log_scale = self.bound * jnp.tanh(raw[:, 0] / self.bound)
        return (y - raw[:, 1]) * jnp.exp(-log_scale), -log_scale


class ShiftScalar(ScalarBijection):
    """y = x + t, around the circle for angles; volume-preserving.

    Dinh et al. 2015, "NICE", eq. 14.

    >>> import jax.numpy as jnp
    >>> y, log_slope = ShiftScalar().forward(jnp.ones(1), jnp.array([[2.0]]))
    >>> float(y[0]), float(log_slope[0])
    (3.0, 0.0)
    """

    def parameters(self, periodic: bool) -> int:
        """The shift."""
        return 1

    @override
    def forward(
        self,
        x: Float[Array, " n"],
        raw: Float[Array, "n p"],
        periodic: Bool[Array, " n"] | None = None,
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        moved = x + raw[:, 0]
        if periodic is not None:
            moved = jnp.where(periodic, wrap(moved), moved)
        return moved, jnp.zeros_like(x)

    @override
    def inverse(
        self,
        y: Float[Array, " n"],
        raw: Float[Array, "n p"],
        periodic: Bool[Array, " n"] | None = None,
    ) -> tuple[Float[Array, " n"], Float[Array, " n"]]:
        return self.forward(y, -raw, periodic)
