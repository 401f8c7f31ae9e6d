"""Density matrices of a few sites from shots, with a test of positivity."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Complex, Float, Int
from scipy.stats import norm

from energeia._core.errors import InputError
from energeia.estimate import Estimate
from energeia.evaluation.quantum.shadows import pauli_frame
from energeia.physics.quantum.povm import PAULI, Povm, require_complete
from energeia.stats.kronecker import histogram, on_every_axis

MOST_SITES = 6
_ONE_SIGMA = float(norm.cdf(1.0))
_SIGMA = np.stack([PAULI[letter] for letter in "IXYZ"])


class ReducedState(NamedTuple):
    """The density matrix of some sites, by linear inversion."""

    sites: tuple[int, ...]
    matrix: Complex[np.ndarray, "D D"]
    """Unbiased, of trace one, Hermitian; possibly with negative eigenvalues, from noise."""
    smallest: Estimate
    """Its smallest eigenvalue, with the error of v' rho v in its own eigenvector v. The eigenvalue
    of a noisy matrix lies below that of its mean: near zero, one or two errors below are not
    significant.
    """


def reduced_state(
    outcomes: Int[np.ndarray, "n sites"], povm: Povm, sites: tuple[int, ...]
) -> ReducedState:
    """rho_S = (1/n) sum_shots D_{a_i} x D_{a_j} x ... over the chosen sites, in their order.

    Raises:
        InputError: for a measurement that is not complete, sites that do not exist or repeat, or
            more than 6 of them.

    >>> import numpy as np
    >>> from energeia.physics.quantum.povm import pauli_6
    >>> found = reduced_state(np.array([[0], [1], [2], [3], [4], [4]]), pauli_6(), (0,))
    >>> bool(np.allclose(found.matrix, [[1, 0], [0, 0]]))
    True
    """
    require_complete(povm)
    measured = outcomes.shape[1]
    if len(set(sites)) != len(sites) or not 1 <= len(sites) <= MOST_SITES:
        raise InputError(
            f"the density matrix of sites {sites} was requested: name 1 to {MOST_SITES} sites, "
            "each once"
        )
    if min(sites) < 0 or max(sites) >= measured:
        raise InputError(
            f"the density matrix of sites {sites} was requested of {measured} measured sites: "
            f"name sites from 0 to {measured - 1}"
        )
    frame, width = pauli_frame(povm), len(sites)
    shares = histogram(outcomes[:, sites], povm.n_outcomes) / len(outcomes)
    matrix = pauli_matrix(on_every_axis(frame.T, shares, width), width)
    values, vectors = np.linalg.eigh(matrix)
    # v' (D x D x ...) v of every string of outcomes: the least eigenvalue is its mean over shots.
    projector = pauli_vector(np.outer(vectors[:, 0], vectors[:, 0].conj()), width)
    terms = on_every_axis(frame / 2, projector, width)
    spread = max(0.0, float(shares @ terms**2) - float(shares @ terms) ** 2)
    stderr = np.sqrt(spread / max(len(outcomes) - 1, 1))
    smallest = Estimate(float(values[0]), float(stderr), "estimate", len(outcomes))
    return ReducedState(tuple(sites), matrix, smallest)


def blocks(outcomes: Int[np.ndarray, "n sites"], povm: Povm, width: int) -> list[ReducedState]:
    """The density matrix of every run of ``width`` neighboring sites.

    Raises:
        InputError: as ``reduced_state``.
    """
    last = outcomes.shape[1] - width
    return [
        reduced_state(outcomes, povm, tuple(range(start, start + width)))
        for start in range(last + 1)
    ]


def selection_quantile(count: int, confidence: float = _ONE_SIGMA) -> float:
    """The number of errors within which the least of ``count`` stays with a given confidence.

    Sidak's quantile, z with cdf(z)^count = confidence: 1 for one number at the confidence of one
    standard error, 2.7 for the least of 49.

    >>> round(selection_quantile(1), 9), round(selection_quantile(49), 2)
    (1.0, 2.7)
    """
    return float(norm.ppf(confidence ** (1.0 / count)))


def nearest_physical(matrix: Complex[np.ndarray, "D D"]) -> Complex[np.ndarray, "D D"]:
    """The density matrix nearest in Frobenius norm: same eigenvectors, eigenvalues on the simplex.

    Smolin, Gambetta and Smith (2012), arXiv:1106.5458: the negative part is distributed over the
    other eigenvalues. This projection is biased: state it where you use it.

    >>> nearest_physical(np.diag([1.1, 0.0, 0.0, -0.1]).astype(complex)).real.diagonal().tolist()
    [1.0, 0.0, 0.0, 0.0]
    """
    values, vectors = np.linalg.eigh(matrix)
    kept = _on_simplex(values)
    return (vectors * kept) @ vectors.conj().T


def _on_simplex(values: Float[np.ndarray, " D"]) -> Float[np.ndarray, " D"]:
    """max(values - shift, 0) with the shift that makes the sum one."""
    down = np.sort(values)[::-1]
    shifts = (np.cumsum(down) - 1.0) / np.arange(1, len(down) + 1)
    return np.maximum(values - shifts[np.flatnonzero(down > shifts)[-1]], 0.0)


def pauli_matrix(expectations: Float[np.ndarray, " all"], width: int) -> Complex[np.ndarray, "D D"]:
    """sum_P <P> P / 2^k from the expectations of all Pauli strings, first site slowest."""
    flat = on_every_axis(_SIGMA.reshape(4, 4).T / 2, expectations.astype(complex), width)
    pairs = flat.reshape((2, 2) * width)
    order = [*range(0, 2 * width, 2), *range(1, 2 * width, 2)]
    return pairs.transpose(order).reshape(2**width, 2**width)


def pauli_vector(operator: Complex[np.ndarray, "D D"], width: int) -> Float[np.ndarray, " all"]:
    """tr(P O) of all Pauli strings, first site slowest."""
    order = [axis for site in range(width) for axis in (site, width + site)]
    pairs = operator.reshape((2,) * (2 * width)).transpose(order).reshape(-1)
    # tr(P O) = sum_ij P_ji O_ij
    transposed = np.swapaxes(_SIGMA, 1, 2).reshape(4, 4)
    return np.real(on_every_axis(transposed, pairs, width))
