"""A masked autoregressive network over categories: the sizes that all contenders share."""

import numpy as np

COLUMNS, VALUES, WIDTH, BATCH, STEPS = 64, 17, 512, 128, 50
SHARE = round(WIDTH / (COLUMNS - 1))
"""Hidden units for each label 1 .. COLUMNS - 1."""


def data() -> np.ndarray:
    """Codes whose neighbors are alike."""
    draw = np.random.default_rng(0)
    steps = draw.integers(-2, 3, size=(BATCH * STEPS, COLUMNS))
    return np.abs(np.cumsum(steps, axis=1) % VALUES).astype(np.float32)
