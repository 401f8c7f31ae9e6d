"""Lattice models as sources of data: exact samples with exact log-probabilities."""

import numpy as np

from energeia.contracts import Observable
from energeia.physics.lattice.field_observables import free_field_observables
from energeia.physics.lattice.free_field import FreeField
from energeia.physics.lattice.ising import Ising
from energeia.physics.lattice.observables import Derived, ising_observables
from energeia.support import Binary, Real, Support

FREE_FIELD_SYMMETRIES = ("translations", "transposition", "reflections", "sign-flip")
"""Symmetries of a free field, of which transposition and reflections make the rotations."""


class IsingSource:
    """Independent exact samples of an Ising lattice, with its exact properties.

    >>> source = IsingSource(Ising(4, 0.4))
    >>> source.draw(seed=0, count=2).shape, source.symmetries
    ((2, 16), ('translations', 'transposition', 'spin-flip'))
    """

    def __init__(self, model: Ising) -> None:
        self.model = model
        self.name = "ising"
        self.layout = (model.L, model.L)
        self.periodic_layout = True
        self.support = Support(((Binary((-1.0, 1.0)), model.L**2),))
        flips = ("spin-flip",) if model.h == 0 else ()
        self.symmetries: tuple[str, ...] = ("translations", "transposition", *flips)
        self.entropy: float | None = model.solution.entropy

    def draw(self, seed: int, count: int) -> np.ndarray:
        """New independent rows, shape ``(count, L^2)``."""
        return np.asarray(self.model.draw(seed, count), dtype=np.float32).reshape(count, -1)

    def log_prob(self, rows: np.ndarray) -> np.ndarray:
        """The exact log-probability of each row, nats, in double precision.

        Sums of spins and of their products are whole numbers, hence exact.
        """
        spins = np.asarray(rows, dtype=np.float64).reshape(-1, *self.layout)
        neighbors = np.roll(spins, -1, axis=1) + np.roll(spins, -1, axis=2)
        bonds, fields = np.sum(spins * neighbors, axis=(1, 2)), np.sum(spins, axis=(1, 2))
        weight = self.model.J * bonds + self.model.h * fields
        return self.model.beta * weight - self.model.log_partition

    def observables(self) -> tuple[tuple[Observable | Derived, float], ...]:
        """Energy, magnetization, susceptibility and specific heat, each with its exact value."""
        return ising_observables(self.model)


def ising(name: str, L: int, beta: float, J: float, h: float, n: int) -> IsingSource:
    """The source ``ising:L=8,beta=0.4407``.

    Raises:
        InputError: for a width below 2 or above 10.
    """
    return IsingSource(Ising(L=L, beta=beta, J=J, h=h))  # pyright: ignore[reportCallIssue]


class FreeFieldSource:
    """Independent exact samples of a free scalar field, with its exact properties.

    >>> source = FreeFieldSource(FreeField(4, 0.5))
    >>> source.draw(seed=0, count=2).shape, round(source.entropy, 4)
    ((2, 16), 11.8911)
    """

    def __init__(self, model: FreeField) -> None:
        self.model = model
        self.name = "free-field"
        self.layout = model.shape
        self.periodic_layout = True
        self.support = Support(((Real(), model.L**2),))
        self.symmetries: tuple[str, ...] = FREE_FIELD_SYMMETRIES
        self.entropy: float | None = model.entropy

    def draw(self, seed: int, count: int) -> np.ndarray:
        """New independent rows, shape ``(count, L^2)``."""
        return self.model.draw(seed, count).reshape(count, -1)

    def log_prob(self, rows: np.ndarray) -> np.ndarray:
        """The exact log-density of each row, nats, in double precision."""
        return self.model.log_probs(rows)

    def observables(self) -> tuple[tuple[Observable, float], ...]:
        """Correlations and the susceptibility, each with its exact value."""
        return free_field_observables(self.model)


def free_field(name: str, L: int, mass2: float, n: int) -> FreeFieldSource:
    """The source ``free-field:L=8,mass2=0.25``.

    Raises:
        InputError: for a width below 2 or a squared mass that is not positive.
    """
    return FreeFieldSource(FreeField(L, mass2))
