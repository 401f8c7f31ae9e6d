"""A linear autoregressive density: each conditional is linear in the columns before."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float
from typing_extensions import override

from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import Condition, ConditionalSampler, Density
from energeia.distributions.columns import Columns, Picker
from energeia.nn.masked import MaskedLinear


class LinearAutoregressive(Density, ConditionalSampler):
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
        keys = jax.random.split(key, self.columns.dimension)

        def pick(i: Array, theta: Array) -> tuple[Scalar, Array, None]:
            return *self.columns.draw(keys[i], i, theta), None

        return self._filled(pick)[0]

    def complete(
        self, key: PRNGKey, x: Float[Array, " d"], known: Bool[Array, " d"],
        condition: Condition = None,
    ) -> tuple[Float[Array, " d"], Scalar]:  # fmt: skip
        """One pass of the sampler in which known columns keep their values, as of ``Made``."""
        keys = jax.random.split(key, self.columns.dimension)

        def pick(i: Array, theta: Array) -> tuple[Scalar, Array, Scalar]:
            return self.columns.keep_or_draw(keys[i], i, theta, x[i], known[i])

        y, logs = self._filled(pick)
        return y, jnp.sum(jnp.where(known, logs, 0.0))

    def _filled(self, pick: Picker) -> tuple[Array, Array]:
        """A configuration whose columns are picked one after the other, and what ``pick`` adds."""
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
