"""Lattices of spins with a coupling of its own on every bond, solved exactly."""

from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Float

from energeia._core.errors import InputError
from energeia.energies.spins import PairSpins
from energeia.physics.lattice.transfer_matrix import LARGEST, row_spins


class GlassLattice:
    """E(s) = -beta (sum J_b s_b s_b' over bonds + sum h_i s_i) on a periodic square lattice.

    ``right[i, j]`` couples site (i, j) with (i, j + 1), ``down[i, j]`` with (i + 1, j). Products of
    the transfer matrices of its rows give log Z and independent draws up to a width of 10.

    Raises:
        InputError: for arrays of other shapes than ``(L, L)``, or a width beyond 2 to 10.

    >>> ones = np.ones((4, 4))
    >>> lattice = GlassLattice(ones, ones, beta=0.4)
    >>> from energeia.physics.lattice.transfer_matrix import solve
    >>> bool(abs(lattice.log_partition - solve(4, 0.4).log_partition) < 1e-10)
    True
    """

    def __init__(
        self, right: Float[np.ndarray, "L L"], down: Float[np.ndarray, "L L"],
        fields: Float[np.ndarray, "L L"] | None = None, beta: float = 1.0,
    ) -> None:  # fmt: skip
        self.right, self.down = np.asarray(right, float), np.asarray(down, float)
        side = len(self.right)
        self.fields = np.zeros((side, side)) if fields is None else np.asarray(fields, float)
        self.beta, self.side = float(beta), side
        shapes = {a.shape for a in (self.right, self.down, self.fields)}
        if shapes != {(side, side)} or not 2 <= side <= LARGEST:
            raise InputError(
                f"couplings and fields of shapes {sorted(shapes)} were given: give squares of one "
                f"side from 2 to {LARGEST}"
            )

    @property
    def energy(self) -> PairSpins:
        """The energy of flat configurations, row after row."""
        sites = np.arange(self.side**2).reshape(self.side, self.side)
        couplings = np.zeros((sites.size, sites.size))
        for values, axis in ((self.right, 1), (self.down, 0)):
            ends = np.roll(sites, -1, axis=axis)
            np.add.at(couplings, (sites, ends), values)
            np.add.at(couplings, (ends, sites), values)
        return PairSpins(couplings, self.fields.ravel(), self.beta)

    @property
    def log_partition(self) -> float:
        """log Z, nats."""
        log_scale, _, after = self._products
        return float(np.log(np.trace(after[0])) + log_scale)

    def draw(self, seed: int, count: int) -> Float[np.ndarray, "count sites"]:
        """Independent exact configurations, spins -1 and +1."""
        _, steps, after = self._products
        rng, states = np.random.default_rng(seed), row_spins(self.side)
        law = np.diag(after[0]) / np.trace(after[0])
        first = rng.choice(len(states), size=count, p=law)
        rows = np.empty((count, self.side), np.int64)
        block = max(1, 2**21 // len(states))
        for start in range(0, count, block):
            part = slice(start, start + block)
            rows[part] = self._rows(rng, first[part], steps, after)
        return states[rows].reshape(count, -1).astype(np.float32)

    def _rows(
        self, rng: np.random.Generator, first: np.ndarray, steps: list[np.ndarray],
        after: list[np.ndarray],
    ) -> np.ndarray:  # fmt: skip
        """Given the rows before it, row k has weight T_k(a, b) (T_k+1 ... T_L)(b, first)."""
        rows = [first]
        for k in range(self.side - 1):
            weights = steps[k][rows[-1]] * after[k + 1][:, first].T
            cumulative = np.cumsum(weights, axis=1)
            level = rng.random(len(first)) * cumulative[:, -1]
            found = np.sum(cumulative <= level[:, None], axis=1)
            rows.append(np.minimum(found, weights.shape[1] - 1))
        return np.stack(rows, axis=1)

    @cached_property
    def _products(self) -> tuple[float, list[np.ndarray], list[np.ndarray]]:
        """log of all scales, the matrix of each row to the next, and products from each on."""
        states, log_scale, steps = row_spins(self.side), 0.0, []
        bonds = states * np.roll(states, -1, axis=1)
        within = self.beta * (bonds @ self.right.T + states @ self.fields.T)
        for k in range(self.side):
            between = self.beta * (states * self.down[k]) @ states.T
            exponent = within[:, k, None] + between
            top = float(exponent.max())
            steps.append(np.exp(exponent - top))
            log_scale += top
        after = [np.eye(len(states))]
        for step in reversed(steps):
            product = step @ after[0]
            norm = float(product.max())
            log_scale += float(np.log(norm))
            after.insert(0, product / norm)
        return log_scale, steps, after


def edwards_anderson(
    side: int, beta: float, law: Literal["normal", "binary"] = "normal", seed: int = 0
) -> GlassLattice:
    """The Edwards-Anderson glass: couplings N(0, 1), or -1 and +1, of all bonds.

    >>> edwards_anderson(4, 0.5, "binary").energy.shape
    (16,)
    """
    rng = np.random.default_rng(seed)
    size = (2, side, side)
    values = rng.normal(size=size) if law == "normal" else rng.choice([-1.0, 1.0], size=size)
    return GlassLattice(values[0], values[1], beta=beta)
