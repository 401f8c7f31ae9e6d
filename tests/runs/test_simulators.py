"""A simulator is drawn once, its draws are kept, and models are trained on them."""

import numpy as np
import pytest

import energeia
from energeia.data import Simulator
from energeia.errors import InputError
from energeia.evaluation.budget import EvaluationBudget
from energeia.runs import SimulatorConfig
from energeia.runs.storage.directory import RunDirectory

SHORT = {
    "width": 32,
    "depth": 1,
    "orders": 1,
    "components": 4,
    "training": {"rounds": 400, "check_every": 400},
}


def counted(calls):
    def simulate(rng, theta):
        calls.append(len(theta))
        return theta + np.sqrt(0.1) * rng.normal(size=theta.shape)

    return Simulator(
        prior=lambda rng, n: np.sqrt(0.1) * rng.normal(size=(n, 1)),
        simulate=simulate,
        parameters=("mu",),
        observables=("x",),
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    calls: list[int] = []
    run = energeia.fit(
        counted(calls), "made", out=tmp_path_factory.mktemp("simulated") / "run", options=SHORT,
        reading=SimulatorConfig(budget=6000, learn="posterior"), quiet=True,
    )  # fmt: skip
    return run, calls


def test_the_posterior_is_that_of_the_closed_form(trained):
    run, _ = trained
    x = 0.4
    mu = run.sample(4000, condition=x)[:, 0]
    # p(mu | x) = N(x / 2, 0.05); the control is the prior, N(0, 0.1).
    error = np.sqrt(0.05 / len(mu))
    assert abs(mu.mean() - x / 2) < 4 * error + 0.03
    assert abs(mu.var() - 0.05) < 0.01
    grid = np.array([[-0.2], [0.2], [0.6]])
    exact = -0.5 * (grid[:, 0] - x / 2) ** 2 / 0.05 - 0.5 * np.log(2 * np.pi * 0.05)
    prior = -0.5 * grid[:, 0] ** 2 / 0.1 - 0.5 * np.log(2 * np.pi * 0.1)
    found = run.log_prob(grid, condition=x)
    assert np.abs(found - exact).max() < 0.25
    assert np.abs(prior - exact).max() > 0.6


def test_draws_are_made_once_and_kept(trained):
    run, calls = trained
    assert sum(calls) == 6000
    assert run.config.simulator == SimulatorConfig(
        spec="python:Simulator", budget=6000, learn="posterior"
    )
    kept = np.load(run.path / "data.npy")
    assert kept.dtype.names == ("mu", "x")
    assert len(kept) == 6000
    energeia.resume(run.path, quiet=True)
    run.evaluate(budget=EvaluationBudget(rows=40, permutations=9))
    assert sum(calls) == 6000
    assert RunDirectory(run.path).data.columns == ("mu",)


def test_draws_follow_from_the_seed_alone():
    simulator = counted([])
    first, again, other = (simulator.draw(1500, seed).values for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    assert np.array_equal(simulator.draw(1000, 1).values, first[:1000])


@pytest.mark.parametrize(
    ("simulate", "reason"),
    [
        (lambda rng, theta: theta[:, 0], r"shape \(50,\) where \(50, 1\) was wanted"),
        (lambda rng, theta: np.full_like(theta, np.nan), "NaN or infinity in 50 of 50 rows"),
    ],
)
def test_what_cannot_be_modeled_is_refused(tmp_path, simulate, reason):
    simulator = counted([])._replace(simulate=simulate)
    with pytest.raises(InputError, match=reason):
        energeia.fit(
            simulator, "made", out=tmp_path / "run", reading=SimulatorConfig(budget=50), quiet=True
        )
    assert not (tmp_path / "run").exists()


def test_a_named_simulator_and_a_module_on_the_command_line(tmp_path, monkeypatch, capsys):
    from energeia.cli.main import main

    def command(*words):
        with pytest.raises(SystemExit) as stop:
            main([str(word) for word in words])
        return stop.value.code, capsys.readouterr().err

    short = ["--budget", 200, "--training.rounds", 2, "--training.check-every", 2, "--width", 8]
    short += ["--depth", 1, "--orders", 1, "--components", 2, "--training.mode", "step"]
    code, _ = command(
        "fit", "two-moons", "made", "--learn", "posterior", "--out", tmp_path / "a", *short
    )
    assert code == 0
    problem = RunDirectory(tmp_path / "a").problem
    assert (problem.dimension, problem.condition_dimension) == (2, 2)

    (tmp_path / "own_simulator.py").write_text(
        "import numpy as np\nfrom energeia.data import Simulator\n"
        "coin = Simulator(lambda rng, n: rng.uniform(size=(n, 1)),"
        " lambda rng, p: 1.0 * (rng.uniform(size=p.shape) < p), ('p',), ('heads',))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    words = ["fit", "own_simulator:coin", "made", "--from", "simulator", "--out", tmp_path / "b"]
    code, said = command(*words, *short)
    assert (code, "add --allow-import" in said) == (2, True)
    code, _ = command(*words, "--allow-import", *short)
    assert code == 0
