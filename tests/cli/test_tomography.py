"""The command from shots to a table and a page; it goes on after a stop, and refuses in words."""

import json

import jax
import numpy as np
import pytest
from tests.cli.test_bad_input import call, refused

from energeia.data.shots.measurements import Shots, save_shots
from energeia.physics.quantum import mps
from energeia.physics.quantum.mps_files import load_mps, save_mps
from energeia.physics.quantum.mps_local import expectation_of_sum
from energeia.physics.quantum.mps_outcomes import sample_outcomes
from energeia.physics.quantum.pauli import hamiltonian
from energeia.physics.quantum.povm import pauli_6
from energeia.runs.loading import load
from energeia.runs.quantum.tomography import TomographyRequest, jobs_of, options_of, tomography

SITES = 3
QUICK = ["--models", "product-of-marginals", "born-machine", "--samples", "400", "--scale", "0.01"]


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """A folder with a state, shots of it with raw bases and signs, and a finished tomography."""
    folder = tmp_path_factory.mktemp("measured")
    state = mps.random(0, SITES, bond=2, real=True)
    save_mps(folder / "truth.npz", state)
    six = sample_outcomes(state, pauli_6(), 600, jax.random.key(0))
    save_shots(folder / "shots.npz", Shots.from_outcomes(six, "pauli-6").pauli_4())
    return folder


def words(folder, *more):
    return ["tomography", folder / "shots.npz", "--povm", "pauli-4", "--truth",
            folder / "truth.npz", "--hamiltonian", "tfim:J=1,h=1", "--observables", "Z0 Z2",
            "--out", folder / "run", *QUICK, *more]  # fmt: skip


def test_from_shots_to_a_page_and_on(measured, capsys):
    code, out, err = call(capsys, *words(measured, "--json"))
    assert code == 0, err
    found = json.loads(out)["tomography"]
    states = {state["name"]: state for state in found["states"]}
    assert list(states)[:2] == ["shots", "truth"]
    assert set(states) == {"shots", "truth", "born-machine", "product-of-marginals"}
    for name in ("born-machine", "product-of-marginals"):
        assert states[name]["kl"]["stderr"] > 0
        assert (measured / "run" / name / "config.toml").is_file()
    assert states["born-machine"]["quantum_fidelity"]["stderr"] == 0
    # The control: a distribution that is no matrix-product state has errors of sampling.
    assert states["product-of-marginals"]["quantum_fidelity"]["stderr"] > 0
    page = (measured / "run" / "report.html").read_text(encoding="utf-8")
    assert "Correlations against distance" in page
    assert "https:" not in page
    # Raw bases and signs were trained on, split as the outcomes are.
    raw, merged = (np.load(measured / "run" / f) for f in ("raw.npy", "outcomes.npy"))
    np.testing.assert_array_equal(Shots.from_outcomes(raw, "pauli-6").pauli_4().outcomes, merged)

    code, out, err = call(capsys, *words(measured, "--resume"))
    assert code == 0, err
    assert "born-machine" in out
    assert "report:" in out
    again = json.loads((measured / "run" / "tomography.json").read_text(encoding="utf-8"))
    assert again["states"][-1]["kl"] == found["states"][-1]["kl"]

    code, _, err = call(capsys, *words(measured))
    refused(code, err, "not empty", "--resume")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (["--hamiltonian", "tfim:N=5,J=1,h=1"], ["5 sites", "N=3"]),
        (["--observables", "Z7"], ["site 7"]),
        (["--observables", "Q1"], ["Pauli string"]),
        (["--povm", "pauli-5"], ["pauli-5", "not known"]),
        (["--povm", "trine"], ["shots where trine"]),
        (["--models", "povm-gro"], ["did you mean 'povm-gru'"]),
        (["--seeds", "0"], ["at least 1"]),
    ],
    ids=lambda v: v[-1],
)
def test_what_cannot_be_asked_is_refused_in_words(measured, tmp_path, capsys, change, said):
    code, _, err = call(capsys, *words(measured, "--out", tmp_path / "new", *change))
    refused(code, err, *said)
    assert not (tmp_path / "new").exists()


def test_a_truth_on_other_sites_and_incomplete_shots_are_refused(measured, tmp_path, capsys):
    save_mps(tmp_path / "long.npz", mps.ghz(5))
    code, _, err = call(capsys, *words(measured, "--out", tmp_path / "new", "--truth",
                                       tmp_path / "long.npz"))  # fmt: skip
    refused(code, err, "5 sites", "3")
    codes = np.random.default_rng(0).integers(0, 3, size=(50, SITES))
    save_shots(tmp_path / "trine.npz", Shots.from_outcomes(codes, "trine"))
    code, _, err = call(capsys, "tomography", tmp_path / "trine.npz", "--out", tmp_path / "new")
    refused(code, err, "not informationally complete", "span 3 of 4")


def test_noise_acts_on_the_truth(measured, tmp_path, capsys):
    code, out, err = call(
        capsys, "tomography", measured / "shots.npz", "--truth", measured / "truth.npz", "--noise",
        "0.25", "--hamiltonian", "tfim:J=1,h=1", "--models", "product-of-marginals", "--samples",
        "100", "--out", tmp_path / "run", "--json",
    )  # fmt: skip
    assert code == 0, err
    truth = json.loads(out)["tomography"]["states"][1]
    state, chain = load_mps(measured / "truth.npz"), hamiltonian("tfim:J=1,h=1", n_sites=SITES)
    noisy = expectation_of_sum(mps.LocallyDepolarized(state, 0.25), chain)
    assert truth["energy"]["value"] == pytest.approx(noisy, abs=1e-12)
    assert abs(noisy - expectation_of_sum(state, chain)) > 0.05  # the control: noise is seen


def test_noise_out_of_range_or_on_no_state_is_refused(measured, tmp_path, capsys):
    plain = ["tomography", measured / "shots.npz", "--out", tmp_path / "new"]
    code, _, err = call(capsys, *plain, "--noise", "0.1")
    refused(code, err, "without --truth")
    code, _, err = call(capsys, *plain, "--noise", "1.5", "--truth", measured / "truth.npz")
    refused(code, err, "at most 1")


@pytest.mark.parametrize(
    ("count", "held_out"), [(600, 60), (12_000, 1000), (60_000, 3000)], ids=str
)
def test_few_shots_are_held_out_and_enough_of_them(tmp_path, count, held_out):
    codes = np.random.default_rng(0).integers(0, 4, size=(count, 2))
    asked = TomographyRequest(
        shots="", povm="pauli-4", models=("product-of-marginals",), samples=100
    )
    found = tomography(Shots.from_outcomes(codes, "pauli-4"), asked, tmp_path / "run", quiet=True)
    config = load(found.directories[0].path).config
    assert [round(count * share) for share in config.data.fractions[1:]] == [held_out] * 2
    nll = found.record.states[1].nll
    assert nll is not None
    assert nll.n == held_out


def test_another_set_of_shots_does_not_join_a_folder(measured, tmp_path, capsys):
    codes = np.random.default_rng(0).integers(0, 4, size=(600, SITES))
    save_shots(tmp_path / "other.npz", Shots.from_outcomes(codes, "pauli-4"))
    (tmp_path / "run").mkdir()
    np.save(tmp_path / "run" / "outcomes.npy", codes[::-1].astype(np.uint8))
    code, _, err = call(capsys, "tomography", tmp_path / "other.npz", "--out", tmp_path / "run",
                        "--resume", *QUICK)  # fmt: skip
    refused(code, err, "other shots")


def test_networks_and_born_machines_start_several_times():
    shots = Shots.from_outcomes(np.zeros((10, 2), int), "pauli-4")
    asked = TomographyRequest(
        shots="x", povm="pauli-4", models=("povm-gru", "born-machine", "k-gram"), seeds=2, seed=5
    )
    jobs = jobs_of(shots, asked)
    assert [(job.name, job.seed) for job in jobs] == [
        ("povm-gru-1", 5), ("povm-gru-2", 6), ("born-machine-1", 5), ("born-machine-2", 6),
        ("k-gram", 5),
    ]  # fmt: skip
    # Born machines take turns between their two kinds of start.
    assert [options_of(jobs[i], asked, 10).signs for i in (2, 3)] == ["alike", "free"]
