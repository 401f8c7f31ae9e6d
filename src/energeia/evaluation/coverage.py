"""Nearest-neighbor tests of samples: coverage of the data, and copies of training rows."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from energeia.estimate import Estimate
from energeia.evaluation.prepared import PreparedData
from energeia.stats.distances import distances
from energeia.stats.neighbors import Fraction, coverage, memorization


class Neighborhood(NamedTuple):
    """Coverage of the data by samples and by training rows, and memorization."""

    coverage: Estimate
    reference: Estimate
    """Coverage by an equal number of training rows."""
    memorization: Estimate


def neighborhood(
    samples: Float[np.ndarray, "n columns"], prepared: PreparedData, neighbors: int = 5
) -> Neighborhood:
    """Coverage (Naeem et al. 2020) and memorization of samples in the features of ``prepared``."""
    held_out, training = prepared.held_out, prepared.training[: len(samples)]
    apart = prepared.held_out_distances
    to_held_out = distances(samples, held_out)
    training_rows = prepared.training_rows_for_copies
    near = memorization(samples, training_rows, held_out)
    ours = coverage(apart, to_held_out.T, neighbors)
    theirs = coverage(apart, distances(held_out, training), neighbors)
    return Neighborhood(
        _estimate(ours, len(held_out), f"k = {neighbors}; {ours.expected:.3f} if alike"),
        _estimate(theirs, len(held_out), f"k = {neighbors}; {theirs.expected:.3f} if alike"),
        _estimate(
            near, len(samples), f"{len(training_rows)} training and {len(held_out)} held-out rows"
        ),
    )


def _estimate(found: Fraction, n: int, note: str) -> Estimate:
    return Estimate(found.value, found.stderr, "estimate", n, note)
