"""Weights of rows: checks, effective number, and weights that a loss can have. Needs no JAX."""

from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from energeia._core.errors import InputError
from energeia.data.features import flattened, standardized_by
from energeia.records import WeightSummary
from energeia.stats.neighbor_means import LocalMean, cross_fitted_mean, local_mean
from energeia.support import Support

FEW = 200.0
"""Effective number of rows below which a warning is given."""
_SHARE = 0.1
"""Share of the rows that the effective number may be, likewise."""


def effective_number(weight: Float[np.ndarray, " rows"]) -> float:
    """(sum w)^2 / sum w^2, the number of equally weighted rows with the same error of a mean.

    >>> effective_number(np.array([1.0, 1.0, 2.0])).__round__(3), effective_number(np.ones(5))
    (2.667, 5.0)
    """
    weight = np.asarray(weight, dtype=np.float64)
    share = weight / np.max(np.abs(weight), initial=1e-300)
    return float(share.sum() ** 2 / np.sum(share**2))


def checked_weights(weight: Any, column: str, spec: str) -> Float[np.ndarray, " rows"]:
    """Weights in float64.

    Raises:
        InputError: if one is not finite, or their sum is not positive.
    """
    weight = np.asarray(weight, dtype=np.float64)
    if not np.all(np.isfinite(weight)):
        raise InputError(f"weights in column {column} of {spec} are not all finite: repair them")
    if not np.any(weight):
        raise InputError(
            f"all weights in column {column} of {spec} are zero: name the column of weights"
        )
    total = float(weight.sum())
    if not 0.0 < total < np.inf:
        raise InputError(
            f"the weights in column {column} of {spec} add up to {total:.3g} where a positive sum "
            "is wanted, by which means are divided: check the column and its sign"
        )
    return weight


def summary(weight: Float[np.ndarray, " rows"], column: str) -> WeightSummary:
    """Range, number of negative ones and effective number of weights."""
    return WeightSummary(
        column=column,
        low=float(weight.min()),
        high=float(weight.max()),
        negative=int(np.sum(weight < 0)),
        effective_rows=effective_number(weight),
    )


def weight_warnings(weight: Float[np.ndarray, " rows"]) -> tuple[str, ...]:
    """Warnings of a small effective number and of negative weights."""
    found, rows = summary(weight, ""), len(weight)
    worth = f"the {rows:,} weighted rows are worth {found.effective_rows:,.0f} rows of equal weight"
    warnings = []
    if found.effective_rows < max(FEW, _SHARE * rows):
        warnings.append(f"{worth}: errors are those of so few")
    if found.negative:
        warnings.append(
            f"{found.negative:,} of {rows:,} weights are negative: a loss takes their local mean, "
            "floored at zero, while means over held-out rows keep them"
        )
    return tuple(warnings)


def nonnegative_weights(
    x: Float[np.ndarray, "rows ..."],
    weight: Float[np.ndarray, " rows"],
    condition: Float[np.ndarray, "rows c"] | None = None,
    *,
    support: Support | None = None,
    seed: int = 0,
) -> Float[np.ndarray, " rows"]:
    """Weights that a loss can have: as they are, or where some are negative, their local mean.

    A loss with negative weights has no lower bound: the density of a model may fall to zero at a
    row of negative weight. Any weights with the same mean at every x describe the same density, and
    E[w | x] is one that is nowhere negative, since the weighted density is not. It is estimated
    from the nearest rows in standardized coordinates, that of each fifth of the rows from the other
    fifths (``stats.cross_fitted_mean``), and floored at zero (Nachman and Thaler 2020,
    arXiv:2007.11586, who fit it by a network).

    >>> x = np.random.default_rng(0).normal(size=(1000, 1))
    >>> weight = np.where(np.random.default_rng(1).uniform(size=1000) < 0.2, -1.0, 1.0)
    >>> bool(nonnegative_weights(x, weight).min() >= 0.0)
    True
    """
    return LocalWeights(x, weight, condition, support=support, seed=seed).own


class LocalWeights:
    """``nonnegative_weights`` of some rows and, from these, of others such as held-out rows."""

    def __init__(
        self, x: Any, weight: Any, condition: Any = None, *, support: Support | None = None,
        seed: int = 0,
    ) -> None:  # fmt: skip
        self.x, self.condition, self.support, self.seed = x, condition, support, seed
        self.weight = np.asarray(weight, dtype=np.float64)

    @property
    def own(self) -> Float[np.ndarray, " rows"]:
        """The weights of the rows themselves."""
        return np.maximum(self._fitted.values, 0.0) if np.any(self.weight < 0) else self.weight

    def at(self, x: Any, weight: Any, condition: Any = None) -> Float[np.ndarray, " m"]:
        """The weights of other rows."""
        weight = np.asarray(weight, dtype=np.float64)
        if not np.any(self.weight < 0) and not np.any(weight < 0):
            return weight
        points = self._standardized(x, condition)
        found = local_mean(self._points, self.weight, points, self._fitted.neighbors)
        return np.maximum(found, 0.0)

    @cached_property
    def _fitted(self) -> LocalMean:
        return cross_fitted_mean(self._points, self.weight, self.seed)

    @cached_property
    def _points(self) -> np.ndarray:
        return self._standardized(self.x, self.condition)

    @cached_property
    def _scaling(self) -> tuple[np.ndarray, np.ndarray]:
        return standardized_by(flattened(self.support, self.x, self.condition))

    def _standardized(self, x: Any, condition: Any) -> np.ndarray:
        location, scale = self._scaling
        return (flattened(self.support, x, condition) - location) / scale
