"""The heads of all columns of a configuration."""

import itertools
from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from energeia._core.types import PRNGKey, Scalar
from energeia.distributions.discrete import Bernoulli, DiscretizedLogistics, Ordinal, Softmax
from energeia.distributions.head import Head
from energeia.distributions.mixture import StudentMixture, WrappedMixture
from energeia.support import Binary, Categorical, Circle, Factor, Integer, Support

WAVES = 8
"""Number of cosines of an ordinal head: on the digits, 2 to 16 differ by 0.2 nats an image."""

Picker = Callable[[Array, Array], tuple[Scalar, Array, Scalar | None]]
"""How a sampler fills a column: from its number and the parameters of its head to a value, its
features, and the log p of the value where it is asked for."""


class Columns(eqx.Module):
    """A head for each column: features and parameters of all columns as two flat vectors.

    ``kinds[i]`` is the index in ``heads`` of the head of column i; equal neighbors are computed
    together. Columns are in the order of the model.
    """

    heads: tuple[Head, ...]
    kinds: tuple[int, ...] = eqx.field(static=True)

    @property
    def dimension(self) -> int:
        """The number of columns."""
        return len(self.kinds)

    @property
    def features(self) -> tuple[int, ...]:
        """The number of features of each column."""
        return tuple(self.heads[k].features for k in self.kinds)

    @property
    def parameters(self) -> tuple[int, ...]:
        """The number of parameters of each column."""
        return tuple(self.heads[k].parameters for k in self.kinds)

    @property
    def starts(self) -> np.ndarray:
        """Where the parameters of each column start, shape ``(d,)``."""
        return np.cumsum((0, *self.parameters[:-1]))

    @property
    def moving(self) -> np.ndarray:
        """Which parameters move with the value of their column, shape ``(parameters,)``."""
        marks = []
        for k in self.kinds:
            place, (start, stop) = np.arange(self.heads[k].parameters), self.heads[k].locations
            marks.append((place >= start) & (place < stop))
        return np.concatenate(marks)

    @property
    def on_line(self) -> np.ndarray:
        """Which columns have parameters that move with their value, shape ``(d,)``."""
        return np.array([self.heads[k].locations != (0, 0) for k in self.kinds])

    def shuffle(self, key: PRNGKey) -> Int[Array, " d"]:
        """A random order of the columns that keeps the kind of column at every position."""
        order, kinds = jnp.arange(self.dimension), np.asarray(self.kinds)
        for kind, head_key in enumerate(jax.random.split(key, len(self.heads))):
            alike = np.flatnonzero(kinds == kind)
            order = order.at[alike].set(jax.random.permutation(head_key, alike))
        return order

    def embed(self, y: Float[Array, " d"]) -> Float[Array, " features"]:
        """The features of every column, one after the other."""
        parts = [jax.vmap(head.embed)(y[a:b]).ravel() for head, a, b in self._runs()]
        return jnp.concatenate(parts)

    def log_prob(
        self, theta: Float[Array, " parameters"], y: Float[Array, " d"]
    ) -> Float[Array, " d"]:
        """log p(y_i | theta_i) of every column, in nats."""
        parts, at = [], 0
        for head, a, b in self._runs():
            size = (b - a) * head.parameters
            piece = theta[at : at + size].reshape(b - a, head.parameters)
            parts.append(jax.vmap(head.log_prob)(piece, y[a:b]))
            at += size
        return jnp.concatenate(parts)

    def initial(self, y: Float[Array, "rows d"]) -> Float[Array, " parameters"]:
        """Parameters of every column near its marginal distribution in a reference sample."""
        parts = [
            jax.vmap(head.initial, in_axes=1)(y[:, a:b]).ravel() for head, a, b in self._runs()
        ]
        return jnp.concatenate(parts)

    def draw(self, key: PRNGKey, column: Array, theta: Array) -> tuple[Scalar, Array]:
        """A value of one column (its index may be traced) and its features.

        ``theta`` starts with the column's parameters and may be longer; the features are padded
        with zeros to the longest.
        """

        def drawer(head: Head) -> Callable[..., tuple[Scalar, Array]]:
            def draw_one(key: PRNGKey, theta: Array) -> tuple[Scalar, Array]:
                value = head.sample(key, theta[: head.parameters])
                return value, self._padded(head, value)

            return draw_one

        return self._of_column(column, drawer)(key, theta)

    def keep_or_draw(
        self, key: PRNGKey, column: Array, theta: Array, value: Scalar, known: Bool[Array, ""]
    ) -> tuple[Scalar, Array, Scalar]:
        """``value`` where it is known and else a draw, its features, and its log p given theta.

        As ``draw`` otherwise; a value that is not known may be NaN.
        """

        def keeper(head: Head) -> Callable[..., tuple[Scalar, Array, Scalar]]:
            def keep_one(
                key: PRNGKey, theta: Array, value: Scalar, known: Array
            ) -> tuple[Scalar, Array, Scalar]:
                own = theta[: head.parameters]
                kept = jnp.where(known, value, head.sample(key, own))
                return kept, self._padded(head, kept), head.log_prob(own, kept)

            return keep_one

        return self._of_column(column, keeper)(key, theta, value, known)

    def log_prob_of(self, column: Array, theta: Array, value: Scalar) -> Scalar:
        """log p(value | theta) of one column, as ``draw`` otherwise."""

        def scorer(head: Head) -> Callable[..., Scalar]:
            return lambda theta, value: head.log_prob(theta[: head.parameters], value)

        return self._of_column(column, scorer)(theta, value)

    def _padded(self, head: Head, value: Scalar) -> Array:
        """The features of a value, padded with zeros to the longest of all heads."""
        longest = max(head.features for head in self.heads)
        return jnp.pad(head.embed(value), (0, longest - head.features))

    def _of_column(
        self, column: Array, make: Callable[[Head], Callable[..., Any]]
    ) -> Callable[..., Any]:
        """The function that ``make`` gives for the head of a column, whose index may be traced."""
        if len(self.heads) == 1:
            return make(self.heads[0])
        kind = jnp.asarray(self.kinds)[column]
        functions = [make(head) for head in self.heads]
        return lambda *given: jax.lax.switch(kind, functions, *given)

    def _runs(self) -> list[tuple[Head, int, int]]:
        counts = [(k, len(list(group))) for k, group in itertools.groupby(self.kinds)]
        stops = np.cumsum([count for _, count in counts]).tolist()
        return [(self.heads[k], stop - n, stop) for (k, n), stop in zip(counts, stops, strict=True)]


def columns_of(
    support: Support, *, components: int = 32, octaves: int = 4, largest_alphabet: int = 256
) -> Columns:
    """Choose a head for each column of a support, as seen through ``Units`` (coordinates y).

    Binary columns get a Bernoulli; categorical ones a softmax; integers an ordinal head, and of
    more than ``largest_alphabet`` usual values a mixture of discretized logistics; continuous ones
    a mixture of Student distributions, wrapped on a circle.

    >>> from energeia.support import Binary, Real, Support
    >>> columns_of(Support.of([Binary(), Real(), Binary()]), components=8).kinds
    (0, 1, 0)
    """

    def head(column: Factor) -> Head:
        match column:
            case Binary():
                return Bernoulli()
            case Categorical():
                return Softmax(column.size)
            case Integer() if column.usual <= largest_alphabet:
                return Ordinal(column.size, min(column.usual - 1, WAVES), column.usual)
            case Integer():
                return DiscretizedLogistics(column.size, components, octaves)
            case Circle():
                return WrappedMixture(components, octaves)
            case _:
                return StudentMixture(components, octaves)

    every = [head(column) for column, _ in support.runs]
    heads = tuple(dict.fromkeys(every))
    kinds = [
        heads.index(h) for h, (_, n) in zip(every, support.runs, strict=True) for _ in range(n)
    ]
    return Columns(heads, tuple(kinds))
