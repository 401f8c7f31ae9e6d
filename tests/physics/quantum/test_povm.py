"""Measurements of a site: frames, noise, refinement, conventions, and what is refused."""

import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.physics.quantum.povm import (
    PAULI,
    POVMS,
    merge_to_pauli_4,
    pauli_4,
    pauli_6,
    povm_named,
    require_complete,
    tetrahedral,
    trine,
    user_povm,
)

RHO = np.array([[0.7, 0.1 - 0.3j], [0.1 + 0.3j, 0.3]])


def probabilities(povm, rho=RHO):
    return np.einsum("aij,ji->a", povm.effects, rho).real


@pytest.mark.parametrize("name", POVMS)
def test_every_named_measurement(name):
    povm = povm_named(name)
    assert np.allclose(povm.effects.sum(0), np.eye(2), atol=1e-14)
    assert len(povm.labels) == povm.n_outcomes
    rebuilt = np.einsum("a,aij->ij", probabilities(povm), povm.dual)
    assert np.allclose(rebuilt, RHO, atol=1e-13) == povm.complete
    vectors, outcome = povm.refined()
    fine = np.einsum("ki,kj->kij", vectors, vectors.conj())
    merged = np.stack([fine[outcome == a].sum(0) for a in range(povm.n_outcomes)])
    assert np.allclose(merged, povm.effects, atol=1e-14)
    noisy = 0.7 * RHO + 0.3 * np.eye(2) / 2
    assert np.allclose(probabilities(povm.depolarized(0.3)), probabilities(povm, noisy))


def test_completeness_is_the_rank_of_the_span_and_not_the_overlap_matrix():
    def overlap_rank(povm):
        gram = np.einsum("aij,bji->ab", povm.effects, povm.effects)
        return np.linalg.matrix_rank(gram) == povm.n_outcomes

    assert pauli_6().complete
    assert not overlap_rank(pauli_6())
    assert not trine().complete
    assert overlap_rank(trine())
    with pytest.raises(InputError, match="span 3 of 4"):
        require_complete(trine())
    with pytest.raises(InputError, match="outside the span"):
        trine().coefficients(PAULI["Y"])
    assert np.allclose(trine().coefficients(PAULI["Z"]) @ probabilities(trine()), 0.4)


def test_conditioning_and_coefficients():
    assert abs(tetrahedral().conditioning - np.sqrt(3)) < 1e-12
    assert abs(pauli_6().conditioning - np.sqrt(3)) < 1e-12
    assert pauli_4().conditioning > 2
    for povm in (pauli_4(), pauli_6(), tetrahedral()):
        for name in "XYZ":
            value = povm.coefficients(PAULI[name]) @ probabilities(povm)
            assert abs(value - np.trace(PAULI[name] @ RHO).real) < 1e-13
    with pytest.raises(InputError, match=r"2 x 2"):
        pauli_4().coefficients(np.eye(3))


def test_outcome_conventions():
    up = np.diag([1.0, 0.0])
    assert np.allclose(probabilities(pauli_6(), up) * 6, [1, 1, 1, 1, 2, 0])
    assert np.allclose(probabilities(pauli_4(), up) * 6, [2, 1, 1, 2])
    right = np.array([[1, -1j], [1j, 1]]) / 2  # the state of Y = +1
    assert np.allclose(probabilities(pauli_6(), right) * 6, [1, 1, 2, 0, 1, 1])
    merged = np.bincount(merge_to_pauli_4(np.arange(6)), weights=probabilities(pauli_6()))
    assert np.allclose(merged, probabilities(pauli_4()))


HALF = np.eye(2) / 2


@pytest.mark.parametrize(
    ("effects", "said"),
    [
        (np.eye(2), "shape"),
        (np.stack([HALF, HALF * np.nan]), "finite"),
        (np.stack([HALF, HALF / 2]), "sum to the identity"),
        (np.stack([np.diag([1.5, 0.5]), np.diag([-0.5, 0.5])]), "eigenvalue -0.5"),
        (np.stack([np.array([[0.5, 0.3], [0, 0.5]]), np.array([[0.5, -0.3], [0, 0.5]])]), "adj"),
    ],
    ids=["shape", "nan", "sum", "negative", "skew"],
)
def test_what_is_not_a_measurement_is_refused(effects, said):
    with pytest.raises(InputError, match=said):
        user_povm(effects, "mine")


def test_a_file_of_effects(tmp_path):
    np.savez(tmp_path / "mine.npz", effects=tetrahedral().effects)
    np.save(tmp_path / "mine.npy", tetrahedral().effects)
    for name in ("mine.npz", "mine.npy"):
        assert np.allclose(povm_named(str(tmp_path / name)).effects, tetrahedral().effects)
    with pytest.raises(InputError, match="could not be read"):
        povm_named(str(tmp_path / "none.npy"))
    with pytest.raises(InputError, match="from 0 to 1"):
        pauli_4().depolarized(-0.1)
