"""Rows of equal weight out of weighted ones, for tests that know no weights."""

from typing import Any, NamedTuple

import numpy as np

from energeia.contracts import Batch
from energeia.data.weights import LocalWeights
from energeia.support import Support

FEWEST_KEPT = 50
"""Rows of equal weight below which tests are left out."""


class Unweighted(NamedTuple):
    """Numbers of the rows that are kept in each part, in ascending order."""

    training: np.ndarray
    held_out: np.ndarray
    note: str = ""
    """How rows were kept; empty where they have no weights."""
    refusal: str = ""
    """Why too few rows are left for tests, in which case all are kept."""


def unweighted(train: Batch, held_out: Batch, support: Support | None, seed: int) -> Unweighted:
    """Keep each row with probability w / max w: those kept are draws of the weighted density.

    No row is repeated, so that tests by permutation and of neighbors hold for them as for rows that
    never had weights; resampled rows would repeat. Weights of which some are negative are replaced
    by their local means first (``data.nonnegative_weights``).
    """
    count = len(train.x), len(held_out.x)
    everything = Unweighted(np.arange(count[0]), np.arange(count[1]))
    if train.weight is None and held_out.weight is None:
        return everything
    generator = np.random.default_rng([seed, 0xACC])
    parts = [_accepted(generator, weight) for weight in _weights(train, held_out, support)]
    left = [len(part) for part in parts]
    if min(left) < min(FEWEST_KEPT, *count):
        return everything._replace(
            refusal=f"of {count[0]} training and {count[1]} held-out rows {left[0]} and {left[1]} "
            "are left when each is kept with probability w / max w: too few for two-sample tests, "
            "which are left out"
        )
    note = f"{left[1]} of {count[1]} held-out rows kept with probability w / max w"
    return Unweighted(parts[0], parts[1], note)


def _weights(train: Batch, held_out: Batch, support: Support | None) -> list[np.ndarray]:
    given: list[Any] = [
        np.ones(len(part.x)) if part.weight is None else part.weight for part in (train, held_out)
    ]
    local = LocalWeights(train.x, given[0], train.condition, support=support)
    return [local.own, local.at(held_out.x, given[1], held_out.condition)]


def _accepted(generator: np.random.Generator, weight: np.ndarray) -> np.ndarray:
    return np.flatnonzero(generator.uniform(size=len(weight)) * weight.max() < weight)
