"""Samples and probabilities of measured matrix-product states against brute force."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chi2

from energeia._core.errors import InputError
from energeia.physics.quantum import mps
from energeia.physics.quantum.mps_outcomes import log_prob, measured, sample_outcomes
from energeia.physics.quantum.povm import POVMS, pauli_4, pauli_6, povm_named, user_povm

RNG = np.random.default_rng(7)


def uneven(real=False, bonds=(1, 2, 5, 3, 2, 1)):
    """A state whose bonds differ, in no particular gauge or norm."""
    shapes = [(left, 2, right) for left, right in itertools.pairwise(bonds)]
    draw = [RNG.normal(size=s) + (0 if real else 1j * RNG.normal(size=s)) for s in shapes]
    return mps.matrix_product_state([3 * t for t in draw]), draw


def vector(tensors):
    psi = tensors[0][0]
    for t in tensors[1:]:
        psi = np.tensordot(psi, t, axes=1)
    psi = psi[..., 0].ravel()
    return psi / np.linalg.norm(psi)


def brute_force(psi, effects, p=0.0, conjugate=True):
    """Every probability, from the density matrix of the whole chain."""
    n, d = round(np.log2(len(psi))), 2
    rho = np.outer(psi, psi.conj() if conjugate else psi).reshape((d,) * (2 * n))
    for i in range(n):
        mixed = np.trace(rho, axis1=i, axis2=n + i)
        mixed = np.moveaxis(np.multiply.outer(mixed, np.eye(d) / d), (-2, -1), (i, n + i))
        rho = (1 - p) * rho + p * mixed
    for i in range(n):
        # Sites still to do: kets first, then bras, then outcomes.
        rho = np.tensordot(rho, effects, axes=([0, n - i], [2, 1]))
    return np.real(rho)


def every(n, outcomes):
    return np.array(list(itertools.product(range(outcomes), repeat=n)), dtype=np.uint8)


USER = user_povm(
    np.array([[[0.5, 0.2j], [-0.2j, 0.3]], [[0.5, -0.2j], [0.2j, 0.7]]]), "two full-rank effects"
)
MEASUREMENTS = [*(povm_named(name) for name in POVMS), USER]


@pytest.mark.parametrize("real", [True, False], ids=["real", "complex"])
@pytest.mark.parametrize("p", [0.0, 0.15], ids=["pure", "noisy"])
@pytest.mark.parametrize("povm", MEASUREMENTS, ids=lambda m: m.name)
def test_every_probability_against_brute_force(povm, p, real):
    bonds = (1, 2, 4, 3, 2, 2, 1) if povm.n_outcomes < 6 else (1, 2, 3, 2, 1)
    state, raw = uneven(real, bonds)
    assert state.real == real
    n = state.n_sites
    truth = brute_force(vector(raw), povm.effects, p).ravel()
    noisy = mps.LocallyDepolarized(state, p) if p else state
    with jax.enable_x64(True):
        found = np.exp(log_prob(noisy, povm, every(n, povm.n_outcomes)))
    assert found.dtype == np.float64
    assert np.abs(found - truth).max() < 1e-12
    assert abs(found.sum() - 1) < 1e-12


def test_an_unconjugated_bra_is_caught():
    state, raw = uneven()
    truth = brute_force(vector(raw), pauli_4().effects)
    wrong = brute_force(vector(raw), pauli_4().effects, conjugate=False)
    broken = mps.MatrixProductState(state.tensors.conj(), state.bonds)
    with jax.enable_x64(True):
        rows = every(5, 4)
        found = np.exp(log_prob(state, pauli_4(), rows))
        conjugated = np.exp(log_prob(broken, pauli_4(), rows))
    assert np.abs(found - truth.ravel()).max() < 1e-12
    assert np.abs(wrong.ravel() - truth.ravel()).max() > 1e-3
    assert np.abs(conjugated - truth.ravel()).max() > 1e-3


def chi_squared(rows, probabilities, outcomes):
    n = rows.shape[1]
    counts = np.bincount(np.ravel_multi_index(rows.T, (outcomes,) * n), minlength=outcomes**n)
    expected = probabilities * len(rows)
    assert expected.min() > 5
    return chi2.sf(np.sum((counts - expected) ** 2 / expected), outcomes**n - 1)


@pytest.mark.parametrize("povm", MEASUREMENTS, ids=lambda m: m.name)
def test_samples_have_the_exact_frequencies(povm):
    state, raw = uneven(bonds=(1, 2, 2, 1))
    noisy = mps.LocallyDepolarized(state, 0.1)
    truth = brute_force(vector(raw), povm.effects, 0.1).ravel()
    rows = sample_outcomes(noisy, povm, 60_000, jax.random.key(3))
    assert rows.dtype == np.uint8
    assert chi_squared(rows, truth, povm.n_outcomes) > 1e-4
    wrong = brute_force(vector(raw).conj(), povm.depolarized(0.1).effects).ravel()
    if povm.complete:
        assert chi_squared(rows, wrong, povm.n_outcomes) < 1e-9


def test_a_shot_depends_on_its_number_alone():
    few = sample_outcomes(mps.ghz(4), pauli_6(), 5, jax.random.key(1))
    many = sample_outcomes(mps.ghz(4), pauli_6(), 40, jax.random.key(1))
    assert np.array_equal(few, many[:5])


def test_a_long_chain_does_not_underflow_and_knows_the_impossible():
    with jax.enable_x64(True):
        zeros = log_prob(mps.ghz(1200), pauli_6(), np.full((1, 1200), 4))
        assert abs(zeros[0] - (np.log(0.5) + 1200 * np.log(1 / 3))) < 1e-9
        mixed = np.full((1, 1200), 4)
        mixed[0, 7] = 5
        assert log_prob(mps.ghz(1200), pauli_6(), mixed)[0] == -np.inf


def test_single_precision_is_enough_at_fifty_sites():
    state = mps.random(0, 50, 8, real=True)
    rows = sample_outcomes(state, pauli_4(), 64, jax.random.key(0))
    single = log_prob(state, pauli_4(), rows)
    with jax.enable_x64(True):
        double = log_prob(state, pauli_4(), rows)
    assert np.abs(single - double).max() < 1e-4


def test_a_measured_state_is_a_density():
    model = measured(mps.ghz(3), pauli_4())
    x = model.sample(jax.random.key(0))
    assert x.shape == model.shape
    assert jnp.allclose(model.energy(x), -model.log_prob(x))


def test_bad_outcomes_are_refused():
    state = mps.ghz(4)
    with pytest.raises(InputError, match="state of 4 sites"):
        log_prob(state, pauli_4(), np.zeros((3, 5), dtype=int))
    with pytest.raises(InputError, match="0 to 3"):
        log_prob(state, pauli_4(), np.full((3, 4), 4))
    with pytest.raises(InputError, match="at least one"):
        sample_outcomes(state, pauli_4(), 0, jax.random.key(0))
    qutrit = mps.random(0, 3, 2, d=3)
    with pytest.raises(InputError, match="dimension 3"):
        measured(qutrit, pauli_4())
