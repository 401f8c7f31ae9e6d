"""Completions of runs in the user's units, against what the models themselves say exactly."""

import itertools
import json

import numpy as np
import pytest

import energeia
from energeia._core.errors import InputError, NoSuchCapability
from energeia.cli.main import main
from energeia.evaluation import completion as engine
from energeia.evaluation.completion import CompletionSettings
from energeia.runs.storage.config import DataConfig

RNG = np.random.default_rng(0)
SPINS = np.array(list(itertools.product((-1.0, 1.0), repeat=4)))
DRAWS = 400


def fitted(folder, recipe, x, **options):
    rounds = options.pop("rounds", 150)
    reading = DataConfig(spec="", support=options.pop("support", ""))
    training = {"rounds": rounds, "check_every": rounds, "batch": 64}
    return energeia.fit(
        x, recipe, out=folder / recipe, options={**options, "training": training}, quiet=True,
        reading=reading,
    )  # fmt: skip


def spins():
    """Rows of four spins, neighbors mostly alike, in the layout of a square."""
    flips = RNG.random((1000, 4)) < [0.4, 0.15, 0.15, 0.15]
    return (1.0 - 2.0 * np.bitwise_xor.accumulate(flips, axis=1)).reshape(-1, 2, 2)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return fitted(tmp_path_factory.mktemp("runs"), "made", spins(), width=16, depth=1, orders=1)


@pytest.fixture(scope="module")
def rbm(tmp_path_factory):
    return fitted(tmp_path_factory.mktemp("runs"), "rbm", spins(), hidden=4, rounds=400)


@pytest.fixture(scope="module")
def flow(tmp_path_factory):
    """A flow of a length in meters, of about 2000, and of another number that follows it."""
    z = RNG.normal(size=(1000, 2)) @ [[1.0, 0.7], [0.0, 0.5]]
    x = np.stack([2000.0 * np.exp(0.3 * z[:, 0]), 5.0 + z[:, 1]], axis=1)
    return fitted(tmp_path_factory.mktemp("runs"), "realnvp", x, layers=2, width=16, depth=1,
                  support="0:positive")  # fmt: skip


@pytest.fixture
def traces(monkeypatch):
    """How often a program that completes rows was traced."""
    found = []
    for name in ("_systematic", "run_chains"):
        original = getattr(engine, name)

        def counted(*given, original=original):
            found.append(None)
            return original(*given)

        monkeypatch.setattr(engine, name, counted)
    return found


def assert_shares(samples, truth, control):
    """Frequencies of configurations within 4 errors of the truth, and the control's are not."""
    hit = np.all(samples[:, None] == SPINS, axis=2)
    error = np.sqrt(truth * (1 - truth) / len(samples)) + 1e-4
    assert np.abs((hit.mean(0) - truth) / error).max() < 4
    assert error.max() < 0.03
    assert np.abs((hit.mean(0) - control) / error).max() > 6


def conditional(p, mask, row):
    fits = np.all(SPINS[:, mask] == row[mask], axis=1)
    return p * fits / p[fits].sum()


@pytest.mark.parametrize("kind", ["made", "rbm"])
def test_spins_are_completed_as_enumeration_says(kind, request, traces):
    """Two masks, known spins first and last, by one program each of draws and of Gibbs sweeps."""
    run = request.getfixturevalue(kind)
    grid = SPINS.reshape(-1, 2, 2)
    logs = run.log_prob(grid) if kind == "made" else -run.energy(grid)
    p = np.exp(np.asarray(logs, float))
    p /= p.sum()
    settings = CompletionSettings(proposals=16 * DRAWS, chains=DRAWS, steps=80)
    methods = []
    for mask, row in (
        (np.array([True, True, False, False]), SPINS[5]),
        (np.array([False, False, False, True]), SPINS[6]),
    ):
        x = np.where(mask, row, np.nan).reshape(2, 2)
        found = run.complete(x, n=DRAWS, seed=3, settings=settings)
        assert found.samples.shape == (1, DRAWS, 2, 2)
        samples = found.samples.reshape(DRAWS, 4)
        assert np.all(samples[:, mask] == row[mask])
        assert_shares(samples, conditional(p, mask, row), p)
        methods.append((found.kind, found.diagnostics.method))
    assert len(traces) == 1
    weighted = [("exact", "draws"), ("exact in the limit", "weighted draws")]
    assert methods == {
        "made": weighted,
        "rbm": [("exact in the limit", "Gibbs chains")] * 2,
    }[kind]  # fmt: skip


def moments(flow, known, value):
    """Mean and variance of the column that is not known, by quadrature; lengths by their log."""
    axis = np.linspace(0, 10, 1501) if known == 0 else np.geomspace(200, 20_000, 1501)
    grid = np.full((1501, 2), value)
    grid[:, 1 - known] = axis
    measure = np.exp(np.asarray(flow.log_prob(grid), float)) * np.gradient(axis)
    scaled = np.log(axis) if known else axis
    mean = (measure * scaled).sum() / measure.sum()
    return mean, (measure * (scaled - mean) ** 2).sum() / measure.sum()


def test_a_flow_is_completed_as_quadrature_says(flow, traces):
    """Rows have masks of their own; known values come back bit for bit."""
    x = np.array([[2600.123456789, np.nan], [np.nan, 4.2], [1999.0, 4.9]])
    given = {"n": 640, "seed": 1, "settings": CompletionSettings(chains=64, steps=400)}
    found = flow.complete(x, **given)
    assert found.diagnostics.method == "Mala chains"
    assert found.diagnostics.r_hat < 1.05
    known = ~np.isnan(x)
    assert np.array_equal(found.known, known)
    assert found.samples.dtype == np.float64
    assert np.all((found.samples == x[:, None])[np.broadcast_to(known[:, None], (3, 640, 2))])
    assert np.isnan(found.ess[2])
    again = flow.complete(np.nan_to_num(x, nan=-7.0), known, **given)
    assert np.array_equal(again.samples, found.samples)
    assert len(traces) == 1
    free = flow.sample(2000)
    for column in (0, 1):
        mean, square = moments(flow, column, x[column, column])
        own, marginal = found.samples[column, :, 1 - column], free[:, 1 - column]
        own, marginal = (np.log(own), np.log(marginal)) if column else (own, marginal)
        # Ten draws of each of 64 chains: errors are those between chains.
        chains = own.reshape(10, 64)
        for values, truth in ((chains, mean), ((chains - mean) ** 2, square)):
            error = values.mean(0).std(ddof=1) / 8
            assert abs(values.mean() - truth) < 4 * error
            assert error < 0.15 * np.sqrt(square)
        # The control.
        assert abs(chains.mean() - marginal.mean()) > 6 * chains.mean(0).std(ddof=1) / 8


@pytest.mark.parametrize(
    ("x", "known", "message"),
    [
        ([[0.5, np.nan, 1.0, 1.0]], None, "outside its support"),
        ([[np.inf, np.nan, 1.0, 1.0]], None, "NaN or infinity"),
        ([[1.0, np.nan, 1.0, 1.0]], [[True, True, True, True]], "NaN or infinity"),
        ([[1.0, np.nan, 1.0]], None, "rows of shape"),
        ([[1.0, np.nan, 1.0, 1.0]], [True, False], "a mask of shape"),
        ([[1.0, np.nan, 1.0, 1.0]], [1, 0, 1, 1], "give booleans"),
    ],
)
def test_questions_that_mean_nothing_are_refused(made, x, known, message):
    with pytest.raises(InputError, match=message):
        made.complete(np.array(x), None if known is None else np.array(known))


def test_a_model_without_conditionals_says_so(tmp_path):
    run = fitted(tmp_path, "vae", spins(), rounds=2, latent=2, width=8, depth=1)
    with pytest.raises(NoSuchCapability, match="has no energy that chains could sample"):
        run.complete(np.array([1.0, np.nan, 1.0, 1.0]))


def test_the_command_completes_the_empty_cells_of_a_file(made, tmp_path, capsys):
    holes, out = tmp_path / "holes.csv", tmp_path / "filled.npz"
    holes.write_text("a,b,c,d\n1,,-1,1\n1,1,NaN,\n")
    with pytest.raises(SystemExit) as end:
        main(["complete", str(made.path), str(holes), "-o", str(out), "-n", "5", "--json"])
    assert end.value.code == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["shape"] == [2, 5, 2, 2]
    with np.load(out) as found:
        assert found["samples"].shape == (2, 5, 2, 2)
        flat = found["samples"].reshape(2, 5, 4)
        assert np.all(flat[0][:, [0, 2, 3]] == [1.0, -1.0, 1.0])
        assert np.all(np.abs(flat) == 1.0)
        assert str(found["kind"]) == "exact in the limit"
        assert json.loads(str(found["diagnostics"])) == printed["diagnostics"]
        np.testing.assert_array_equal(found["known"].reshape(2, 4).sum(axis=1), [3, 2])


def test_the_command_refuses_in_one_sentence(made, tmp_path, capsys):
    holes = tmp_path / "holes.csv"
    holes.write_text("1,,7,1\n1,1,,\n")
    for words, message in (
        (["-o", str(tmp_path / "x.npy")], "several arrays are written: end it in .npz"),
        (["-o", str(tmp_path / "x.npz")], "outside its support"),
        (["-n", "0"], "at least 1"),
    ):
        with pytest.raises(SystemExit) as end:
            main(["complete", str(made.path), str(holes), *words])
        assert end.value.code == 2
        assert message in capsys.readouterr().err
