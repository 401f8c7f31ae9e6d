"""The quantities of a tomography computed exactly, by contraction of a matrix-product state."""

import numpy as np
from jaxtyping import Complex

from energeia.estimate import Estimate
from energeia.evaluation.quantum.reduced import pauli_matrix, pauli_vector
from energeia.evaluation.quantum.tomography import PAIR, Operator, StateQuantities, StateSource
from energeia.evaluation.quantum.warnings import of_energy
from energeia.physics.quantum.mps import LocallyDepolarized, MatrixProductState, State
from energeia.physics.quantum.mps_local import correlator, environments, expectation_of_sum
from energeia.stats.kronecker import on_every_axis
from energeia.tomography_records import StateRecord


def of_state(
    state: State, quantities: StateQuantities, name: str = "truth", source: StateSource = "truth"
) -> StateRecord:
    """All quantities without error.

    Raises:
        InputError: for an operator on a site that the chain does not have.
    """
    pairs = correlator(state, quantities.letter, quantities.letter)
    energy = _exact(state, quantities.hamiltonian) if quantities.hamiltonian else None
    lowest = min(
        (float(np.linalg.eigvalsh(block_matrix(state, first, PAIR))[0]), first)
        for first in range(quantities.sites - PAIR + 1)
    )
    block = block_matrix(state, quantities.block[0], len(quantities.block))
    purity = float(np.sum(np.abs(block) ** 2))
    return StateRecord(
        name=name,
        source=source,
        correlations=tuple(
            Estimate.exact(float(np.mean(np.diagonal(pairs, r)))) for r in quantities.distances
        ),
        energy=energy,
        observables=tuple(_exact(state, operator) for operator in quantities.observables),
        smallest_eigenvalue=Estimate.exact(lowest[0]),
        lowest_block=tuple(range(lowest[1], lowest[1] + PAIR)),
        purity=Estimate.exact(purity),
        renyi_2=Estimate.exact(-np.log(purity)),
        warnings=tuple(of_energy(energy, quantities.ground_energy)),
    )


def block_matrix(state: State, first: int, width: int) -> Complex[np.ndarray, "D D"]:
    """The exact density matrix of ``width`` neighboring qubits, first site slowest.

    >>> from energeia.physics.quantum.mps import ghz
    >>> block_matrix(ghz(6), 2, 2).real.diagonal().round(12).tolist()
    [0.5, 0.0, 0.0, 0.5]
    """
    pure, noise = (state.state, state.p) if isinstance(state, LocallyDepolarized) else (state, 0.0)
    block = np.eye(pure.bond)
    for tensor in pure.tensors[first : first + width]:
        block = np.tensordot(block, tensor, axes=1)
    # Sites to the right contract to the identity: the state is right-canonical.
    flat = block.reshape(pure.bond, 2**width, pure.bond)
    half = np.tensordot(environments(pure)[first], flat, axes=([0], [0]))
    matrix = np.tensordot(half, flat.conj(), axes=([0, 2], [0, 2]))
    if not noise:
        return matrix
    return pauli_matrix(_damping(noise, width) * pauli_vector(matrix, width), width)


def state_vector(state: MatrixProductState) -> Complex[np.ndarray, " D"]:
    """The 2^N amplitudes of a short chain, first site slowest."""
    block = np.eye(state.bond)[:1]
    for tensor in state.tensors:
        block = np.tensordot(block, tensor, axes=1)
    return block[..., 0].reshape(-1).astype(complex)


def fidelity(first: MatrixProductState, second: MatrixProductState) -> Estimate:
    """|<first|second>|^2, exact for chains of any length: contracted site by site.

    >>> from energeia.physics.quantum.mps import ghz
    >>> fidelity(ghz(20), ghz(20, phase=np.pi)).value < 1e-12
    True
    """
    overlap = np.zeros((first.bond, second.bond))
    overlap[0, 0] = 1.0
    for ours, theirs in zip(first.tensors, second.tensors, strict=True):
        half = np.tensordot(overlap, theirs, axes=1)
        overlap = np.tensordot(ours.conj(), half, axes=([0, 1], [0, 1]))
    return Estimate.exact(float(abs(overlap[0, 0]) ** 2))


def _damping(noise: float, width: int) -> np.ndarray:
    """(1 - p)^weight of every Pauli string."""
    return on_every_axis(np.array([[1.0]] + [[1.0 - noise]] * 3), np.ones(1), width)


def _exact(state: State, operator: Operator) -> Estimate:
    return Estimate.exact(expectation_of_sum(state, operator))
