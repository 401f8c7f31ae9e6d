"""Energies with closed forms, against which kernels and estimators are tested."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density, Energy


class Normal(Density):
    """N(mean, covariance) with fixed parameters.

    Coordinates marked by ``periodic`` are uniform on [-pi, pi) instead; their energy is constant on
    the whole line, and the density is normalized over one period.

    >>> import jax.numpy as jnp
    >>> round(float(Normal(jnp.zeros(2), jnp.eye(2)).log_prob(jnp.zeros(2))), 4)
    -1.8379
    """

    mean: Frozen
    root: Frozen
    whitening: Frozen
    periodic: tuple[bool, ...] = eqx.field(static=True)

    def __init__(
        self, mean: Float[Array, " d"], covariance: Float[Array, "d d"],
        periodic: tuple[bool, ...] | None = None,
    ) -> None:  # fmt: skip
        self.periodic = periodic or (False,) * len(mean)
        is_periodic = jnp.asarray(self.periodic)
        # Angles are removed from the covariance, which leaves the marginal of the others as it is.
        apart = is_periodic[:, None] | is_periodic[None, :]
        covariance = jnp.where(apart, jnp.eye(len(mean)), covariance)
        self.mean = Frozen(jnp.where(is_periodic, 0.0, mean))
        root = jnp.linalg.cholesky(covariance)
        # Stored, because a triangular solve for each configuration is much slower than a product.
        inverse = jax.scipy.linalg.solve_triangular(root, jnp.eye(len(mean)), lower=True)
        self.root, self.whitening = Frozen(root), Frozen(inverse)

    @property
    @override
    def shape(self) -> tuple[int]:
        return (len(self.periodic),)

    @property
    @override
    def condition_shape(self) -> None:
        return

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """log N(x) in nats, with a factor 1 / (2 pi) for each angle."""
        return self.log_maximum - 0.5 * jnp.sum(self.whitened(x) ** 2)

    @property
    def log_maximum(self) -> Scalar:
        """log_prob at the mean."""
        constant = 0.5 * np.log(2 * np.pi) * (len(self.periodic) + sum(self.periodic))
        return -jnp.sum(jnp.log(jnp.diag(self.root.value))) - constant

    def whitened(self, x: Float[Array, " d"]) -> Float[Array, " d"]:
        """z = L^-1 (x - mean), of identity covariance; 0 for angles."""
        difference = jnp.where(np.asarray(self.periodic), 0.0, x - self.mean.value)
        return self.whitening.value @ difference

    def stretched(self, x: Float[Array, " d"], scale: Float[Array, " d"]) -> Float[Array, " d"]:
        """The point whose whitened coordinates are ``scale`` times those of x; angles stay."""
        moved = self.root.value @ ((scale - 1.0) * self.whitened(x))
        return jnp.where(np.asarray(self.periodic), x, x + moved)

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        normal_key, angle_key = jax.random.split(key)
        flat = jax.random.normal(normal_key, self.shape, self.mean.array.dtype)
        angle = jax.random.uniform(angle_key, self.shape, flat.dtype, -jnp.pi, jnp.pi)
        return jnp.where(np.asarray(self.periodic), angle, self.mean.value + self.root.value @ flat)


class NormalMixture(Density):
    """sum_k w_k N(m_k, s^2 I), one width for all."""

    means: Frozen
    log_weights: Frozen
    width: float = eqx.field(static=True)

    def __init__(
        self, means: Float[Array, "k d"], width: float, weights: Float[Array, " k"] | None = None
    ) -> None:
        count = len(means)
        weights = jnp.full(count, 1.0 / count) if weights is None else weights
        self.means, self.width = Frozen(means), width
        self.log_weights = Frozen(jnp.log(weights))

    @property
    @override
    def shape(self) -> tuple[int]:
        return (self.means.array.shape[1],)

    @property
    @override
    def condition_shape(self) -> None:
        return

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """The logarithm of the mixture, in nats."""
        z = (x - self.means.value) / self.width
        each = -0.5 * jnp.sum(z**2, axis=1) - x.size * jnp.log(self.width * jnp.sqrt(2 * jnp.pi))
        return jax.nn.logsumexp(self.log_weights.value + each)

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        which, noise = jax.random.split(key)
        k = jax.random.categorical(which, self.log_weights.value)
        return self.means.value[k] + self.width * jax.random.normal(noise, self.shape)


class Banana(Density):
    """x_0 ~ N(0, 1), x_1 ~ N(bend (x_0^2 - 1), width^2): skewed, with known moments.

    var x_1 = 2 bend^2 + width^2 and <(x_1 - <x_1>)^3> = 8 bend^3.
    """

    bend: float = eqx.field(static=True, default=0.7)
    width: float = eqx.field(static=True, default=0.6)

    @property
    @override
    def shape(self) -> tuple[int]:
        return (2,)

    @property
    @override
    def condition_shape(self) -> None:
        return

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """log p(x) in nats."""
        z = (x[1] - self.bend * (x[0] ** 2 - 1)) / self.width
        return -0.5 * (x[0] ** 2 + z**2) - jnp.log(2 * jnp.pi * self.width)

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        xi = jax.random.normal(key, (2,))
        return jnp.stack([xi[0], self.bend * (xi[0] ** 2 - 1) + self.width * xi[1]])


class DoubleWell(Energy):
    """E = height sum_i (x_i^2 - 1)^2 + tilt sum_i x_i: 2^d modes near x_i = +-1."""

    dimension: int = eqx.field(static=True)
    height: float = eqx.field(static=True, default=4.0)
    tilt: float = eqx.field(static=True, default=0.0)

    @property
    @override
    def shape(self) -> tuple[int]:
        return (self.dimension,)

    @property
    @override
    def condition_shape(self) -> None:
        return

    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        """The quartic, in nats."""
        return self.height * jnp.sum((x**2 - 1) ** 2) + self.tilt * jnp.sum(x)


def fitted_normal(
    rows: Float[Array, "rows d"],
    periodic: Bool[np.ndarray, " d"] | None = None,
    floor: float = 0.02,
) -> Normal:
    """The normal with the mean and covariance of rows, shrunk towards its diagonal.

    ``floor`` is the weight of the diagonal, so that degenerate data give a proper distribution.
    """
    mean = jnp.mean(rows, axis=0)
    centered = rows - mean
    covariance = centered.T @ centered / rows.shape[0]
    diagonal = jnp.maximum(jnp.diag(covariance), 1e-6)
    shrunk = (1 - floor) * covariance + floor * jnp.diag(diagonal) + 1e-6 * jnp.eye(len(diagonal))
    is_periodic = None if periodic is None else tuple(bool(c) for c in periodic)
    return Normal(mean, shrunk, is_periodic)
