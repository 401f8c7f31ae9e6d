"""Exact draws of the ring of all tasks, p(x) ~ exp(-8 (|x| - 2)^2) in two dimensions."""

import numpy as np

LOG_Z = 2.0636684
"""log of 2 pi int r exp(-8 (r - 2)^2) dr over r > 0, by quadrature."""


def draw(count, seed=0):
    """Rows by inversion: the radius from a fine table of its distribution, the angle uniform."""
    rng = np.random.default_rng(seed)
    r = np.linspace(0.0, 5.0, 20_001)
    mass = np.cumsum(r * np.exp(-8.0 * (r - 2.0) ** 2))
    radius = np.interp(rng.random(count), mass / mass[-1], r)
    angle = rng.uniform(0.0, 2.0 * np.pi, count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32)
