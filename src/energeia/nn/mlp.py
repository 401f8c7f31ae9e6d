"""A multilayer perceptron of which ``filter_vmap`` builds many, one for each layer of a flow."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from energeia._core.types import PRNGKey


class MLP(eqx.Module):
    """silu(... silu(x W_1 + b_1) ...) W_n + b_n, from ``(inputs,)`` to the shape ``outputs``.

    Hidden weights are uniform of variance 2 / inputs (He et al. 2015); the last ones are
    scaled by ``last``, so that ``last=0`` starts a transformation at the identity.

    >>> import jax, jax.numpy as jnp
    >>> network = MLP(3, (5, 2), width=16, depth=2, key=jax.random.key(0))
    >>> network(jnp.ones(3)).shape
    (5, 2)
    """

    outputs: tuple[int, ...] = eqx.field(static=True)
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]

    def __init__(
        self,
        inputs: int,
        outputs: tuple[int, ...],
        *,
        width: int,
        depth: int,
        last: float = 0.0,
        key: PRNGKey,
    ) -> None:
        sizes = [inputs, *([width] * depth)]
        keys = jax.random.split(key, depth + 1)
        hidden = [
            _uniform(k, (n_in, n_out), (6.0 / max(n_in, 1)) ** 0.5)
            for k, n_in, n_out in zip(keys[:-1], sizes[:-1], sizes[1:], strict=True)
        ]
        count = math.prod(outputs)
        # Outputs first: the gradient of a narrow last layer is slow the other way round.
        head = _uniform(keys[-1], (count, sizes[-1]), last * (3.0 / max(sizes[-1], 1)) ** 0.5)
        self.outputs = outputs
        self.weights = (*hidden, head)
        self.biases = tuple(jnp.zeros(n) for n in (*sizes[1:], count))

    def __call__(self, x: Float[Array, " inputs"]) -> Array:
        """The outputs at one input."""
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            x = jax.nn.silu(x @ weight + bias)
        return (self.weights[-1] @ x + self.biases[-1]).reshape(self.outputs)


def _uniform(key: PRNGKey, shape: tuple[int, ...], bound: float) -> Array:
    return jax.random.uniform(key, shape, minval=-1.0, maxval=1.0) * bound
