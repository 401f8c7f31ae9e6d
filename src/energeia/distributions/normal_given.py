"""Where a column is expected, and how closely, given some of the others: a normal prediction."""

from typing import NamedTuple, Self

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float

from energeia._core.covariance import white_of
from energeia._core.trees import Frozen
from energeia._core.types import Scalar

_LEAST = 1e-6
"""Part of a variance that is left when the others are known, so that rounding is not."""
MOST = 64
"""Columns that are predicted: observing one costs as many operations as there are pairs."""


class Belief(NamedTuple):
    """Means and covariance of the predicted columns given those that were observed."""

    mean: Float[Array, " n"]
    covariance: Float[Array, "n n"]


class NormalPrediction(eqx.Module):
    """N(m, C) of the predicted columns, which are observed one after the other.

    Observing x_k = v makes m + C_k (v - m_k) / C_kk of the mean and C - C_k C_k^T / C_kk of the
    covariance: any set of columns may be known, each for n^2 operations and without a
    decomposition of a matrix. ``predicted`` marks the columns of a configuration; others have
    location 0 and scale 1.

    >>> import jax.numpy as jnp
    >>> matrix = jnp.array([[1.0, 0.6], [0.6, 1.0]])
    >>> normal = NormalPrediction(Frozen(jnp.zeros(2)), Frozen(matrix), (True, False, True))
    >>> belief = normal.observe(normal.start(), jnp.array(0), jnp.array(2.0))
    >>> print(*normal.place(belief))
    [2.  0.  1.2] [0.001 1.    0.8  ]
    """

    center: Frozen
    covariance: Frozen
    predicted: tuple[bool, ...] = eqx.field(static=True)

    @classmethod
    def fit(cls, rows: Float[Array, "rows d"] | None, on_line: Bool[np.ndarray, " d"]) -> Self:
        """That of rows, tails clipped (``_core.covariance.white_of``); of no column without rows,
        or where only one or more than ``MOST`` are on the line."""
        if rows is None or not 1 < np.sum(on_line) <= MOST:
            nothing = (False,) * len(on_line)
            return cls(Frozen(jnp.zeros(0)), Frozen(jnp.zeros((0, 0))), nothing)
        predicted = on_line
        white = white_of(rows[:, np.flatnonzero(predicted)])
        matrix = white.factor @ white.factor.T
        return cls(Frozen(white.center), Frozen(matrix), tuple(predicted.tolist()))

    def start(self) -> Belief:
        """Nothing observed."""
        return Belief(self.center.value, self.covariance.value)

    def observe(
        self, belief: Belief, column: Array, value: Scalar, known: Array | bool = True
    ) -> Belief:
        """One more column of the configuration (traced), where ``known`` and it is predicted."""
        if not any(self.predicted):
            return belief
        marks = np.asarray(self.predicted)
        k = jnp.asarray(np.maximum(np.cumsum(marks) - 1, 0))[column]
        mean, covariance = belief
        row = jnp.where(jnp.asarray(marks)[column] & known, covariance[k], 0.0)
        gain = row / jnp.maximum(covariance[k, k], _LEAST * self.covariance.value[k, k])
        return Belief(mean + gain * (value - mean[k]), covariance - gain[:, None] * row)

    def given(self, values: Float[Array, " d"], known: Bool[Array, " d"]) -> Belief:
        """All known columns observed."""

        def step(belief: Belief, at: tuple[Array, Scalar, Array]) -> tuple[Belief, None]:
            return self.observe(belief, *at), None

        every = np.flatnonzero(self.predicted)
        observed = (jnp.asarray(every), values[every], known[every])
        return jax.lax.scan(step, self.start(), observed)[0]

    def place(self, belief: Belief) -> tuple[Float[Array, " d"], Float[Array, " d"]]:
        """Location and scale of every column of the configuration."""
        at = np.flatnonzero(self.predicted)
        least = _LEAST * jnp.diagonal(self.covariance.value)
        scales = jnp.sqrt(jnp.maximum(jnp.diagonal(belief.covariance), least))
        blank = jnp.zeros(len(self.predicted))
        return blank.at[at].set(belief.mean), (blank + 1.0).at[at].set(scales)
