"""Densities in the plane as sources of data."""

import numpy as np

from energeia.data.named.modes import MODES
from energeia.data.named.toy import Toy, toy
from energeia.support import Real, Support


class PlanarSource:
    """Independent samples of a density with its exact log-density and entropy.

    >>> source = PlanarSource(toy("checkerboard"))
    >>> source.draw(seed=0, count=3).shape, round(source.entropy, 3)
    ((3, 2), 3.466)
    """

    def __init__(self, model: Toy) -> None:
        self.name = model.name
        self.model = model
        self.layout = (2,)
        self.periodic_layout = False
        self.support = Support(((Real(), 2),))
        self.symmetries: tuple[str, ...] = ()
        self.entropy: float | None = float(self.model.entropy)

    def draw(self, seed: int, count: int) -> np.ndarray:
        """New independent rows, shape ``(count, 2)``."""
        # Double precision: rounded, a point could cross the edge of its square.
        return np.asarray(self.model.sample(seed, count))

    def log_prob(self, rows: np.ndarray) -> np.ndarray:
        """The exact log-density of each row, nats."""
        return np.asarray(self.model.log_prob(np.asarray(rows)))

    def observables(self) -> tuple[()]:
        """None."""
        return ()


def toys(name: str, n: int) -> PlanarSource:
    """The source ``moons``, ``8gaussians`` and the others by name."""
    return PlanarSource(toy(name))


def modes(name: str, n: int) -> PlanarSource:
    """The sources ``ring`` and ``grid``."""
    return PlanarSource(MODES[name].density)
