"""Rows from memory: kept beside the run, resumed, scored and evaluated by name of column."""

import jax.numpy as jnp
import numpy as np
import pytest

import energeia
from energeia.bijections import Affine
from energeia.contracts import Batch
from energeia.distributions import StandardNormal
from energeia.errors import InputError
from energeia.evaluation import EvaluationBudget
from energeia.models import Flow
from energeia.objectives import MaximumLikelihood
from energeia.runs import DataConfig
from energeia.training import Optimization, Player, Training, optimizer

BUDGET = EvaluationBudget(rows=100, permutations=9)
SPINS = 2.0 * np.random.default_rng(0).integers(0, 2, (300, 3)) - 1.0


class Frame:
    """What a data frame of pandas or polars answers."""

    def __init__(self, columns):
        self.data = columns

    @property
    def columns(self):
        return list(self.data)

    def __getitem__(self, name):
        return self.data[name]

    def to_numpy(self):
        return np.column_stack(list(self.data.values()))


def frame(**more):
    columns = {"up": SPINS[:, 0], "down": SPINS[:, 1].astype(int), "field": SPINS[:, 2]}
    return Frame({**columns, **more})


def test_an_array_gives_the_run_that_its_file_gives(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    np.save("spins.npy", SPINS)
    by_file = energeia.fit("spins.npy", "product-of-marginals", quiet=True)
    by_array = energeia.fit(SPINS, "product-of-marginals", out="mine", quiet=True)
    assert np.array_equal(by_file.log_prob(SPINS), by_array.log_prob(SPINS))
    assert np.array_equal(np.load("mine/data.npy"), SPINS)
    score = energeia.score("mine", SPINS).mean
    assert score == energeia.score(by_file, "spins.npy").mean
    assert score == energeia.score(by_array, SPINS.tolist()).mean


def test_a_run_from_an_array_is_resumed_evaluated_and_moved(tmp_path):
    run = energeia.fit(SPINS, "product-of-marginals", out=tmp_path / "run", quiet=True)
    moved = (tmp_path / "run").rename(tmp_path / "moved")
    assert energeia.resume(moved, quiet=True).model.shape == (3,)
    found = energeia.evaluate(moved, budget=BUDGET)
    assert found.log_likelihood.value == pytest.approx(-3 * np.log(2), abs=0.1)
    assert energeia.evaluate(moved, SPINS[:100], budget=BUDGET).log_likelihood.n == 100
    # The control: rows that changed are refused, as those of a file are.
    status = run.directory.status
    np.save(moved / "data.npy", -SPINS)
    changed = energeia.load(moved).directory
    changed.write("status.json", type(status)(state="interrupted"))
    with pytest.raises(InputError, match="have changed"):
        energeia.resume(moved)


def test_names_of_columns_are_kept_and_used(tmp_path):
    reading = DataConfig(condition=("field",), drop_columns=("noise",))
    rows = frame(noise=np.full(300, np.nan))
    options = {"training": {"rounds": 2, "check_every": 1, "batch": 16}}
    run = energeia.fit(
        rows, "made", out=tmp_path / "run", reading=reading, quiet=True, options=options
    )
    assert run.directory.config().data.condition == ("field",)
    assert energeia.resume(tmp_path / "run").problem.condition_dimension == 1
    assert energeia.inspect(frame()).columns == ("up", "down", "field")
    scored = energeia.score(run, rows).rows
    assert np.allclose(scored, run.log_prob(SPINS[:, :2], SPINS[:, 2:]))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1.0, 2.0], [3.0]], "cannot be made an array"),
        (np.array([["a", "b"]] * 20), "array holds"),
        (np.ones((20, 2)) * 1j, "array holds complex"),
        (frame(name=np.array([f"w{i}" for i in range(300)])), "column 'name' holds"),
        (frame(name=np.array([None] * 300)), "array.* NaN"),
        (np.where(np.arange(40.0).reshape(20, 2) == 4.0, np.nan, 1.0), "array.* NaN"),
        (np.ma.masked_equal(np.arange(40.0).reshape(20, 2), 4.0), "array.* NaN"),
    ],
)
def test_rows_that_are_not_numbers_are_refused_and_nothing_is_written(rows, message, tmp_path):
    with pytest.raises(InputError, match=message):
        energeia.fit(rows, "made", out=tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_a_comparison_keeps_its_rows_once(tmp_path):
    found = energeia.compare(
        SPINS, recipes=["product-of-marginals", "k-gram"], out=tmp_path / "all", quiet=True,
        budget=BUDGET,
    )  # fmt: skip
    assert sorted(p.name for p in (tmp_path / "all").rglob("data.npy")) == ["data.npy"]
    assert energeia.evaluate(found.directories[1].path, budget=BUDGET).log_likelihood.n == 30
    again = {"recipes": ["k-gram"], "out": tmp_path / "all", "resume": True, "quiet": True}
    energeia.compare(SPINS, budget=BUDGET, **again)
    with pytest.raises(InputError, match="holds other rows"):
        energeia.compare(-SPINS[::-1], budget=BUDGET, **again)


def test_a_module_is_trained_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    x = 3.0 + 0.5 * np.random.default_rng(1).normal(size=(600, 2, 1))
    flow = Flow(StandardNormal((2, 1)), Affine(jnp.zeros((2, 1)), jnp.zeros((2, 1))))
    training, fast = Training(rounds=400, check_every=100), Optimization(learning_rate=0.1)
    found = energeia.fit(x, model=flow, training=training, optimization=fast, quiet=True)
    location = np.asarray(found.model.bijection.inverse(jnp.zeros((2, 1)))[0])
    assert np.allclose(location, 3.0, atol=0.1)
    assert [entry["round"] for entry in found.history] == [100, 200, 300, 400]
    assert found.history[-1]["held_out"] < found.history[0]["held_out"]
    assert found.test.x.shape == (60, 2, 1)
    assert not list(tmp_path.iterdir())


def test_an_objective_and_players_of_ones_own_are_taken():
    flow = Flow(StandardNormal((3,)), Affine(jnp.ones(3), jnp.zeros(3)))
    training = Training(rounds=2, check_every=1, batch=8)
    still = Player("model", (), optimizer(Optimization(), 2))
    found = energeia.fit(
        SPINS + 0.1 * np.random.default_rng(0).normal(size=SPINS.shape),
        model={"model": flow, "other": flow}, objective=MaximumLikelihood(), players=(still,),
        training=training, quiet=True,
    )  # fmt: skip
    assert set(found.modules) == {"model", "other"}
    assert np.array_equal(found.model.bijection.location, np.ones(3))
    assert isinstance(found.test, Batch)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "a recipe, a model= or a flow="),
        ({"recipe": "made", "model": 1}, "a recipe, a model= or a flow="),
        ({"model": {"a": 1}}, "modules a were given without an objective"),
        ({"model": {"a": 1}, "objective": MaximumLikelihood()}, "player 'model' has no module"),
        ({"model": StandardNormal((2,))}, "rows of 3 columns .* a model of shape"),
    ],
)
def test_parts_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        energeia.fit(SPINS, **arguments)
