"""A recurrent network over the outcomes of a chain: the sizes that all contenders share."""

import numpy as np

SITES, OUTCOMES, WIDTH, DEPTH, BATCH, STEPS = 50, 4, 100, 3, 500, 5
DRAWN = 100_000


def data() -> np.ndarray:
    """Codes whose neighbors are alike."""
    draw = np.random.default_rng(0)
    steps = draw.integers(0, 2, size=(5000, SITES))
    return (np.cumsum(steps, axis=1) % OUTCOMES).astype(np.float32)
