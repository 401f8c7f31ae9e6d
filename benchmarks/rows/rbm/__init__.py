"""Persistent contrastive divergence: the sizes that all contenders share."""

import numpy as np

VISIBLE, HIDDEN, BATCH, STEPS = 784, 256, 128, 50


def data() -> np.ndarray:
    """Binary rows of a few blurred directions."""
    draw = np.random.default_rng(0)
    logits = draw.normal(size=(BATCH * STEPS, 8)) @ draw.normal(size=(8, VISIBLE))
    return (logits > 0).astype(np.float32)
