"""One network for the conditional distribution of every column given any others."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey, Scalar
from energeia.contracts import AveragedLogProb, Condition, ConditionalSampler, Density
from energeia.distributions.columns import Columns
from energeia.distributions.normal_given import Belief, NormalPrediction
from energeia.nn.masked import rows_at
from energeia.nn.residual import ResidualBlock, scaled

Pick = Callable[[Array, Array, Scalar], tuple[Scalar, Scalar]]
"""From a column, the parameters of its head and its value, to the value it gets and its log p."""


class AnyOrder(Density, ConditionalSampler, AveragedLogProb):
    """p(y) = 1/M sum_o prod_r p(y_o(r) | y_o(0) .. y_o(r-1)), one network for all conditionals.

    The network reads the features of the known columns (zero for the others), which columns are
    known, and a condition; it writes the parameters of every column's head (Uria, Murray and
    Larochelle 2014, arXiv:1310.1757, sec. 4). Real columns are relative to their location and scale
    given the known ones under a normal distribution of the ``reference`` rows, where training
    starts.

    Conditionals of different orders need not be those of one joint density, so the density is that
    of the M given ``orders`` alone, exact and normalized. Completions are drawn known columns
    first; their weights say how far that draw is from the density.

    Arguments: ``columns`` as they stand; ``width`` and ``depth`` (residual blocks) of the
    network; ``orders``, of which row o puts column ``orders[o, r]`` at rank r.
    """

    columns: Columns
    normal: NormalPrediction
    start: Frozen
    """Parameters of every column's marginal distribution."""
    entry: eqx.nn.Linear
    blocks: tuple[ResidualBlock, ...]
    exit: eqx.nn.Linear
    bias: Float[Array, " parameters"]
    orders: Frozen
    condition_shape: tuple[int, ...] | None = eqx.field(static=True)

    def __init__(
        self,
        key: PRNGKey,
        columns: Columns,
        *,
        width: int = 256,
        depth: int = 2,
        orders: Int[Array, "orders d"],
        condition_shape: tuple[int, ...] | None = None,
        reference: Float[Array, "rows d"] | None = None,
    ) -> None:
        self.columns, self.condition_shape = columns, condition_shape
        self.orders = Frozen(orders)
        self.normal = NormalPrediction.fit(reference, columns.on_line)
        self.start = Frozen(jnp.zeros(sum(columns.parameters)))
        if reference is not None:
            shift, scale = self.normal.place(self.normal.start())
            self.start = Frozen(columns.initial((reference - shift) / scale))
        known = sum(columns.features) + 3 * columns.dimension
        first, last, *middle = jax.random.split(key, 2 + depth)
        self.entry = eqx.nn.Linear(known + sum(condition_shape or ()), width, key=first)
        self.blocks = tuple(ResidualBlock(width, key=k) for k in middle)
        outputs = sum(columns.parameters)
        leave = eqx.nn.Linear(width, outputs, use_bias=False, key=last)
        self.exit = scaled(leave, 0.1 if reference is None else 0.0)
        self.bias = jnp.zeros(outputs)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return (self.columns.dimension,)

    @override
    def log_prob(self, x: Float[Array, " d"], condition: Condition = None) -> Scalar:
        def pick(column: Array, theta: Array, value: Scalar) -> tuple[Scalar, Scalar]:
            return value, self.columns.log_prob_of(column, theta, value)

        def one(order: Array) -> Scalar:
            return jnp.sum(self._walk(pick, order, x, jnp.ones(self.shape, bool), condition)[1])

        terms = jax.vmap(one)(self.orders.value)
        return jax.nn.logsumexp(terms) - jnp.log(len(terms))

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Float[Array, " d"]:
        pick, draw = jax.random.split(key)
        order = jax.random.choice(pick, self.orders.value)
        blank = jnp.zeros(self.shape)
        return self._filled(draw, order, blank, jnp.zeros(self.shape, bool), condition)[0]

    @override
    def complete(
        self, key: PRNGKey, x: Float[Array, " d"], known: Bool[Array, " d"],
        condition: Condition = None,
    ) -> tuple[Float[Array, " d"], Scalar]:  # fmt: skip
        """The unknown columns given the known ones, otherwise in the first order.

        log weight = log p(y) - log q(unknown | known), constant where orders agree.
        """
        first = self.orders.value[0]
        order = first[jnp.argsort(~known[first], stable=True)]
        y, logs = self._filled(key, order, x, known, condition)
        return y, self.log_prob(y, condition) - jnp.sum(jnp.where(known, 0.0, logs))

    @override
    def mean_log_prob(
        self, key: PRNGKey, x: Float[Array, " d"], condition: Condition = None
    ) -> Scalar:
        """d / (d - k) times the log p of the unknown columns given k random ones, k uniform.

        Its mean is that of log p over all orders (Uria, Murray and Larochelle 2014, eq. 7).
        """
        count = self.columns.dimension
        how_many, which = jax.random.split(key)
        k = jax.random.randint(how_many, (), 0, count)
        known = jax.random.permutation(which, count) < k
        belief = self.normal.given(self._values(x), known)
        shift, scale = self.normal.place(belief)
        theta = self.exit(self._hidden(x, known, belief, condition)) + self.start.value + self.bias
        logs = self.columns.log_prob(theta, (x - shift) / scale) - jnp.log(scale)
        return jnp.sum(jnp.where(known, 0.0, logs)) * count / (count - k)

    def _filled(
        self, key: PRNGKey, order: Array, x: Array, known: Array, condition: Condition
    ) -> tuple[Array, Array]:
        """Known values and draws of the others, with log p of each given those before."""
        keys = jax.random.split(key, self.columns.dimension)

        def pick(column: Array, theta: Array, value: Scalar) -> tuple[Scalar, Scalar]:
            kept = self.columns.keep_or_draw(keys[column], column, theta, value, known[column])
            return kept[0], kept[2]

        return self._walk(pick, order, x, known, condition)

    def _walk(
        self, pick: Pick, order: Array, x: Array, known: Array, condition: Condition
    ) -> tuple[Float[Array, " d"], Float[Array, " d"]]:
        """Values and log p of all columns, one after the other in an order."""
        longest = max(self.columns.parameters)
        starts = jnp.asarray(np.cumsum((0, *self.columns.parameters[:-1])))
        weight = jnp.pad(self.exit.weight, ((0, longest), (0, 0)))
        bias = jnp.pad(self.start.value + self.bias, (0, longest))

        def step(carry: tuple[Array, Array, Belief], i: Array) -> tuple[Any, Scalar]:
            y, seen, belief = carry
            hidden = self._hidden(y, seen, belief, condition)
            theta = rows_at(weight, starts[i], longest) @ hidden
            theta = theta + rows_at(bias, starts[i], longest)
            shift, scale = (part[i] for part in self.normal.place(belief))
            moved, log_p = pick(i, theta, (x[i] - shift) / scale)
            y = y.at[i].set(jnp.where(known[i], x[i], shift + scale * moved))
            belief = self.normal.observe(belief, i, self._values(y)[i])
            return (y, seen.at[i].set(True), belief), log_p - jnp.log(scale)

        blank = jnp.zeros(self.shape)
        (y, *_), logs = jax.lax.scan(
            step, (blank, jnp.zeros(self.shape, bool), self.normal.start()), order
        )
        return y, blank.at[order].set(logs)

    def _hidden(
        self, y: Array, known: Array, belief: Belief, condition: Condition
    ) -> Float[Array, " width"]:
        shift, scale = self.normal.place(belief)
        features = self.columns.embed(jnp.where(known, y, 0.0))
        seen = jnp.repeat(
            known, np.asarray(self.columns.features), total_repeat_length=len(features)
        )
        ahead = jnp.stack([shift, jnp.log(scale)])
        parts = [jnp.where(seen, features, 0.0), 1.0 * known, jnp.where(known, 0.0, ahead).ravel()]
        if condition is not None:
            parts.append(condition)
        hidden = self.entry(jnp.concatenate(parts))
        for block in self.blocks:
            hidden = block(hidden)
        return jax.nn.silu(hidden)

    def _values(self, y: Array) -> Float[Array, " d"]:
        """What is observed of each column: the first of its features, which bounds outliers."""
        first = np.cumsum((0, *self.columns.features[:-1]))
        return self.columns.embed(y)[first]
