"""The masked autoregressive network for distribution estimation (Germain et al. 2015)."""

from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int
from typing_extensions import override

from energeia._core.trees import Frozen
from energeia._core.types import PRNGKey
from energeia.bijections.linear import whitening
from energeia.contracts import Condition
from energeia.distributions.columns import Columns, Picker
from energeia.models.sequential import SequentialDensity
from energeia.nn.masked import (
    HiddenUnits,
    MaskedLinear,
    hidden_labels,
    hidden_layers,
    rows_at,
)


class Made(SequentialDensity):
    """p(y) = prod_i p(y_i | y_before_i): one pass for the density, d partial passes for a sample.

    A masked residual network reads the features of every column (and a condition, unmasked) and
    writes the parameters of every column's head, each a function of the columns before it in the
    order:

        h_0 = W_0 f(y),  h_l = h_(l-1) + W_l silu(h_(l-1)),  theta = W silu(h_L) + D f(y) + b.

    Locations of real columns are relative to a fixed linear regression on the real columns before
    (of the ``reference`` rows), from which training starts.

    Arguments: ``columns`` by rank; ``width`` and ``depth`` of the hidden layers (the
    width is rounded to an equal number for each column); ``order`` puts column ``order[r]`` at rank
    r, without which ranks are columns; ``reference`` rows of
    y give the marginal distributions, to which the network adds.
    """

    columns: Columns
    entry: MaskedLinear
    layers: MaskedLinear
    exit: MaskedLinear
    direct: MaskedLinear
    start: Frozen | None
    """Parameters of every column's marginal distribution, or that of its regression's residuals,
    to which the network adds: weight decay draws a model to where it started."""
    regression: Frozen | None
    """Strictly lower (d, d): how the location of each rank follows from the features before."""
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
        first, last, direct, middle = jax.random.split(key, 4)
        self.entry = MaskedLinear(first, seen, hidden)
        self.layers = hidden_layers(middle, hidden, depth - 1)
        # Real columns start at their regression, not near it: residuals may be small.
        scale = 0.0 if reference is not None and any(self.columns.on_line) else 0.1
        self.direct = MaskedLinear(direct, seen, written, scale=scale)
        leave = MaskedLinear(last, hidden, written, scale=scale)
        self.regression = self.start = None
        if reference is not None:
            rows = jax.vmap(self._ordered)(reference)
            if np.sum(self.columns.on_line) > 1:
                slopes = regression_of(rows, self.columns.on_line)
                self.regression, rows = Frozen(slopes), rows - rows @ slopes.T
            self.start = Frozen(self.columns.initial(rows))
        self.exit = leave

    @override
    def parameters(
        self, y: Float[Array, " d"], condition: Condition = None
    ) -> Float[Array, " parameters"]:
        seen = self.columns.embed(self._ordered(y))
        if condition is not None:
            seen = jnp.concatenate([condition, seen])
        hidden = HiddenUnits(self.entry, self.layers)(seen)
        theta = self.exit(hidden) + self.direct(seen) + self._first
        if self.regression is None:
            return theta
        shift = self._slopes(self.regression) @ seen
        return theta + jnp.where(self.columns.moving, self._each(shift), 0.0)

    @property
    def _first(self) -> Array:
        return jnp.zeros(len(self.exit.outgoing)) if self.start is None else self.start.value

    def _each(self, values: Array) -> Array:
        """What each column has, for all of its parameters."""
        return jnp.repeat(
            values, np.asarray(self.columns.parameters), total_repeat_length=len(self.exit.outgoing)
        )

    def _slopes(self, regression: Frozen) -> Float[Array, "d seen"]:
        """The regression as a matrix that acts on what the network sees."""
        extra = len(self.entry.incoming) - sum(self.columns.features)
        first = extra + np.cumsum((0, *self.columns.features[:-1]))
        blank = jnp.zeros((self.columns.dimension, len(self.entry.incoming)))
        return blank.at[:, first].set(regression.value)

    @override
    def _by_rank(self, pick: Picker, condition: Condition) -> tuple[Array, Array | None]:
        step = self._stepper(pick)
        extra = 0 if condition is None else condition.shape[0]
        seen = jnp.zeros(len(self.entry.incoming) + max(self.columns.features))
        if condition is not None:
            seen = seen.at[:extra].set(condition)
        active = HiddenUnits(self.entry, self.layers).blank()
        ranks = jnp.arange(self.columns.dimension)
        return jax.lax.scan(step, (seen, active), ranks)[1]

    def _stepper(self, pick: Picker) -> Callable[..., tuple[tuple, tuple]]:
        """One step of sampling: compute the hidden units of a label, then pick one column."""
        advance = HiddenUnits(self.entry, self.layers).advance()
        longest = max(self.columns.parameters)
        leave = jnp.pad(self.exit.dense(), ((0, longest), (0, 0)))
        direct = jnp.pad(self.direct.dense(), ((0, longest), (0, 0)))
        bias = jnp.pad(self.exit.bias + self.direct.bias + self._first, (0, longest))
        read = jnp.asarray(np.cumsum((0, *self.columns.parameters[:-1])))
        extra = len(self.entry.incoming) - sum(self.columns.features)
        write = jnp.asarray(extra + np.cumsum((0, *self.columns.features[:-1])))
        inputs = len(self.entry.incoming)
        moving = jnp.pad(jnp.asarray(self.columns.moving), (0, longest))
        slopes = None if self.regression is None else self._slopes(self.regression)

        def step(carry: tuple[Array, Array], i: Array) -> tuple[tuple, tuple]:
            seen, active = carry
            known = seen[:inputs]
            active = advance(active, known, i)
            theta = rows_at(leave, read[i], longest) @ active[-1]
            theta = theta + rows_at(direct, read[i], longest) @ known
            theta = theta + rows_at(bias, read[i], longest)
            if slopes is not None:
                shifted = rows_at(moving, read[i], longest)
                theta = theta + jnp.where(shifted, slopes[i] @ known, 0.0)
            value, features, log_prob = pick(i, theta)
            seen = jax.lax.dynamic_update_slice(seen, features, (write[i],))
            return (seen, active), (value, log_prob)

        return step


def regression_of(
    rows: Float[Array, "n d"], on_line: Bool[np.ndarray, " d"], prior: float = 4.0
) -> Float[Array, "d d"]:
    """Slopes of each real column on the real columns before it, strictly lower triangular.

    With the covariance L L^T of ``whitening`` they are 1 - diag(L) L^-1.
    """
    white = whitening(rows, tuple(on_line.tolist()), prior)
    scales = jnp.diagonal(white.factor.value)
    return jnp.tril(-scales[:, None] * white.inverted.value, -1)
