"""States of a few qubits, their outcome distributions and shots, by enumeration in float64."""

import functools

import numpy as np

from energeia.physics.quantum.povm import PAULI


def ground_state(terms, sites):
    """The lowest energy and its state vector, first site slowest."""
    matrix = sum(string.coefficient * operator(string, sites) for string in terms)
    values, vectors = np.linalg.eigh(matrix)
    return values[0], vectors[:, 0]


def operator(string, sites):
    """A Pauli string without its coefficient, as a matrix."""
    letters = [string.factors.get(i, "I") for i in range(sites)]
    return functools.reduce(np.kron, [PAULI[letter] for letter in letters])


def random_state(sites, rank=1, seed=0):
    """A density matrix of that rank."""
    rng = np.random.default_rng(seed)
    a = rng.normal(size=(2**sites, rank)) + 1j * rng.normal(size=(2**sites, rank))
    rho = a @ a.conj().T
    return rho / np.trace(rho).real


def probabilities(rho, povm):
    """P(a) of every string of outcomes, first site slowest."""
    sites = round(np.log2(len(rho)))
    tensor = rho.reshape((2,) * (2 * sites))
    for site in range(sites):  # the row axis of the next site stands first, its column in the mid
        tensor = np.tensordot(tensor, povm.effects, axes=((0, sites - site), (2, 1)))
    return np.maximum(tensor.real.reshape(-1), 0.0)


def draw(p, outcomes, sites, count, seed):
    """Shots of a distribution over strings."""
    rng = np.random.default_rng(seed)
    index = rng.choice(len(p), size=count, p=p / p.sum())
    return np.stack(np.unravel_index(index, (outcomes,) * sites), axis=1).astype(np.uint8)
