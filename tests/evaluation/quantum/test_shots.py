"""What shots tell of a state, against the state itself."""

import numpy as np
import pytest
from tests.evaluation.quantum.shots import draw, ground_state, operator, probabilities, random_state

from energeia._core.errors import InputError
from energeia.evaluation.quantum.classical_fidelity import classical_fidelity, kl, ratio_mean
from energeia.evaluation.quantum.purity import purity, renyi_2
from energeia.evaluation.quantum.quantum_fidelity import quantum_fidelity
from energeia.evaluation.quantum.reduced import blocks, nearest_physical, reduced_state
from energeia.evaluation.quantum.shadows import correlations, expectation, white_error
from energeia.physics.quantum.pauli import PauliString, hamiltonian
from energeia.physics.quantum.povm import pauli_4, pauli_6, tetrahedral, trine

COMPLETE = pytest.mark.parametrize(
    "povm", [pauli_4(), pauli_6(), tetrahedral()], ids=lambda m: m.name
)
SITES = 4


def shots_of(rho, povm, count=20_000, seed=0):
    sites = round(np.log2(len(rho)))
    return draw(probabilities(rho, povm), povm.n_outcomes, sites, count, seed)


def near(found, exact):
    return abs(found.value - exact) < 4 * found.stderr


@COMPLETE
def test_expectations_of_a_complex_state(povm):
    rho = random_state(SITES, rank=2)
    shots = shots_of(rho, povm, 200_000)
    terms = [
        PauliString(0.7, {0: "X", 1: "Y"}),
        PauliString(-1.3, {2: "Z"}),
        PauliString(0.4, {0: "Y", 2: "X", 3: "Z"}),
    ]
    exact = sum(t.coefficient * np.trace(rho @ operator(t, SITES)).real for t in terms)
    assert near(expectation(shots, povm, terms), exact)
    # The control: a bra that is not conjugated turns the sign of Y.
    assert not near(expectation(shots_of(rho.conj(), povm, 200_000), povm, terms), exact)


def test_correlations_average_over_pairs():
    terms = hamiltonian("tfim:J=1,h=1", n_sites=6)
    _, psi = ground_state(terms, 6)
    rho = np.outer(psi, psi.conj())
    shots = shots_of(rho, pauli_4())
    for r, found in enumerate(correlations(shots, pauli_4(), "Z", range(1, 6)), start=1):
        pairs = [PauliString(1.0, {i: "Z", i + r: "Z"}) for i in range(6 - r)]
        exact = np.mean([psi @ operator(p, 6).real @ psi for p in pairs])
        assert near(found, exact)
    with pytest.raises(InputError, match="distance 6"):
        correlations(shots, pauli_4(), "Z", [6])


def test_errors_grow_with_the_support_as_white_noise_says():
    povm, rng = pauli_6(), np.random.default_rng(0)
    shots = rng.integers(0, 6, size=(60_000, 4)).astype(np.uint8)
    for weight in (1, 2, 3, 4):
        string = PauliString(1.0, {i: "XYZZ"[i] for i in range(weight)})
        measured = expectation(shots, povm, [string]).stderr
        assert abs(measured / white_error(povm, string, 60_000) - 1) < 0.1
    longest = PauliString(1.0, dict.fromkeys(range(9), "Z"))
    assert white_error(povm, longest, 3**9) == pytest.approx(1)
    assert white_error(pauli_4(), PauliString(1.0, {0: "Z"}), 5) == pytest.approx(1)


@COMPLETE
def test_density_matrices_of_blocks(povm):
    rho = random_state(3, rank=3, seed=1)
    shots = shots_of(rho, povm, 60_000)
    exact = np.einsum("abcdbc->ad", rho.reshape((2,) * 6))
    assert np.abs(reduced_state(shots, povm, (0,)).matrix - exact).max() < 0.05
    swapped = reduced_state(shots, povm, (2, 0)).matrix
    exact = np.einsum("abcdbf->cafd", rho.reshape((2,) * 6)).reshape(4, 4)
    assert np.abs(swapped - exact).max() < 0.05
    pairs = blocks(shots, povm, 2)
    assert [b.sites for b in pairs] == [(0, 1), (1, 2)]
    assert all(np.isclose(np.trace(b.matrix), 1) for b in pairs)


def test_the_smallest_eigenvalue_has_the_error_that_repetitions_show():
    rho, povm = random_state(2, rank=4, seed=3), pauli_6()
    p = probabilities(rho, povm)
    found = [
        reduced_state(draw(p, 6, 2, 20_000, seed), povm, (0, 1)).smallest for seed in range(60)
    ]
    spread = np.std([f.value for f in found], ddof=1)
    # The spread of 60 repetitions is known to 1 / sqrt(2 * 59) of itself.
    assert abs(np.mean([f.stderr for f in found]) / spread - 1) < 4 / np.sqrt(118)


def test_the_nearest_state_is_a_state():
    matrix = random_state(2, rank=4) - 0.15 * random_state(2, seed=5)
    matrix /= np.trace(matrix).real
    mended = nearest_physical(matrix)
    assert np.linalg.eigvalsh(matrix)[0] < 0 <= np.linalg.eigvalsh(mended)[0] + 1e-15
    assert np.isclose(np.trace(mended), 1)
    # No other state is nearer: mixing a little of any state in moves it away.
    base = np.linalg.norm(mended - matrix)
    for seed in range(20):
        other = 0.99 * mended + 0.01 * random_state(2, rank=2, seed=seed)
        assert np.linalg.norm(other - matrix) > base


@COMPLETE
def test_purity_and_renyi(povm):
    rho = random_state(3, rank=2, seed=2)
    exact = np.trace(rho @ rho).real
    found = purity(shots_of(rho, povm), povm)
    assert near(found, exact)
    assert near(renyi_2(found), -np.log(exact))
    # The control: squaring the linear estimate keeps each shot's pair with itself.
    linear = reduced_state(shots_of(rho, povm), povm, (0, 1, 2)).matrix
    naive = np.trace(linear @ linear).real
    assert naive > exact


def test_the_error_of_the_purity_is_that_of_repetitions():
    rho, povm = random_state(4, seed=4), pauli_6()
    p = probabilities(rho, povm)
    found = [purity(draw(p, 6, 4, 400, seed), povm) for seed in range(200)]
    values = np.array([f.value for f in found])
    assert abs(values.mean() - 1) < 4 * values.std(ddof=1) / np.sqrt(200)
    variance = np.mean([f.stderr**2 for f in found])
    assert abs(variance / values.var(ddof=1) - 1) < 4 * np.sqrt(2 / 199) * 1.5


def test_quantum_fidelity_where_it_can_be_known():
    _, psi = ground_state(hamiltonian("tfim:J=1,h=1", n_sites=5), 5)
    rho = 0.8 * np.outer(psi, psi) + 0.2 * random_state(5, rank=2)
    exact = (psi @ rho @ psi).real
    for povm in (pauli_4(), pauli_6()):
        found = quantum_fidelity(shots_of(rho, povm, 60_000), povm, psi.astype(complex))
        assert near(found, exact)
    refused = quantum_fidelity(np.zeros((10, 20), dtype=np.uint8), pauli_4(), np.zeros(1))
    assert refused.kind == "none"
    assert "20 qubits" in refused.note


def test_what_an_incomplete_measurement_cannot_tell():
    rho, povm = random_state(2, seed=6), trine()
    shots = shots_of(rho, povm)
    for ask in (purity, lambda s, m: reduced_state(s, m, (0,))):
        with pytest.raises(InputError, match="not informationally complete"):
            ask(shots, povm)
    with pytest.raises(InputError, match="outside the span"):
        expectation(shots, povm, [PauliString(1.0, {0: "Y"})])
    exact = np.trace(rho @ operator(PauliString(1.0, {0: "X", 1: "Z"}), 2)).real
    assert near(expectation(shots, povm, [PauliString(1.0, {0: "X", 1: "Z"})]), exact)


def test_divergence_and_fidelity_against_enumeration():
    p = probabilities(random_state(3, seed=7), pauli_4())
    q = probabilities(random_state(3, rank=4, seed=8), pauli_4())
    p, q = p / p.sum(), q / q.sum()
    rng = np.random.default_rng(0)
    at_p, at_q = (rng.choice(64, size=20_000, p=d) for d in (p, q))
    assert near(kl(np.log(p[at_p]), np.log(q[at_p])), np.sum(p * np.log(p / q)))
    assert near(classical_fidelity(np.log(p[at_p]), np.log(q[at_p])), np.sum(np.sqrt(p * q)))
    assert near(ratio_mean(np.log(p[at_q]), np.log(q[at_q])), 1.0)
    # The control: draws of Q in the place of draws of P.
    assert not near(kl(np.log(p[at_q]), np.log(q[at_q])), np.sum(p * np.log(p / q)))


def test_a_model_that_misses_a_part_shows_in_the_ratio():
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.625, 0.375, 0.0])
    at_q = np.random.default_rng(0).choice(3, size=5000, p=q)
    with np.errstate(divide="ignore"):
        found = ratio_mean(np.log(p[at_q]), np.log(q[at_q]))
        assert found.value == pytest.approx(0.8)
        infinite = kl(np.log(p), np.log(q))
    assert infinite.value == np.inf
    assert "1 of 3 terms" in infinite.note
    with pytest.raises(InputError, match="pairs"):
        kl(np.zeros(3), np.zeros(2))
