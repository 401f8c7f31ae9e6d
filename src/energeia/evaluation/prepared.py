"""Standardized held-out and training rows, with all statistics that do not depend on a model.
Several models evaluated on the same data share one ``PreparedData``.
"""

from collections.abc import Callable
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from energeia._core.errors import InputError
from energeia.contracts import Batch
from energeia.data.checks import bad_rows
from energeia.data.features import flattened, standardized_by
from energeia.evaluation.budget import EvaluationBudget
from energeia.evaluation.unweighting import unweighted
from energeia.stats.distances import distances, median_distance
from energeia.stats.neighbors import duplicates
from energeia.stats.permutation import relabelings
from energeia.support import Support

_WIDE = 2_000_000
FARTHEST = 1e6
"""Standard deviations of the training rows at which the features of samples are cut off."""


class PreparedData:
    """Rows in the form of the tests: flattened, conditions appended, every column standardized.

    Columns are shifted and scaled by the mean and standard deviation of the training rows,
    discrete ones included (by their values, so an unordered alphabet gets the order of its
    values); a circle becomes its cosine and sine and a rotation its matrix, where ``support`` names
    one (``Support.features``). At most ``budget.rows`` rows of each part are kept, chosen at
    random, and where rows have weights only those that ``unweighted`` keeps.

    Raises:
        InputError: for fewer than 4 rows in either part, or rows with NaN or infinity.
    """

    def __init__(
        self,
        train: Batch,
        held_out: Batch,
        *,
        budget: EvaluationBudget | None = None,
        seed: int = 0,
        support: Support | None = None,
    ) -> None:
        self.budget, self.seed, self.support = budget or EvaluationBudget(), seed, support
        fewest = min(len(train.x), len(held_out.x))
        if fewest < 4:
            raise InputError(f"{fewest} rows were given to compare with: at least 4 are needed")
        _require_finite(held_out, "held-out")
        _require_finite(train, "training")
        generator = np.random.default_rng(seed)
        self.kept = unweighted(train, held_out, support, seed)
        """Rows of equal weight, all where they have no weights."""
        self.chosen_training = _choose(generator, self.kept.training, self.budget.rows)
        self.chosen_held_out = _choose(generator, self.kept.held_out, self.budget.rows)
        training = self._flatten(_take(train, self.chosen_training))
        self._location, self._scale = standardized_by(training)
        self.training = self._standardize(training)
        self._train = train
        self.held_out = self._standardize(self._flatten(_take(held_out, self.chosen_held_out)))
        conditions = train.condition
        self.conditions = None if conditions is None else np.asarray(conditions)[self.kept.training]
        """Conditions for samples: those of training rows, never of held-out rows."""
        self._baselines: dict[Any, Any] = {}

    def features(self, rows: Batch) -> Float[np.ndarray, "rows columns"]:
        """Rows in the user's units, transformed for the tests.

        Beyond ``FARTHEST`` standard deviations a row keeps its direction but not its distance,
        which no test would see and some could not square.
        """
        return np.clip(self._standardize(self._flatten(rows)), -FARTHEST, FARTHEST)

    def draw_conditions(self, n: int) -> np.ndarray | None:
        """Conditions for ``n`` samples, from the training rows; None for a model without."""
        if self.conditions is None:
            return None
        generator = np.random.default_rng(self.seed + 1)
        return self.conditions[generator.integers(len(self.conditions), size=n)]

    def labels(self, n: int) -> Bool[np.ndarray, "count rows"]:
        """Relabelings of ``n`` rows pooled with the held-out ones."""
        return relabelings(self.seed, self.budget.permutations, n, len(self.held_out))

    @cached_property
    def held_out_distances(self) -> Float[np.ndarray, "m m"]:
        """Distances among held-out rows."""
        return distances(self.held_out, self.held_out)

    @cached_property
    def training_distances(self) -> Float[np.ndarray, "n n"]:
        """Distances among training rows."""
        return distances(self.training, self.training)

    @cached_property
    def training_rows_for_copies(self) -> Float[np.ndarray, "rows columns"]:
        """More training rows, for the search for copies: all, up to some two million numbers."""
        rows = self.kept.training
        most = max(len(self.training), _WIDE // self.training.shape[1])
        if most >= len(rows) > len(self.training):
            return self.features(_take(self._train, rows))
        if len(rows) <= len(self.training):
            return self.training
        chosen = _choose(np.random.default_rng(self.seed + 2), rows, most)
        return self.features(_take(self._train, chosen))

    @cached_property
    def bandwidth(self) -> float:
        """Bandwidth of the Gaussian kernel: the median distance of training rows, or 1 if zero.

        It depends on neither sample of a test, so tests stay exact and models comparable.
        """
        return median_distance(self.training_distances) or 1.0

    @cached_property
    def distinct_held_out(self) -> np.ndarray:
        """Positions in the given held-out rows of those kept, each of several equal rows once."""
        return self.chosen_held_out[np.unique(self.held_out, axis=0, return_index=True)[1]]

    @cached_property
    def repeats(self) -> int:
        """How many of the distinct held-out rows are equal to a training row."""
        both = np.concatenate([self.training, np.unique(self.held_out, axis=0)])
        return duplicates(both) - duplicates(self.training)

    def baseline(self, compare: Callable[[np.ndarray, "PreparedData"], Any]) -> Any:
        """``compare`` with training rows in the place of samples, computed once."""
        if compare not in self._baselines:
            self._baselines[compare] = compare(self.training, self)
        return self._baselines[compare]

    def _flatten(self, rows: Batch) -> np.ndarray:
        return flattened(self.support, rows.x, rows.condition)

    def _standardize(self, flat: np.ndarray) -> np.ndarray:
        return (flat - self._location) / self._scale


def _choose(generator: np.random.Generator, rows: np.ndarray, most: int) -> np.ndarray:
    return generator.permutation(rows)[:most]


def _take(rows: Batch, index: np.ndarray) -> Batch:
    """Some rows in a random order, read from disk in file order."""
    inside, back = np.sort(index), np.argsort(np.argsort(index))
    x = np.asarray(rows.x[inside])[back]
    condition = None if rows.condition is None else np.asarray(rows.condition)[index]
    return Batch(x, condition)  # pyright: ignore[reportArgumentType]


def _require_finite(rows: Batch, part: str) -> None:
    """Raise for rows that hold NaN or infinity."""
    for values in (rows.x, rows.condition):
        bad = np.zeros(0) if values is None else bad_rows(values)  # pyright: ignore[reportArgumentType]
        if bad.size:
            raise InputError(
                f"{bad.size} of {len(rows.x)} {part} rows hold NaN or infinity (the first: "
                f"{bad[:3].tolist()}) where finite numbers are compared: remove them"
            )
