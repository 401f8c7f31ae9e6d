"""A multi-scale flow of fields: the sizes that all contenders share."""

import numpy as np

SIDE, LEVELS, FLOW_STEPS, CHANNELS = 28, 2, 4, 48
BATCH, STEPS = 64, 5
SERVED = 256
"""Fields scored or drawn in one call."""


def data() -> np.ndarray:
    """Smooth fields with noise, one flat row each."""
    draw = np.random.default_rng(0)
    waves = np.sin(np.linspace(0, np.pi, SIDE)[:, None] * np.arange(1, 5))
    a, b = draw.normal(size=(2, 640, 4))
    fields = np.einsum("nk,nl,ik,jl->nij", a, b, waves, waves) / 4
    noisy = fields + 0.3 * draw.normal(size=fields.shape)
    return noisy.reshape(len(fields), -1).astype(np.float32)
