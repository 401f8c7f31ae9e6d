"""A linear autoregressive density: each conditional is linear in the columns before."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, Density
from energeia.distributions.columns import Columns
from energeia.nn.masked import MaskedLinear


class LinearAutoregressive(Density):
    """p(y) = prod_i p(y_i | theta_i), theta = D f(y) + b with D strictly lower block triangular.

    For categorical columns a softmax of pair terms with all columns before, the fully visible
    belief network (Neal 1992); its likelihood is concave.
    """

    columns: Columns
    pairs: MaskedLinear
    condition_shape: None = eqx.field(static=True, default=None)

    def __init__(
        self, key: PRNGKey, columns: Columns, reference: Float[Array, "rows d"] | None = None
    ) -> None:
        self.columns, self.condition_shape = columns, None
        ranks = np.arange(columns.dimension)
        seen = tuple(np.repeat(ranks + 1, columns.features).tolist())
        written = tuple(np.repeat(ranks, columns.parameters).tolist())
        pairs = MaskedLinear(key, seen, written, scale=0.0)
        if reference is not None:
            pairs = eqx.tree_at(lambda layer: layer.bias, pairs, columns.initial(reference))
        self.pairs = pairs

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (self.columns.dimension,)

    @override
    def log_prob(self, x: Float[Array, " d"], condition: Condition = None) -> Scalar:
        return jnp.sum(self.columns.log_prob(self.pairs(self.columns.embed(x)), x))

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Float[Array, " d"]:
        longest = max(self.columns.parameters)
        dense = jnp.pad(self.pairs.dense(), ((0, longest), (0, 0)))
        bias = jnp.pad(self.pairs.bias, (0, longest))
        read = jnp.asarray(np.cumsum((0, *self.columns.parameters[:-1])))
        write = jnp.asarray(np.cumsum((0, *self.columns.features[:-1])))
        inputs = sum(self.columns.features)

        def step(seen: Array, at: tuple[Array, Array]) -> tuple[Array, Array]:
            i, key = at
            rows = jax.lax.dynamic_slice_in_dim(dense, read[i], longest)
            theta = rows @ seen[:inputs] + jax.lax.dynamic_slice_in_dim(bias, read[i], longest)
            value, features = self.columns.draw(key, i, theta)
            return jax.lax.dynamic_update_slice(seen, features, (write[i],)), value

        count = self.columns.dimension
        start = jnp.zeros(inputs + max(self.columns.features))
        return jax.lax.scan(step, start, (jnp.arange(count), jax.random.split(key, count)))[1]
