"""Matrix-product states against state vectors: canonical form, local quantities, files."""

import itertools

import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.physics.quantum import mps
from energeia.physics.quantum.mps_files import from_quimb, from_tenpy, load_mps, save_mps
from energeia.physics.quantum.mps_local import (
    correlator,
    entanglement_entropy,
    expectation,
    expectation_of_sum,
)
from energeia.physics.quantum.pauli import PauliString
from energeia.physics.quantum.povm import PAULI

RNG = np.random.default_rng(5)
BONDS = (1, 2, 5, 3, 2, 1)
RAW = [
    RNG.normal(size=(left, 2, right)) + 1j * RNG.normal(size=(left, 2, right))
    for left, right in itertools.pairwise(BONDS)
]
STATE = mps.matrix_product_state(RAW)


def vector(tensors):
    psi = tensors[0][0]
    for t in tensors[1:]:
        psi = np.tensordot(psi, t, axes=1)
    psi = psi[..., 0].ravel()
    return psi / np.linalg.norm(psi)


def dense(operators, n=5):
    out = np.eye(1)
    for site in range(n):
        out = np.kron(out, PAULI[operators.get(site, "I")])
    return out


def test_canonical_form_keeps_the_state():
    psi, found = vector(RAW), vector(STATE.sites())
    assert abs(abs(np.vdot(psi, found)) - 1) < 1e-13
    for tensor in STATE.sites():
        flat = tensor.reshape(len(tensor), -1)
        assert np.allclose(flat @ flat.conj().T, np.eye(len(flat)), atol=1e-13)


def test_local_quantities_against_the_state_vector():
    psi = vector(RAW)
    truth = [psi.conj() @ dense(o) @ psi for o in ({1: "Y"}, {0: "X", 2: "Y", 4: "Z"}, {})]
    found = [expectation(STATE, o) for o in ({1: "Y"}, {0: "X", 2: "Y", 4: "Z"}, {})]
    assert np.allclose(found, np.real(truth), atol=1e-13)
    terms = [PauliString(0.5, {1: "Y"}), PauliString(-2.0, {0: "X", 2: "Y", 4: "Z"})]
    assert abs(expectation_of_sum(STATE, terms) - 0.5 * found[0] + 2 * found[1]) < 1e-13
    table = correlator(STATE, "X", "Y")
    for i, j in itertools.product(range(5), repeat=2):
        exact = 0.0 if i == j else (psi.conj() @ dense({i: "X", j: "Y"}) @ psi).real
        assert abs(table[i, j] - exact) < 1e-13
    unconjugated = (psi @ dense({0: "Z", 3: "Z"}) @ psi).real
    assert abs(unconjugated - expectation(STATE, {0: "Z", 3: "Z"})) > 1e-2


def test_noise_shrinks_an_operator_by_its_support():
    noisy = mps.LocallyDepolarized(STATE, 0.2)
    string = {0: "X", 2: "Y", 4: "Z"}
    assert abs(expectation(noisy, string) - 0.8**3 * expectation(STATE, string)) < 1e-13
    same = correlator(noisy, "Z", "Z")
    assert np.allclose(np.diag(same), 1.0)
    assert abs(same[0, 3] - 0.64 * correlator(STATE, "Z", "Z")[0, 3]) < 1e-13


def test_entanglement_against_singular_values():
    psi = vector(RAW)
    for bond in range(1, 5):
        p = np.linalg.svd(psi.reshape(2**bond, -1), compute_uv=False) ** 2
        p = p[p > 1e-30]
        assert abs(entanglement_entropy(STATE, bond) + np.sum(p * np.log(p))) < 1e-12
    with pytest.raises(InputError, match="bonds 1 to 4"):
        entanglement_entropy(STATE, 5)


def test_named_states():
    plus, minus = mps.ghz(10), mps.ghz(10, np.pi)
    assert plus.real
    assert minus.real
    assert abs(np.vdot(vector(plus.sites()), vector(minus.sites()))) < 1e-14
    every_x = dict.fromkeys(range(10), "X")
    assert abs(expectation(plus, every_x) - 1) < 1e-13
    assert abs(expectation(minus, every_x) + 1) < 1e-13
    assert abs(expectation(mps.ghz(3, 0.3), dict.fromkeys(range(3), "X")) - np.cos(0.3)) < 1e-13
    tilted = mps.product(np.array([[1, 1j], [3, 0]]))
    assert abs(expectation(tilted, {0: "Y", 1: "Z"}) - 1) < 1e-13
    assert mps.random(0, 8, 6).bonds == (1, 2, 4, 6, 6, 6, 4, 2, 1)
    with pytest.raises(InputError, match="two sites"):
        mps.ghz(1)


def test_bad_sites_and_operators_are_refused():
    with pytest.raises(InputError, match="sites 0 to 4"):
        expectation(STATE, {5: "Z"})
    with pytest.raises(InputError, match="2 x 2"):
        expectation(STATE, {0: np.eye(3)})
    with pytest.raises(InputError, match="from 0 to 1"):
        mps.LocallyDepolarized(STATE, 1.2)
    with pytest.raises(InputError, match="no tensors"):
        mps.matrix_product_state([])


def test_files_keep_states(tmp_path):
    save_mps(tmp_path / "a.npz", STATE)
    np.savez(tmp_path / "b.npz", *[7 * t for t in RAW])
    for name in ("a.npz", "b.npz"):
        assert abs(abs(np.vdot(vector(RAW), vector(load_mps(tmp_path / name).sites()))) - 1) < 1e-13
    np.savez(tmp_path / "c.npz", weights=RAW[0])
    with pytest.raises(InputError, match="A0, A1"):
        load_mps(tmp_path / "c.npz")
    (tmp_path / "d.npz").write_bytes(b"PK")
    with pytest.raises(InputError, match="could not be read"):
        load_mps(tmp_path / "d.npz")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("conserve", ["None", "Sz", "parity"])
def test_tenpy_states_keep_their_basis(conserve):
    pytest.importorskip("tenpy")
    from tenpy.networks.mps import MPS
    from tenpy.networks.site import SpinHalfSite

    given = MPS.from_product_state([SpinHalfSite(conserve)] * 3, ["up", "down", "up"], bc="finite")
    found = from_tenpy(given)
    assert [round(expectation(found, {i: "Z"})) for i in range(3)] == [1, -1, 1]


def test_quimb_states():
    class Quimb:
        """What is used of ``quimb.tensor.MatrixProductState``."""

        cyclic = False
        arrays = (RAW[0][0], *RAW[1:-1], RAW[-1][..., 0])

        def copy(self):
            return self

        def permute_arrays(self, order):
            assert order == "lpr"

    assert abs(abs(np.vdot(vector(RAW), vector(from_quimb(Quimb()).sites()))) - 1) < 1e-13
    Quimb.cyclic = True
    with pytest.raises(InputError, match="periodic"):
        from_quimb(Quimb())
