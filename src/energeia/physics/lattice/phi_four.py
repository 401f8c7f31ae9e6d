"""The phi^4 field on a periodic square lattice, solved exactly where it is very small."""

from functools import lru_cache
from typing import NamedTuple

import equinox as eqx
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array
from typing_extensions import override

from energeia._core.errors import InputError
from energeia._core.types import Scalar
from energeia.contracts import Condition, Energy

LARGEST = 3
"""The largest width that is solved by quadrature."""
_NODES, _TAIL, _RANK = 48, 40.0, 1e-12
"""Points of one site, up to where its action is so many nats above the least, and the least
eigenvalue of a bond over the largest."""
_STATES = 3000
"""The largest matrix."""


class FieldSolution(NamedTuple):
    """Exact averages of a small lattice."""

    log_partition: float
    """log Z, nats."""
    field_2: float
    """<phi^2> of a site."""
    susceptibility: float
    """N <m^2>, m the mean of the field."""


class PhiFour(Energy):
    """E(phi) = sum_x [sum_mu (phi_(x + mu) - phi_x)^2 + m2 phi_x^2 + lam phi_x^4], in nats.

    The lattice is periodic, of shape ``(L, L)`` (L = 2 counts each pair twice). For a squared mass
    ``m2`` below zero the field has two phases, apart where ``lam`` is small; at m2 = -4 the
    critical line passes lam = 6.008 at L = 8 (Albergo et al. 2019, arXiv:1904.12072). Widths up to
    3 are solved by quadrature.

    Raises:
        InputError: for L below 2, or ``lam`` not above zero (zero where m2 is above).

    >>> import jax.numpy as jnp
    >>> field = PhiFour(2, m2=-4.0, lam=6.975)
    >>> round(float(field.energy(jnp.ones((2, 2)))), 4)
    11.9
    >>> round(field.solution.log_partition, 6), round(field.solution.field_2, 6)
    (1.173185, 0.195626)
    """

    L: int = eqx.field(static=True)
    m2: float = eqx.field(static=True)
    lam: float = eqx.field(static=True)

    def __check_init__(self) -> None:
        if self.L < 2:
            raise InputError(f"a lattice of width {self.L} was asked for: the least is 2")
        if self.lam < 0 or (self.lam == 0 and self.m2 <= 0):
            raise InputError(
                f"a phi^4 field of lam {self.lam:g} and m2 {self.m2:g} was asked for, which has no "
                "normalizable distribution: give a positive lam"
            )

    @property
    @override
    def shape(self) -> tuple[int, int]:
        return (self.L, self.L)

    @property
    @override
    def condition_shape(self) -> None:
        return

    @override
    def energy(self, x: Array, condition: Condition = None) -> Scalar:
        return phi_four_action(jnp.reshape(x, self.shape), self.m2, self.lam)

    @property
    def solution(self) -> FieldSolution:
        """Exact averages by quadrature.

        Raises:
            InputError: for a width above 3.
        """
        return _solve(self.L, self.m2, self.lam)


def phi_four_action(phi: Array, m2: Scalar | float, lam: Scalar | float) -> Scalar:
    """The action of a field of shape ``(L, L)``; couplings may be traced."""
    steps = sum(jnp.sum((jnp.roll(phi, -1, axis) - phi) ** 2) for axis in (0, 1))
    return steps + jnp.sum(m2 * phi**2 + lam * phi**4)


def site_scale(m2: float, lam: float) -> float:
    """sqrt(<phi^2>) of one site whose neighbors are zero: roughly the width of the field."""
    nodes = _site_nodes(m2 + 4, lam)
    weights = np.exp(-(m2 + 4) * nodes**2 - lam * nodes**4)
    return float(np.sqrt(np.sum(weights * nodes**2) / np.sum(weights)))


@lru_cache(maxsize=32)
def _solve(L: int, m2: float, lam: float) -> FieldSolution:
    """Z = tr M^L, where M takes one row of sites to the next.

    The bond between two sites has few eigenfunctions beside its weights, so a row of L sites has a
    matrix of rank^L.
    """
    if L > LARGEST:
        raise InputError(
            f"the exact answers of a phi^4 lattice of width {L} were asked for: quadrature knows "
            f"widths up to {LARGEST}"
        )
    nodes, modes = _bond(m2, lam)
    if modes.shape[1] ** L > _STATES:
        raise InputError(
            f"the exact answers of a phi^4 lattice of width {L} at m2 {m2:g} and lam {lam:g} were "
            "asked for, whose field is too broad for quadrature: give a narrower one"
        )
    rows = np.stack(np.meshgrid(*[nodes] * L, indexing="ij"), axis=-1)
    bonds = np.exp(-np.sum((np.roll(rows, -1, axis=-1) - rows) ** 2, axis=-1))
    mean = rows.mean(axis=-1)
    plain, first, second, square = (
        _in_modes(bonds * inserted, modes)
        for inserted in (1.0, mean, mean**2, np.mean(rows**2, axis=-1))
    )
    powers = [np.linalg.matrix_power(plain, k) for k in range(L)]
    z = np.trace(powers[L - 1] @ plain)
    same = np.sum(second * powers[L - 1].T)
    apart = sum(
        np.sum((first @ powers[k - 1]) * (first @ powers[L - k - 1]).T) for k in range(1, L)
    )
    return FieldSolution(
        log_partition=float(np.log(z)),
        field_2=float(np.sum(square * powers[L - 1].T) / z),
        susceptibility=float(L * (same + apart) / z),
    )


def _bond(m2: float, lam: float) -> tuple[np.ndarray, np.ndarray]:
    """Nodes of one site, and the eigenfunctions of exp(-(a - b)^2) between weighted sites.

    The trapezoid rule converges exponentially, since the integrand vanishes at the ends.
    """
    nodes = _site_nodes(m2, lam)
    weights = np.exp(-m2 * nodes**2 - lam * nodes**4) * (nodes[1] - nodes[0])
    roots = np.sqrt(weights)
    kernel = roots[:, None] * np.exp(-((nodes[:, None] - nodes) ** 2)) * roots
    values, functions = np.linalg.eigh(kernel)
    kept = values > _RANK * values[-1]
    return nodes, functions[:, kept] * np.sqrt(values[kept])


def _site_nodes(m2: float, lam: float) -> np.ndarray:
    """Equal steps where m2 x^2 + lam x^4 is at most ``_TAIL`` above its least."""
    least = -(m2**2) / (4 * lam) if m2 < 0 else 0.0
    level = _TAIL + least
    end = np.sqrt((-m2 + np.sqrt(m2**2 + 4 * lam * level)) / (2 * lam) if lam else level / m2)
    return np.linspace(-end, end, _NODES)


def _in_modes(row: np.ndarray, modes: np.ndarray) -> np.ndarray:
    """The matrix elements of a function of the L sites of a row."""
    pairs = (modes[:, :, None] * modes[:, None, :]).reshape(len(modes), -1)
    for _ in range(row.ndim):
        row = np.tensordot(row, pairs, axes=(0, 0))
    rank, sites = modes.shape[1], row.ndim
    row = row.reshape((rank, rank) * sites)
    order = (*range(0, 2 * sites, 2), *range(1, 2 * sites, 2))
    return row.transpose(order).reshape(rank**sites, rank**sites)
