"""Linear maps of all columns: the whitening of a sample, and ones that are learned."""

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.covariance import white_of
from energeia._core.errors import InputError
from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Bijection, Condition


class Whitening(Bijection):
    """y = L^-1 (x - m), fixed, with L lower triangular: y_i depends on x_1 .. x_i.

    >>> import jax.numpy as jnp
    >>> rows = jnp.array([[0.0, 1.0], [1.0, 3.0], [2.0, 2.0], [3.0, 6.0]])
    >>> y = jax.vmap(lambda x: whitening(rows, prior=0.0).forward(x)[0])(rows)
    >>> bool(jnp.allclose(y.T @ y / 4, jnp.eye(2), atol=1e-4))
    True
    """

    location: Frozen
    """m."""
    factor: Frozen
    """L."""
    inverted: Frozen
    """L^-1: a solve would run for every row."""
    condition_shape: None = eqx.field(static=True, default=None)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.location.array.shape

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        log_det = jnp.sum(jnp.log(jnp.diagonal(self.inverted.value)))
        return self.inverted.value @ (x - self.location.value), log_det

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        log_det = jnp.sum(jnp.log(jnp.diagonal(self.factor.value)))
        return self.factor.value @ y + self.location.value, log_det


def whitening(
    rows: Float[Array, "n d"], moved: tuple[bool, ...] | None = None, prior: float = 4.0
) -> Whitening:
    """The map that removes the mean and the correlations of rows; identity where not ``moved``.

    See ``_core.covariance.white_of``.
    """
    center, factor, inverse = white_of(rows, moved, prior)
    return Whitening(Frozen(center), Frozen(factor), Frozen(inverse))


class Linear(Bijection):
    """y = (1 + A) (e^S + B) x + t, A strictly lower, S diagonal and B strictly upper triangular.

    All are learned, zero at first, where the map is the identity (Kingma and Dhariwal 2018, "Glow",
    eq. 10). Columns that are not ``moved``, such as angles, stay as they are.

    >>> import jax.numpy as jnp
    >>> y, log_det = Linear(3).forward(jnp.ones(3))
    >>> y.tolist(), float(log_det)
    ([1.0, 1.0, 1.0], 0.0)
    """

    matrix: Float[Array, "d d"]
    """A, S and B in one array."""
    shift: Float[Array, " d"]
    moved: tuple[bool, ...] = eqx.field(static=True)
    condition_shape: None = eqx.field(static=True, default=None)

    def __init__(self, dimension: int, moved: tuple[bool, ...] | None = None) -> None:
        self.matrix = jnp.zeros((dimension, dimension))
        self.shift = jnp.zeros(dimension)
        self.moved = (True,) * dimension if moved is None else moved
        self.condition_shape = None

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.shift.shape

    def _parts(self) -> tuple[Array, Array, Array, Scalar]:
        """1 + A, e^S + B, t and the log-determinant."""
        moved = jnp.asarray(self.moved)
        matrix = jnp.where(moved & moved[:, None], self.matrix, 0.0)
        scales = jnp.diagonal(matrix)
        lower = jnp.tril(matrix, -1) + jnp.eye(len(moved), dtype=matrix.dtype)
        upper = jnp.triu(matrix, 1) + jnp.diag(jnp.exp(scales))
        return lower, upper, jnp.where(moved, self.shift, 0.0), jnp.sum(scales)

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        lower, upper, shift, log_det = self._parts()
        return (lower @ upper) @ x + shift, log_det

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        lower, upper, shift, log_det = self._parts()
        identity = jnp.eye(len(shift), dtype=y.dtype)
        # Under vmap over rows the inverses are computed once; a solve would run for each row.
        first = jax.scipy.linalg.solve_triangular(lower, identity, lower=True)
        second = jax.scipy.linalg.solve_triangular(upper, identity, lower=False)
        return (second @ first) @ (y - shift), -log_det


class Householder(Bijection):
    """y = H_K ... H_1 x with reflections H_k = 1 - 2 v_k v_k^T / |v_k|^2; volume-preserving.

    An even number of reflections makes a rotation; successive pairs start equal, so that the map
    starts as the identity (Tomczak and Welling 2016, arXiv:1611.09630, eq. 4). Columns that are
    not ``moved``, such as angles, stay as they are.

    Raises:
        InputError: for an odd number of reflections, which could not start as the identity.

    >>> y, log_det = Householder(jax.random.key(0), 3, reflections=2).forward(jnp.ones(3))
    >>> bool(jnp.allclose(y, 1.0, atol=1e-6)), float(log_det)
    (True, 0.0)
    """

    vectors: Float[Array, "k d"]
    moved: tuple[bool, ...] = eqx.field(static=True)
    condition_shape: None = eqx.field(static=True, default=None)

    def __init__(
        self, key: PRNGKey, dimension: int, reflections: int,
        moved: tuple[bool, ...] | None = None,
    ) -> None:  # fmt: skip
        if reflections % 2:
            raise InputError(
                f"{reflections} reflections were asked for: take an even number, which can start "
                "as the identity"
            )
        pairs = jax.random.normal(key, (reflections // 2, dimension))
        self.vectors = jnp.repeat(pairs, 2, axis=0)
        self.moved = (True,) * dimension if moved is None else moved
        self.condition_shape = None

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.vectors.shape[-1:]

    def _reflected(self, x: Array, *, reverse: bool) -> tuple[Array, Scalar]:
        vectors = jnp.where(jnp.asarray(self.moved), self.vectors, 0.0)

        def step(x: Array, v: Array) -> tuple[Array, None]:
            # Of no column at all v is zero, which reflects nothing.
            return x - 2.0 * v * (v @ x) / jnp.maximum(v @ v, 1e-12), None

        y = jax.lax.scan(step, x, vectors, reverse=reverse)[0]
        return y, jnp.zeros((), x.dtype)

    @override
    def forward(self, x: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        return self._reflected(x, reverse=False)

    @override
    def inverse(self, y: Array, condition: Condition = None) -> tuple[Array, Scalar]:
        return self._reflected(y, reverse=True)
