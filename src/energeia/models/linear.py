"""A linear autoregressive density: each conditional is linear in the columns before."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey
from energeia.contracts import Condition
from energeia.distributions.columns import Columns, Picker
from energeia.models.sequential import SequentialDensity
from energeia.nn.masked import MaskedLinear


class LinearAutoregressive(SequentialDensity):
    """p(y) = prod_i p(y_i | theta_i), theta = D f(y) + b with D strictly lower block triangular.

    For categorical columns a softmax of pair terms with all columns before, the fully visible
    belief network (Neal 1992); its likelihood is concave.
    """

    columns: Columns
    order: Frozen | None
    pairs: MaskedLinear
    condition_shape: None = eqx.field(static=True, default=None)

    def __init__(
        self, key: PRNGKey, columns: Columns, reference: Float[Array, "rows d"] | None = None
    ) -> None:
        self.columns, self.order, self.condition_shape = columns, None, None
        ranks = np.arange(columns.dimension)
        seen = tuple(np.repeat(ranks + 1, columns.features).tolist())
        written = tuple(np.repeat(ranks, columns.parameters).tolist())
        pairs = MaskedLinear(key, seen, written, scale=0.0)
        if reference is not None:
            pairs = eqx.tree_at(lambda layer: layer.bias, pairs, columns.initial(reference))
        self.pairs = pairs

    @override
    def parameters(
        self, y: Float[Array, " d"], condition: Condition = None
    ) -> Float[Array, " parameters"]:
        return self.pairs(self.columns.embed(y))

    @override
    def _by_rank(self, pick: Picker, condition: Condition) -> tuple[Array, Array | None]:
        longest = max(self.columns.parameters)
        dense = jnp.pad(self.pairs.dense(), ((0, longest), (0, 0)))
        bias = jnp.pad(self.pairs.bias, (0, longest))
        read = jnp.asarray(np.cumsum((0, *self.columns.parameters[:-1])))
        write = jnp.asarray(np.cumsum((0, *self.columns.features[:-1])))
        inputs = sum(self.columns.features)

        def step(seen: Array, i: Array) -> tuple[Array, tuple]:
            rows = jax.lax.dynamic_slice_in_dim(dense, read[i], longest)
            theta = rows @ seen[:inputs] + jax.lax.dynamic_slice_in_dim(bias, read[i], longest)
            value, features, log_prob = pick(i, theta)
            return jax.lax.dynamic_update_slice(seen, features, (write[i],)), (value, log_prob)

        start = jnp.zeros(inputs + max(self.columns.features))
        return jax.lax.scan(step, start, jnp.arange(self.columns.dimension))[1]
