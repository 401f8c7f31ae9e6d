"""The fidelity of the measured state with a known pure one, for few qubits."""

import numpy as np
from jaxtyping import Complex, Int

from energeia._core.errors import InputError
from energeia.estimate import Estimate
from energeia.evaluation.quantum.reduced import pauli_vector
from energeia.evaluation.quantum.shadows import pauli_frame
from energeia.physics.quantum.povm import Povm, require_complete
from energeia.stats.kronecker import on_every_axis

MOST_SITES = 10


def quantum_fidelity(
    outcomes: Int[np.ndarray, "n sites"], povm: Povm, psi: Complex[np.ndarray, " D"]
) -> Estimate:
    """<psi| rho |psi> = E[<psi| D_{a_1} x ... x D_{a_N} |psi>] over shots of rho: unbiased.

    ``psi`` is normalized, of dimension 2^N, first site slowest. The linear estimate, unlike
    importance weights between outcome distributions, is unbiased for any rho; a value outside
    [0, 1] is noise or an unphysical model, and is returned as it is. The error grows as a power of
    the number of sites, about 2.6^N / sqrt(n) at worst from ``pauli-6`` outcomes.

    Raises:
        InputError: for a vector of another size, or a measurement that is not complete.
    """
    require_complete(povm)
    sites = outcomes.shape[1]
    refused = unsupported_reason(sites)
    if refused:
        return Estimate.none(refused)
    if psi.shape != (2**sites,):
        raise InputError(
            f"a state of shape {psi.shape} was given where shots of {sites} qubits need "
            f"({2**sites},): give the state vector of the same chain"
        )
    frame = pauli_frame(povm)
    expected = pauli_vector(np.outer(psi, psi.conj()), sites).reshape(4, -1)
    terms = np.empty(len(outcomes))
    weights = povm.n_outcomes ** np.arange(sites - 2, -1, -1, dtype=np.int64)
    for first in range(povm.n_outcomes):  # one outcome of the first site at a time: memory
        chosen = outcomes[:, 0] == first
        values = on_every_axis(frame / 2, frame[first] @ expected / 2, sites - 1)
        terms[chosen] = values[outcomes[chosen, 1:].astype(np.int64) @ weights]
    return Estimate.mean(terms, "exact")


def unsupported_reason(sites: int) -> str:
    """The reason why the quantum fidelity of so many sites is not estimated, or ""."""
    if sites <= MOST_SITES:
        return ""
    return (
        f"the quantum fidelity of {sites} qubits cannot be estimated from outcomes: its error "
        f"grows exponentially with the number of qubits, and above {MOST_SITES} it exceeds one; "
        "compare reduced density matrices, correlators and energies"
    )
