"""Coupling flows: the sizes that all contenders share."""

from typing import NamedTuple

import numpy as np

BINS, HALF_WIDTH = 8, 5.0
SERVED = 4096
"""Rows scored or drawn in one call."""


class Sizes(NamedTuple):
    """Of the flow and its batches."""

    dimension: int
    layers: int
    width: int
    batch: int
    steps: int
    """Training steps in one call."""


SIZES = {"plane": Sizes(2, 8, 64, 256, 200), "wide": Sizes(64, 8, 128, 512, 25)}


def data(sizes: Sizes) -> np.ndarray:
    """Dependent columns of about unit scale."""
    draw = np.random.default_rng(0)
    z = draw.normal(size=(max(sizes.batch * sizes.steps, SERVED), sizes.dimension))
    return (0.8 * z + 0.6 * np.tanh(np.roll(z, 1, axis=1))).astype(np.float32)
