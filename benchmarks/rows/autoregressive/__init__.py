"""Autoregressive flows: the sizes that all contenders share."""

from benchmarks.rows.coupling import Sizes

WIDTH = 60
"""Hidden units: 4 for each label 1 .. 15, so that all masks are the same."""
SIZES = Sizes(dimension=16, layers=5, width=WIDTH, batch=256, steps=25)
SERVED = 1024
"""Rows scored or drawn in one call."""
