"""The masked autoregressive network for distribution estimation (Germain et al. 2015)."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey
from energeia.contracts import Condition
from energeia.distributions.columns import Columns, Picker
from energeia.models.sequential import SequentialDensity
from energeia.nn.masked import MaskedLinear, hidden_labels


class Made(SequentialDensity):
    """p(y) = prod_i p(y_i | y_before_i): one pass for the density, d partial passes for a sample.

    A masked residual network reads the features of every column (and a condition, unmasked) and
    writes the parameters of every column's head, each a function of the columns before it in the
    order:

        h_0 = W_0 f(y),  h_l = h_(l-1) + W_l silu(h_(l-1)),  theta = W silu(h_L) + D f(y) + b.

    Arguments: ``columns`` in the order of y; ``width`` and ``depth`` of the hidden layers (the
    width is rounded to an equal number for each column); ``order`` puts column ``order[r]`` at rank
    r and may only exchange columns with the same head (``Columns.shuffle``); ``reference`` rows of
    y set the output biases to the marginal distributions.
    """

    columns: Columns
    entry: MaskedLinear
    layers: tuple[MaskedLinear, ...]
    exit: MaskedLinear
    direct: MaskedLinear
    order: Frozen | None
    condition_shape: tuple[int, ...] | None = eqx.field(static=True)

    def __init__(
        self,
        key: PRNGKey,
        columns: Columns,
        *,
        width: int = 512,
        depth: int = 1,
        order: Int[Array, " d"] | None = None,
        condition_shape: tuple[int, ...] | None = None,
        reference: Float[Array, "rows d"] | None = None,
    ) -> None:
        count = columns.dimension
        self.order = None if order is None else Frozen(order)
        self.columns = columns
        self.condition_shape = condition_shape
        extra = condition_shape[0] if condition_shape else 0
        ranks = np.arange(count)
        seen = (0,) * extra + tuple(np.repeat(ranks + 1, self.columns.features).tolist())
        hidden = hidden_labels(width, count, 0 if extra else 1)
        written = tuple(np.repeat(ranks, self.columns.parameters).tolist())
        first, last, direct, *middle = jax.random.split(key, 3 + depth - 1)
        self.entry = MaskedLinear(first, seen, hidden)
        self.layers = tuple(MaskedLinear(k, hidden, hidden) for k in middle)
        self.direct = MaskedLinear(direct, seen, written, scale=0.1)
        leave = MaskedLinear(last, hidden, written, scale=0.1)
        if reference is not None:
            start = self.columns.initial(jax.vmap(self._ordered)(reference))
            leave = eqx.tree_at(lambda layer: layer.bias, leave, start)
        self.exit = leave

    @override
    def parameters(
        self, y: Float[Array, " d"], condition: Condition = None
    ) -> Float[Array, " parameters"]:
        seen = self.columns.embed(self._ordered(y))
        if condition is not None:
            seen = jnp.concatenate([condition, seen])
        hidden = self.entry(seen)
        for layer in self.layers:
            hidden = hidden + layer(jax.nn.silu(hidden))
        return self.exit(jax.nn.silu(hidden)) + self.direct(seen)

    @override
    def _by_rank(self, pick: Picker, condition: Condition) -> tuple[Array, Array | None]:
        step = self._stepper(pick)
        extra = 0 if condition is None else condition.shape[0]
        seen = jnp.zeros(len(self.entry.incoming) + max(self.columns.features))
        if condition is not None:
            seen = seen.at[:extra].set(condition)
        active = jnp.zeros((1 + len(self.layers), len(self.entry.outgoing)))
        ranks = jnp.arange(self.columns.dimension)
        return jax.lax.scan(step, (seen, active), ranks)[1]

    def _stepper(self, pick: Picker) -> Callable[..., tuple[tuple, tuple]]:
        """One step of sampling: compute the hidden units of a label, then pick one column.

        Only the hidden units whose label a new column completes are computed after it, so the
        whole draw costs one pass through the network.
        """
        labels = self.entry.outgoing
        share = labels.count(labels[0])
        longest = max(self.columns.parameters)
        entry, middle = self.entry.dense(), [layer.dense() for layer in self.layers]
        leave = jnp.pad(self.exit.dense(), ((0, longest), (0, 0)))
        direct = jnp.pad(self.direct.dense(), ((0, longest), (0, 0)))
        bias = jnp.pad(self.exit.bias + self.direct.bias, (0, longest))
        read = jnp.asarray(np.cumsum((0, *self.columns.parameters[:-1])))
        extra = len(self.entry.incoming) - sum(self.columns.features)
        write = jnp.asarray(extra + np.cumsum((0, *self.columns.features[:-1])))
        inputs = len(self.entry.incoming)

        def rows(matrix: Array, start: Array, count: int) -> Array:
            return jax.lax.dynamic_slice_in_dim(matrix, start, count)

        def step(carry: tuple[Array, Array], i: Array) -> tuple[tuple, tuple]:
            seen, active = carry
            # Before the first label that has units, those of that label are filled early, from
            # incomplete inputs; nothing reads them until the step that overwrites them.
            at = jnp.maximum(i - labels[0], 0) * share
            known = seen[:inputs]
            hidden = rows(entry, at, share) @ known + rows(self.entry.bias, at, share)
            active = jax.lax.dynamic_update_slice(active, jax.nn.silu(hidden)[None], (0, at))
            for depth, (matrix, layer) in enumerate(zip(middle, self.layers, strict=True)):
                hidden = hidden + rows(matrix, at, share) @ active[depth]
                hidden = hidden + rows(layer.bias, at, share)
                active = jax.lax.dynamic_update_slice(
                    active, jax.nn.silu(hidden)[None], (depth + 1, at)
                )
            theta = rows(leave, read[i], longest) @ active[-1]
            theta = theta + rows(direct, read[i], longest) @ known + rows(bias, read[i], longest)
            value, features, log_prob = pick(i, theta)
            seen = jax.lax.dynamic_update_slice(seen, features, (write[i],))
            return (seen, active), (value, log_prob)

        return step
