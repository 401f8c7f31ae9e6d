"""The free scalar field on a periodic square lattice: a Gaussian with everything known exactly."""

import math

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from energeia._core.errors import InputError
from energeia._core.types import Scalar
from energeia.contracts import Condition, Energy


class FreeField(Energy):
    """E(phi) = 1/2 phi (-Laplacian + m^2) phi, of shape ``(L, L)``, in nats.

    The lattice is periodic both ways and its spacing is one, so that
    E = 1/2 sum_x [(phi_(x+e1) - phi_x)^2 + (phi_(x+e2) - phi_x)^2 + m^2 phi_x^2]. In momentum space
    the quadratic form has the eigenvalues m^2 + 4 sin^2(k1 / 2) + 4 sin^2(k2 / 2): draws, entropy
    and correlations follow from them.

    Raises:
        InputError: for L below 2, or a squared mass that is not positive.

    >>> field = FreeField(4, 0.5)
    >>> round(field.entropy, 4), round(field.log_partition, 4)
    (11.8911, 3.8911)
    >>> field.draw(seed=0, count=3).shape
    (3, 4, 4)
    """

    L: int = eqx.field(static=True)
    mass2: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        if self.L < 2:
            raise InputError(f"a lattice of width {self.L} was asked for: the least is 2")
        if not 0 < self.mass2 < math.inf:
            raise InputError(
                f"a free field of squared mass {self.mass2:g} was asked for, which has no "
                "normalizable distribution: give a positive number"
            )

    @property
    def shape(self) -> tuple[int, int]:
        """``(L, L)``."""
        return (self.L, self.L)

    @property
    def condition_shape(self) -> None:
        """None: the mass is fixed."""
        return

    @property
    def eigenvalues(self) -> Float[np.ndarray, "L L"]:
        """m^2 + 4 sin^2(k1 / 2) + 4 sin^2(k2 / 2) at the momenta of ``np.fft.fft2``."""
        along = 4 * np.sin(np.pi * np.arange(self.L) / self.L) ** 2
        return self.mass2 + np.add.outer(along, along)

    @property
    def log_partition(self) -> float:
        """log Z = 1/2 sum_k log(2 pi / eigenvalue), in nats."""
        return float(0.5 * np.sum(np.log(2 * np.pi / self.eigenvalues)))

    @property
    def entropy(self) -> float:
        """log Z + L^2 / 2, in nats."""
        return self.log_partition + 0.5 * self.L**2

    @property
    def correlations(self) -> Float[np.ndarray, "L L"]:
        """<phi_x phi_(x+r)> for every distance r: the inverse of the quadratic form."""
        return np.fft.ifft2(1.0 / self.eigenvalues).real

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """E of one configuration, of shape ``(L, L)`` or flat, in nats."""
        phi = jnp.reshape(x, self.shape)
        steps = sum(jnp.sum((jnp.roll(phi, -1, axis) - phi) ** 2) for axis in (0, 1))
        return 0.5 * (steps + self.mass2 * jnp.sum(phi**2))

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """-E(x) - log Z, exact."""
        return -self.energy(x) - self.log_partition

    def draw(self, seed: int | np.random.Generator, count: int) -> Float[np.ndarray, "count L L"]:
        """Independent exact samples in double precision."""
        noise = np.random.default_rng(seed).normal(size=(count, *self.shape))
        return np.fft.ifft2(np.fft.fft2(noise) / np.sqrt(self.eigenvalues)).real

    def log_probs(self, rows: Float[np.ndarray, "rows d"]) -> Float[np.ndarray, " rows"]:
        """The log-density of each row in double precision on the host."""
        phi = np.asarray(rows, np.float64).reshape(-1, *self.shape)
        power = np.abs(np.fft.fft2(phi)) ** 2 / self.L**2
        return -0.5 * np.sum(power * self.eigenvalues, axis=(1, 2)) - self.log_partition
