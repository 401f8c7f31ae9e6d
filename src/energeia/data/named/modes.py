"""Ring and grid: many narrow modes of equal weight, a test of mode collapse.

The protocol of PacGAN (Lin et al. 2018, arXiv:1712.04086, section 4.1): eight Gaussians of
deviation 0.01 on a circle of radius 1, twenty-five of deviation 0.05 on {-4, -2, 0, 2, 4}^2, 2,500
training rows, 2,500 generated ones.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import logsumexp

from energeia.data.named.toy import Rows, Toy


@dataclass(frozen=True, eq=False)
class Modes:
    """Equal Gaussians that do not overlap.

    >>> ring = MODES["ring"]
    >>> ring.centers.shape, ring.width
    ((8, 2), 0.01)
    """

    name: str
    centers: Rows
    width: float

    @property
    def density(self) -> Toy:
        """The density, with its entropy log K + 1 + log(2 pi width^2), exact up to overlaps."""
        entropy = math.log(len(self.centers)) + 1 + math.log(2 * math.pi * self.width**2)
        return Toy(self.name, entropy, self._draw, self.log_prob)

    def _draw(self, rng: np.random.Generator, n: int) -> Rows:
        which = rng.integers(len(self.centers), size=n)
        return self.centers[which] + self.width * rng.normal(size=(n, 2))

    def log_prob(self, x: Rows) -> np.ndarray:
        """log p of each row, in nats."""
        # Differences first: the squares of a narrow mode would lose its digits.
        z = (np.asarray(x, np.float64)[:, None, :] - self.centers) / self.width
        terms = np.asarray(logsumexp(-0.5 * np.sum(z**2, axis=2), axis=1))
        return terms - math.log(len(self.centers) * 2 * math.pi * self.width**2)


_ANGLES = np.arange(8) * np.pi / 4
_SIDE = np.array([-4.0, -2.0, 0.0, 2.0, 4.0])

MODES: dict[str, Modes] = {
    "ring": Modes("ring", np.stack([np.cos(_ANGLES), np.sin(_ANGLES)], axis=1), 0.01),
    "grid": Modes("grid", np.array([[a, b] for a in _SIDE for b in _SIDE]), 0.05),
}
"""Both by name."""
