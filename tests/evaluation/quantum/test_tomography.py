"""Each warning of a tomography fires where it must, and not beside it; exact answers are exact."""

import numpy as np
import pytest
from tests.evaluation.quantum.shots import draw, ground_state, operator, probabilities

from energeia._core.errors import InputError
from energeia.estimate import Estimate
from energeia.evaluation.quantum import warnings as warn
from energeia.evaluation.quantum.classical_fidelity import ratio_mean
from energeia.evaluation.quantum.exact_state import block_matrix, fidelity, of_state, state_vector
from energeia.evaluation.quantum.reduced import reduced_state
from energeia.evaluation.quantum.summaries import conclusions
from energeia.evaluation.quantum.tomography import (
    ScoredStrings,
    default_quantities,
    of_shots,
    with_scores,
)
from energeia.physics.quantum import mps
from energeia.physics.quantum.pauli import PauliString, hamiltonian
from energeia.physics.quantum.povm import pauli_4, pauli_6, trine
from energeia.tomography_records import StateRecord, Tomography

SITES = 5
CHAIN = hamiltonian("tfim:J=1,h=1", n_sites=SITES)
GROUND, PSI = ground_state(CHAIN, SITES)


def quantities(povm=None, **more):
    return default_quantities(povm or pauli_6(), SITES, hamiltonian=CHAIN,
                     ground_energy=Estimate.exact(GROUND), **more)  # fmt: skip


def shots(count=4000):
    p = probabilities(np.outer(PSI, PSI).astype(complex), pauli_6())
    return draw(p, 6, SITES, count, seed=0)


def test_honest_shots_raise_no_warning():
    found = of_shots(shots(), quantities(target=PSI.astype(complex)))
    assert found.warnings == ()
    for estimate, exact in ((found.energy, GROUND), (found.quantum_fidelity, 1.0)):
        assert abs(estimate.value - exact) < 4 * estimate.stderr


def test_an_incomplete_measurement_is_refused():
    with pytest.raises(InputError, match="not informationally complete"):
        quantities(trine())


def test_outcomes_of_no_state_are_called_so():
    # Every qubit answers Z+ whenever Z is measured, X+ whenever X is: more than uncertainty allows.
    rng = np.random.default_rng(0)
    strings = np.array([0, 2, 4])[rng.integers(0, 3, size=(4000, SITES))].astype(np.uint8)
    found = of_shots(strings, quantities())
    assert any("below the exact ground energy" in w for w in found.warnings)
    assert any("has the eigenvalue" in w for w in found.warnings)
    record = Tomography(shots="", n_shots=4000, qubits=SITES, povm="pauli-6", states=(
        found, StateRecord(name="net", source="network", nll=Estimate.exact(1.0),
                           warnings=found.warnings)))  # fmt: skip
    assert any("No quantum state" in sentence for sentence in conclusions(record))


def test_large_support_is_told_whatever_the_measured_error_says():
    wide = (PauliString(1.0, dict.fromkeys(range(SITES), "Y")),)
    narrow = (PauliString(1.0, {0: "Y"}),)
    found = of_shots(shots(1000), quantities(observables=(wide, narrow)))
    (warning,) = found.warnings
    assert "acts on 5 sites" in warning


def test_the_quantum_fidelity_of_twenty_qubits_is_refused():
    question = default_quantities(pauli_4(), 20, target=np.empty(0, dtype=complex))
    found = of_shots(np.random.default_rng(0).integers(0, 4, size=(100, 20)), question)
    assert found.quantum_fidelity.kind == "none"
    assert "20 qubits" in found.quantum_fidelity.note


def test_a_ratio_far_from_one_is_told():
    rng = np.random.default_rng(0)
    missing = ratio_mean(np.full(1000, np.log(0.8)), np.zeros(1000))
    assert warn.of_ratio(missing)
    heavy = ratio_mean(rng.normal(-18.0, 6.0, size=5000), np.zeros(5000))
    assert warn.of_ratio(heavy)
    fair = ratio_mean(rng.normal(-0.005, 0.1, size=5000), np.zeros(5000))
    assert not warn.of_ratio(fair)


def test_one_seed_and_few_shots_are_told():
    assert warn.of_seeds(1)
    assert not warn.of_seeds(3)
    assert warn.of_shots(50, 4)
    assert not warn.of_shots(60_000, 4)


def test_shots_of_another_state_are_told():
    flipped = of_shots(np.where(shots() >= 4, 9 - shots(), shots()).astype(np.uint8), quantities())
    turned = of_shots((shots() + 2) % 6, quantities())  # X is taken for Y, Y for Z, Z for X
    truth = of_state(mps.matrix_product_state(split(PSI)), quantities())
    assert not warn.of_truth(truth, of_shots(shots(), quantities()))
    assert not warn.of_truth(truth, flipped)  # all signs of Z: pairs do not tell
    assert warn.of_truth(truth, turned)


def split(psi):
    """The tensors of a state vector, by singular values."""
    tensors, rest = [], psi.reshape(1, -1)
    for _ in range(SITES - 1):
        u, s, v = np.linalg.svd(rest.reshape(rest.shape[0] * 2, -1), full_matrices=False)
        tensors.append(u.reshape(rest.shape[0], 2, -1))
        rest = s[:, None] * v
    return [*tensors, rest.reshape(-1, 2, 1)]


def test_exact_answers_against_the_state_vector():
    state = mps.random(0, SITES, bond=4)
    psi = state_vector(state)
    found = of_state(state, quantities(observables=((PauliString(2.0, {1: "Y", 3: "Z"}),),)))
    energy = sum(t.coefficient * psi.conj() @ operator(t, SITES) @ psi for t in CHAIN).real
    assert found.energy.value == pytest.approx(energy, abs=1e-12)
    string = operator(PauliString(1.0, {1: "Y", 3: "Z"}), SITES)
    assert found.observables[0].value == pytest.approx((2 * psi.conj() @ string @ psi).real)
    inner = np.einsum("abcdeaBCde->bcBC", np.multiply.outer(psi, psi.conj()).reshape((2,) * 10))
    np.testing.assert_allclose(block_matrix(state, 1, 2), inner.reshape(4, 4), atol=1e-12)
    assert fidelity(state, state).value == pytest.approx(1.0)
    other = mps.random(1, SITES, bond=3)
    exact = abs(np.vdot(psi, state_vector(other))) ** 2
    assert fidelity(state, other).value == pytest.approx(exact, abs=1e-12)


def test_noise_on_each_site_damps_blocks():
    state = mps.random(2, SITES, bond=3)
    noisy = mps.LocallyDepolarized(state, 0.3)
    pair = block_matrix(state, 1, 2).reshape((2,) * 4)
    kept = 0.7
    for axes in ((0, 2), (1, 3)):
        traced = np.trace(pair, axis1=axes[0], axis2=axes[1])
        mixed = np.multiply.outer(traced, np.eye(2) / 2)
        mixed = np.moveaxis(mixed, (2, 3), axes)
        pair = kept * pair + (1 - kept) * mixed
    np.testing.assert_allclose(block_matrix(noisy, 1, 2), pair.reshape(4, 4), atol=1e-12)


def model(name, source, kl):
    return StateRecord(name=name, source=source, kl=Estimate(kl, 0.001, "exact", 1000),
                       correlations=(Estimate.exact(0.3),))  # fmt: skip


@pytest.mark.parametrize(
    ("network", "state", "said"),
    [
        (0.020, 0.003, "falls short of the matrix-product model born by 0.0170"),
        (0.0035, 0.003, "within two errors"),
        (0.003, 0.020, "Use net"),
    ],
)
def test_the_better_model_is_recommended(network, state, said):
    found = Tomography(
        shots="", n_shots=1, qubits=2, povm="pauli-4", distances=(1,),
        states=(
            StateRecord(name="shots", source="shots",
                        correlations=(Estimate(0.3, 0.1, "exact", 9),)),
            model("net", "network", network),
            model("born", "matrix-product", state),
        ),
    )  # fmt: skip
    assert said in " ".join(conclusions(found))


def test_scores_give_divergence_and_ratio():
    rng = np.random.default_rng(0)
    p, q = np.array([0.5, 0.5]), np.array([0.25, 0.75])
    at_p, at_q = rng.choice(2, size=4000, p=p), rng.choice(2, size=4000, p=q)
    log_p, log_q = np.log(p), np.log(q)
    scored = ScoredStrings(log_p[at_p], log_q[at_p], log_p[at_q], log_q[at_q])
    found = with_scores(StateRecord(name="m", source="network"), log_q[at_p], scored)
    for estimate, exact in (
        (found.kl, np.sum(p * np.log(p / q))),
        (found.classical_fidelity, np.sum(np.sqrt(p * q))),
        (found.ratio, 1.0),
        (found.nll, -np.sum(p * np.log(q))),
    ):
        assert abs(estimate.value - exact) < 4 * estimate.stderr


def test_the_lowest_of_many_eigenvalues_carries_the_error_of_a_choice():
    """Forty up spins: each pair has three eigenvalues of zero, and the lowest of 39 is shown."""
    for seed in range(4):
        p = [1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 3, 0]
        outcomes = np.random.default_rng(seed).choice(6, size=(2000, 40), p=p)
        found = of_shots(outcomes, default_quantities(pauli_6(), 40))
        widened = found.smallest_eigenvalue
        single = reduced_state(outcomes, pauli_6(), found.lowest_block).smallest
        assert abs(widened.value) < 2 * widened.stderr
        assert abs(single.value) > 2.5 * single.stderr  # the control: one block's own error
        assert not any("density matrix" in warning for warning in found.warnings)
        assert "39 blocks" in widened.note


@pytest.mark.parametrize(
    ("ours", "error", "said"),
    [(0.31, 0.01, "within 3 errors"), (0.31, 0.002, "to 5%, though"), (0.2, 0.01, "disagrees, by")],
)
def test_agreement_of_correlators_names_its_tolerance(ours, error, said):
    truth = StateRecord(name="truth", source="truth", correlations=(Estimate.exact(0.32),))
    model = StateRecord(name="gru", source="network", nll=Estimate(1.0, 0.1, "exact", 9),
                        correlations=(Estimate(ours, error, "exact", 100),))  # fmt: skip
    shots = StateRecord(name="shots", source="shots", correlations=(Estimate.exact(0.3),))
    whole = Tomography(shots="s", n_shots=9, qubits=2, povm="pauli-6", distances=(1,),
                       states=(shots, truth, model))  # fmt: skip
    assert any(said in sentence for sentence in conclusions(whole))
