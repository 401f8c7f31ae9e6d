"""Independent variables on finite alphabets: the base of annealing for discrete energies."""

from collections.abc import Sequence
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density


class FiniteProduct(Density):
    """p(x) = prod_i p_i(x_i), each x_i one of finitely many values.

    ``values`` and ``log_probs`` have one row for each variable of the flat configuration, padded
    with NaN and -inf. Made by ``uniform_product`` and ``product_of_marginals``.

    >>> import jax
    >>> spins = uniform_product((2, 2), [-1.0, 1.0])
    >>> round(float(spins.log_prob(spins.sample(jax.random.key(0)))), 4)
    -2.7726
    """

    values: Float[Array, "variables most"]
    log_probs: Float[Array, "variables most"]
    shape: tuple[int, ...] = eqx.field(static=True)
    condition_shape: None = eqx.field(static=True, default=None)

    def log_prob(self, x: Array, condition: Condition = None) -> Scalar:
        """The sum of log p_i(x_i); -inf where some x_i is none of its values."""
        hit = x.reshape(-1)[:, None] == self.values
        return jnp.sum(jnp.max(jnp.where(hit, self.log_probs, -jnp.inf), axis=1))

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        chosen = jax.random.categorical(key, self.log_probs)
        return jnp.take_along_axis(self.values, chosen[:, None], axis=1).reshape(self.shape)


def uniform_product(shape: int | tuple[int, ...], values: Any) -> FiniteProduct:
    """Independent variables, each uniform on one alphabet.

    Raises:
        InputError: for no values.

    >>> uniform_product(3, [0.0, 1.0]).shape
    (3,)
    """
    shape = (shape,) if isinstance(shape, int) else tuple(shape)
    alphabet = np.asarray(values, float).reshape(-1)
    if not alphabet.size:
        raise InputError("a uniform distribution was asked for on no values: give one or more")
    rows = np.broadcast_to(alphabet, (int(np.prod(shape, dtype=int)), len(alphabet)))
    logs = np.full(rows.shape, -np.log(len(alphabet)))
    return FiniteProduct(jnp.asarray(rows, float), jnp.asarray(logs, float), shape)


def product_of_alphabets(alphabets: Sequence[Sequence[float]]) -> FiniteProduct:
    """Independent variables, each uniform on an alphabet of its own.

    >>> import jax.numpy as jnp
    >>> round(float(product_of_alphabets([[0, 1], [1, 2, 3]]).log_prob(jnp.array([1.0, 2.0]))), 4)
    -1.7918
    """
    sizes = np.array([len(own) for own in alphabets])
    values = np.full((len(sizes), int(sizes.max())), np.nan)
    for row, own in zip(values, alphabets, strict=True):
        row[: len(own)] = own
    logs = np.where(np.isnan(values), -np.inf, -np.log(sizes)[:, None])
    return FiniteProduct(jnp.asarray(values, float), jnp.asarray(logs, float), (len(sizes),))


def product_of_marginals(rows: Float[np.ndarray, "rows *shape"], values: Any) -> FiniteProduct:
    """Independent variables with the frequencies of ``rows``, one pseudo-count for each value.

    ``values`` is the alphabet of all variables.

    Raises:
        InputError: for a value that is not in the alphabet.

    >>> import numpy as np
    >>> found = product_of_marginals(np.array([[0.0], [1.0], [1.0], [1.0]]), [0.0, 1.0])
    >>> round(float(jnp.exp(found.log_prob(jnp.ones(1)))), 4)
    0.6667
    """
    rows, alphabet = np.asarray(rows), np.asarray(values, float).reshape(-1)
    hit = rows.reshape(len(rows), -1, 1) == alphabet
    if not np.all(hit.any(axis=-1)):
        bad = rows.reshape(len(rows), -1)[~hit.any(axis=-1)][0]
        raise InputError(
            f"the rows hold {bad:g}, which is none of {alphabet.tolist()}: add it to the values"
        )
    counts = hit.sum(axis=0) + 1.0
    logs = np.log(counts / counts.sum(axis=1, keepdims=True))
    every = np.broadcast_to(alphabet, logs.shape)
    return FiniteProduct(jnp.asarray(every, float), jnp.asarray(logs, float), rows.shape[1:])
