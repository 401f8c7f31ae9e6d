"""Observables directly from shots: the classical-shadow estimate through the dual frame.

An operator is a sum of Pauli strings; <O> = E[sum_s g_s prod_{i in s} c^{P_i}_{a_i}] over shots,
with c^P_a = tr(D_a P) the coefficients of the dual frame (Huang, Kueng, Preskill 2020,
arXiv:2002.08953, for measurements in random bases). No model is needed and the estimate is
unbiased; its variance grows by a factor 3 (``pauli-6``) to 5 (``pauli-4``) with every site.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from energeia._core.errors import InputError
from energeia.estimate import Estimate
from energeia.physics.quantum.pauli import PauliString
from energeia.physics.quantum.povm import PAULI, Povm

_BLOCK = 8192  # shots at a time, so that memory stays that of a few blocks


def pauli_frame(povm: Povm) -> Float[np.ndarray, "A 4"]:
    """c^P_a for P = I, X, Y, Z: the dual frame in the basis of Pauli matrices, D_a = c_a.sigma / 2.

    The identity has coefficient one throughout, as probabilities sum to one.

    Raises:
        InputError: if the sites are not qubits, or a Pauli matrix lies outside the span.

    >>> from energeia.physics.quantum.povm import pauli_4
    >>> pauli_frame(pauli_4())[:, 3].round(9).tolist()
    [5.0, -1.0, -1.0, -1.0]
    """
    columns = [np.real(povm.coefficients(PAULI[letter])) for letter in "XYZ"]
    return np.stack([np.ones(povm.n_outcomes), *columns], axis=1)


def operator_values(
    outcomes: Int[np.ndarray, "n sites"], povm: Povm, operator: Sequence[PauliString]
) -> Float[np.ndarray, " n"]:
    """The value of sum_s g_s P_s for each shot: its mean over shots is <O>.

    Raises:
        InputError: if a string reaches beyond the measured sites, or the measurement does not
            determine one of its letters.
    """
    require_within(operator, outcomes.shape[1])
    letters = sorted({letter for string in operator for letter in string.factors.values()})
    table = {letter: np.real(povm.coefficients(PAULI[letter])) for letter in letters}
    blocks = np.split(outcomes, range(_BLOCK, len(outcomes), _BLOCK))
    return np.concatenate([_block_values(block, table, operator) for block in blocks])


def _block_values(
    block: np.ndarray, table: dict[str, np.ndarray], operator: Sequence[PauliString]
) -> np.ndarray:
    columns = np.ascontiguousarray(block.T)
    values = {letter: found[columns] for letter, found in table.items()}
    total = np.zeros(len(block))
    for string in operator:
        term = np.full(len(block), float(string.coefficient))
        for site, letter in string.factors.items():
            term *= values[letter][site]
        total += term
    return total


def expectation(
    outcomes: Int[np.ndarray, "n sites"], povm: Povm, operator: Sequence[PauliString]
) -> Estimate:
    """<O> of a sum of Pauli strings, in the unit of its coefficients, with its standard error.

    The error is that of the mean of the shots' values, so it includes correlations between terms.

    Raises:
        InputError: as ``operator_values``.

    >>> import numpy as np
    >>> from energeia.physics.quantum.pauli import PauliString
    >>> from energeia.physics.quantum.povm import pauli_6
    >>> shots = np.array([[4, 4], [4, 5], [0, 4], [5, 5]])
    >>> round(expectation(shots, pauli_6(), [PauliString(1.0, {0: "Z", 1: "Z"})]).value, 9)
    2.25
    """
    return Estimate.mean(operator_values(outcomes, povm, operator), "exact")


def correlations(
    outcomes: Int[np.ndarray, "n sites"], povm: Povm, letter: str, distances: Sequence[int]
) -> tuple[Estimate, ...]:
    """<P_i P_{i+r}> averaged over all pairs of sites r apart, not connected, for each distance r.

    Raises:
        InputError: for a distance of zero or beyond the chain, or a letter that the measurement
            does not determine.
    """
    sites = outcomes.shape[1]
    outside = [r for r in distances if not 0 < r < sites]
    if outside:
        raise InputError(
            f"a correlator at distance {outside[0]} was requested of {sites} sites: "
            f"choose distances from 1 to {sites - 1}"
        )
    coefficients = np.real(povm.coefficients(PAULI[letter]))
    values = np.empty((len(distances), len(outcomes)))
    for start in range(0, len(outcomes), _BLOCK):
        z = coefficients[outcomes[start : start + _BLOCK].T]
        for row, r in enumerate(distances):
            values[row, start : start + _BLOCK] = np.mean(z[:-r] * z[r:], axis=0)
    return tuple(Estimate.mean(row, "exact") for row in values)


def white_error(povm: Povm, string: PauliString, shots: int) -> float:
    """The standard error of one Pauli string where outcomes are white noise.

    |g| sqrt(prod_i v_{P_i} / n) with v_P = sum_a tr(M_a)/2 (c^P_a)^2, 5 for ``pauli-4`` and 3 for
    ``pauli-6`` and ``tetrahedral``. The measured error of a string of large support may miss rare
    shots of large value; this one does not.

    >>> from energeia.physics.quantum.povm import pauli_6
    >>> round(white_error(pauli_6(), PauliString(1.0, {i: "Z" for i in range(4)}), 8100), 9)
    0.1
    """
    weights = np.einsum("aii->a", povm.effects).real / povm.dimension
    variance = {p: float(weights @ povm.coefficients(PAULI[p]) ** 2) for p in "XYZ"}
    product = math.prod(variance[letter] for letter in string.factors.values())
    return abs(string.coefficient) * math.sqrt(product / shots)


def require_within(operator: Sequence[PauliString], sites: int) -> None:
    """Raise if an operator acts beyond the chain.

    Raises:
        InputError: naming the site.
    """
    reached = max((site for string in operator for site in string.factors), default=-1)
    if reached >= sites:
        raise InputError(
            f"the operator acts on site {reached} where {sites} sites, 0 to {sites - 1}, were "
            "measured: write it for this chain"
        )
