"""A continuous flow: the sizes that all contenders share."""

from benchmarks.rows.coupling import Sizes

DEPTH = 2
"""Residual blocks, each of two hidden layers; one more comes before them."""
SIZES = Sizes(dimension=2, layers=2 * DEPTH + 1, width=64, batch=256, steps=5)
TRAINED = 100
"""Steps before anything is timed: a velocity that is nearly zero is solved in one step."""
TRAINING_TOLERANCE, TOLERANCE = 1e-3, 1e-5
SERVED = 1024
"""Rows scored or drawn in one call."""
