"""Ground states and energies of chains against exact diagonalization and free fermions."""

import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.physics.quantum.mps_local import expectation_of_sum
from energeia.physics.quantum.pauli import PauliString, hamiltonian, spin_chain
from energeia.physics.quantum.povm import PAULI
from energeia.physics.quantum.spin_chain import free_fermion_energy, ground_state


def dense(terms, n):
    total = np.zeros((2**n, 2**n), dtype=complex)
    for term in terms:
        part = np.array([[term.coefficient]])
        for site in range(n):
            part = np.kron(part, PAULI[term.factors.get(site, "I")])
        total += part
    return total


@pytest.mark.parametrize("spec", ["tfim:J=1,h=1", "tfim:J=-0.7,h=0.3", "tfim:J=2,h=0"])
def test_free_fermions_against_exact_diagonalization(spec):
    exact = np.linalg.eigvalsh(dense(hamiltonian(spec, 7), 7))[0]
    assert abs(free_fermion_energy(spin_chain(spec, 7)) - exact) < 1e-12
    longer = free_fermion_energy(spin_chain(spec, 8))
    assert abs(longer - exact) > 1e-2


@pytest.mark.parametrize(
    "spec", ["tfim:J=1,h=0.9", "xxz:Delta=0.4,h=0.3", "heisenberg:J=1", "heisenberg:J=-1,h=0.2"]
)
def test_ground_states_against_exact_diagonalization(spec):
    pytest.importorskip("tenpy")
    chain = spin_chain(spec, 6)
    exact = np.linalg.eigvalsh(dense(chain.terms, 6))[0]
    found = ground_state(chain)
    assert abs(found.energy - exact) < 1e-8
    assert abs(expectation_of_sum(found.state, chain.terms) - exact) < 1e-8
    assert found.converged
    assert found.state.real


def test_pauli_strings_are_read_and_written():
    assert PauliString.parse("-0.5 X3 Y4") == PauliString(-0.5, {3: "X", 4: "Y"})
    assert PauliString.parse(str(PauliString(2.0, {1: "Z", 9: "Z"}))).weight == 2
    for text in ("Q3", "Z0 Z0", "Z", "1 2 Z3"):
        with pytest.raises(InputError, match="not a Pauli string"):
            PauliString.parse(text)


@pytest.mark.parametrize(
    ("spec", "sites", "said"),
    [
        ("tfim:N=50", 20, "on 50 sites where there are 20"),
        ("tfim:J=1", None, "no number of sites"),
        ("tfim:N=1", None, "two or more"),
        ("tfmi:N=4", None, "did you mean 'tfim'"),
        ("tfim:N=4,g=1", None, "no parameter 'g'"),
        ("tfim:N=4.5", None, "a whole number"),
    ],
)
def test_bad_chains_are_refused(spec, sites, said):
    with pytest.raises(InputError, match=said):
        hamiltonian(spec, sites)
