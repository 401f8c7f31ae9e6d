"""Local quantities of a matrix-product state: expectations, correlators, entanglement.

All exact, in float64 on the host. Sites to the right of the last operator contract to the identity
(the tensors are right-canonical), so only the overlaps of the sites to the left are needed.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Complex, Float

from energeia._core.errors import InputError
from energeia.physics.quantum.mps import LocallyDepolarized, MatrixProductState, State
from energeia.physics.quantum.pauli import PauliString
from energeia.physics.quantum.povm import PAULI

Operator = str | np.ndarray
"""``X``, ``Y``, ``Z`` or ``I``, or a Hermitian ``(d, d)`` matrix."""


def expectation(state: State, operators: Mapping[int, Operator]) -> float:
    """<O_i O_j ...> of Hermitian operators on the sites named.

    Raises:
        InputError: for a site that the chain does not have, or an operator of another dimension.

    >>> from energeia.physics.quantum.mps import ghz
    >>> round(expectation(ghz(4), {0: "Z", 3: "Z"}), 12), round(expectation(ghz(4), {1: "Z"}), 12)
    (1.0, 0.0)
    """
    pure, p = _pure(state)
    return _expectation(pure, p, environments(pure), operators)


def expectation_of_sum(state: State, terms: Sequence[PauliString]) -> float:
    """The expectation of a sum of Pauli strings, such as an energy.

    Raises:
        InputError: as ``expectation``.
    """
    pure, p = _pure(state)
    left = environments(pure)
    return float(sum(t.coefficient * _expectation(pure, p, left, t.factors) for t in terms))


def correlator(state: State, first: Operator, second: Operator) -> Float[np.ndarray, "N N"]:
    """<P_i Q_j> of two Hermitian operators for every pair of sites; <PQ + QP>/2 where i = j.

    Raises:
        InputError: for an operator of another dimension.

    >>> from energeia.physics.quantum.mps import ghz
    >>> correlator(ghz(3), "Z", "Z").round(12).tolist()
    [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]
    """
    pure, p = _pure(state)
    left = environments(pure)
    P, Q = _matrix(pure, first), _matrix(pure, second)
    same = _noisy((P @ Q + Q @ P) / 2, p)
    P, Q = _noisy(P, p), _noisy(Q, p)
    steps = zip(left, pure.tensors, strict=False)
    diagonal = [np.trace(extend_left(g, tensor, same)).real for g, tensor in steps]
    return _ordered(pure, left, P, Q) + _ordered(pure, left, Q, P).T + np.diag(diagonal)


def _ordered(state: MatrixProductState, left: np.ndarray, P: np.ndarray, Q: np.ndarray):  # noqa: ANN202
    """<P_i Q_j> for i < j, zero elsewhere; all i of one j at once."""
    found = np.zeros((state.n_sites, state.n_sites))
    opened = left[:0]
    for j, tensor in enumerate(state.tensors):
        found[:j, j] = np.trace(extend_left(opened, tensor, Q), axis1=1, axis2=2).real
        new = extend_left(left[j], tensor, P)[None]
        opened = np.concatenate([extend_left(opened, tensor), new])
    return found


def entanglement_entropy(state: MatrixProductState, bond: int) -> float:
    """-sum lambda log lambda of the Schmidt weights across a bond, nats; bond b has b sites left.

    Raises:
        InputError: for a bond that is not inside the chain.

    >>> from energeia.physics.quantum.mps import ghz
    >>> round(entanglement_entropy(ghz(6), 3), 6)
    0.693147
    """
    if not 0 < bond < state.n_sites:
        raise InputError(
            f"bond {bond} was asked for in a chain of {state.n_sites} sites: "
            f"bonds 1 to {state.n_sites - 1} are inside it"
        )
    weights = np.linalg.eigvalsh(environments(state)[bond])
    kept = weights[weights > 0]
    return float(-np.sum(kept * np.log(kept)))


def environments(state: MatrixProductState) -> Complex[np.ndarray, "N+1 D D"]:
    """The overlap of all sites to the left of each bond, G_b[l, l'], of trace 1.

    Its eigenvalues are the Schmidt weights across the bond.
    """
    found = [np.zeros((state.bond, state.bond), dtype=state.tensors.dtype)]
    found[0][0, 0] = 1.0
    for tensor in state.tensors:
        found.append(extend_left(found[-1], tensor))
    return np.stack(found)


def extend_left(
    left: Complex[np.ndarray, "... D D"],
    tensor: Complex[np.ndarray, "D d D"],
    operator: Complex[np.ndarray, "d d"] | None = None,
) -> Complex[np.ndarray, "... D D"]:
    """Left overlaps ``[ket, bra]`` extended by one site, on which an operator may act."""
    ket = tensor if operator is None else np.einsum("ts,lsr->ltr", operator, tensor)
    half = np.tensordot(left, ket, axes=([-2], [0]))
    return np.tensordot(half, tensor.conj(), axes=([-3, -2], [0, 1]))


def _expectation(
    state: MatrixProductState, p: float, left: np.ndarray, operators: Mapping[int, Operator]
) -> float:
    outside = [site for site in operators if not 0 <= site < state.n_sites]
    if outside:
        raise InputError(
            f"an operator on site {outside[0]} was given for a chain of {state.n_sites} sites, "
            f"counted from 0: name sites 0 to {state.n_sites - 1}"
        )
    if not operators:
        return 1.0
    first, last = min(operators), max(operators)
    found = left[first]
    for site in range(first, last + 1):
        given = operators.get(site)
        matrix = None if given is None else _noisy(_matrix(state, given), p)
        found = extend_left(found, state.tensors[site], matrix)
    return float(np.trace(found).real)


def _pure(state: State) -> tuple[MatrixProductState, float]:
    return (state.state, state.p) if isinstance(state, LocallyDepolarized) else (state, 0.0)


def _matrix(state: MatrixProductState, operator: Operator) -> np.ndarray:
    matrix = PAULI.get(operator) if isinstance(operator, str) else np.asarray(operator)
    d = state.dimension
    if matrix is None or matrix.shape != (d, d):
        raise InputError(
            f"operator {operator!r} was given on sites of dimension {d}: "
            f"give X, Y, Z on qubits, or a matrix of {d} x {d}"
        )
    return matrix


def _noisy(matrix: np.ndarray, p: float) -> np.ndarray:
    """Depolarizing noise of strength p in the Heisenberg picture."""
    d = len(matrix)
    return (1 - p) * matrix + p * np.trace(matrix) / d * np.eye(d)
