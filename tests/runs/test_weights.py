"""Weighted rows, negative ones included, end to end against the density they describe."""

import json

import jax
import msgspec
import numpy as np
import pytest
from studies.kills import content
from tests.runs.weighted import divergence, importance, signed, without_weights

import energeia
from energeia.bijections import Affine
from energeia.cli.main import main
from energeia.contracts import Batch
from energeia.distributions import StandardNormal
from energeia.evaluation.budget import EvaluationBudget
from energeia.models import Flow
from energeia.recipes.catalogue import RECIPES
from energeia.report.gather import page_of
from energeia.runs import DataConfig
from energeia.runs.building import skeleton
from energeia.runs.opening import open_rows
from energeia.runs.storage.config import RunConfig
from energeia.runs.storage.directory import DataRecord, RunDirectory
from energeia.runs.weighting import for_losses
from energeia.training import Optimization, Training

OPTIONS = {
    "layers": 6,
    "width": 32,
    "training": {"rounds": 400, "batch": 128, "check_every": 400, "average": 0.98},
}
ROWS = 4000


def table(sample, path, seed=0, rows=ROWS):
    x, weight = sample(np.random.default_rng(seed), rows)
    array = np.column_stack([x, weight])
    np.savetxt(path, array, delimiter=",", header="x,y,w", comments="", fmt="%.17g")
    return array


def command(*words):
    with pytest.raises(SystemExit) as end:
        main([str(word) for word in words])
    return end.value.code


def flags(options, prefix="--"):
    for name, value in options.items():
        if isinstance(value, dict):
            yield from flags(value, f"{prefix}{name}.")
        else:
            yield from (f"{prefix}{name}".replace("_", "-"), value)


@pytest.mark.parametrize("sample", [importance, signed], ids=lambda f: f.__name__)
def test_a_flow_of_weighted_rows_is_that_of_the_density_they_describe(sample, tmp_path):
    path, out = tmp_path / "rows.csv", tmp_path / "weighted"
    table(sample, path)
    code = command("fit", path, "realnvp", "--weight", "w", "--out", out, *flags(OPTIONS), "--json")
    assert code == 0
    run = energeia.load(out)
    assert run.columns == ("x", "y")
    found, error = divergence(run.log_prob, np.random.default_rng(1))
    assert found + 4 * error < 0.12
    # The control: the same rows without their weights are of another density, known exactly.
    control, error = divergence(without_weights(sample), np.random.default_rng(1))
    assert control - 4 * error > 0.17


def test_a_mixture_of_signed_rows_is_that_of_the_density_they_describe(tmp_path):
    """Its builder fits all rows, with the local means of weights that are negative in part."""
    array = table(signed, tmp_path / "rows.csv")
    apart = []
    for name, weight in {"weighted": "w", "without": ""}.items():
        reading = DataConfig(weight=weight, drop_columns=() if weight else ("w",))
        path, out = tmp_path / "rows.csv", tmp_path / name
        run = energeia.fit(path, "mixture", reading=reading, out=out, quiet=True)
        apart.append(divergence(run.log_prob, np.random.default_rng(1)))
    assert len(array) == ROWS
    assert apart[0][0] + 4 * apart[0][1] < 0.06
    assert apart[1][0] - 4 * apart[1][1] > 0.1  # the control


FEW = {
    "layers": 2,
    "width": 8,
    "depth": 1,
    "training": {"rounds": 4, "check_every": 2, "checkpoint_every": 2, "batch": 32},
}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A run of a few rounds on the signed rows of a file beside it."""
    path = tmp_path_factory.mktemp("small") / "rows.csv"
    table(signed, path, rows=600)
    reading, out = DataConfig(weight="w"), path.with_name("run")
    return energeia.fit(path, "realnvp", reading=reading, out=out, options=FEW, quiet=True)


def test_python_and_the_command_line_end_in_the_same_bytes(tmp_path):
    array, out = table(signed, tmp_path / "rows.csv", rows=600), tmp_path / "run"
    words = ("fit", tmp_path / "rows.csv", "realnvp", "--weight", "w", "--out", out)
    assert command(*words, *flags(FEW), "--json") == 0
    whole = content(out)["metrics.jsonl"]
    reading = DataConfig(weight="2")
    for name, given in {"weighted": (array, reading), "without": (array[:, :2], None)}.items():
        rows, how = given
        found = energeia.fit(
            rows, "realnvp", reading=how, out=tmp_path / name, options=FEW, quiet=True
        )
        assert (content(found.path)["metrics.jsonl"] == whole) == (name == "weighted")


def test_a_game_draws_rows_in_proportion_to_their_weights(tmp_path):
    """Two of three groups of rows weigh nothing: without weights the mean would be near zero."""
    rng = np.random.default_rng(0)
    x = rng.choice([-1.0, 0.0, 1.0], 900) + 0.05 * rng.standard_normal(900)
    rows = np.column_stack([x, rng.standard_normal(900), np.where(x > 0.5, 1.0, 1e-6)])
    training = {"rounds": 300, "batch": 64, "check_every": 300}
    options = {"width": 16, "depth": 1, "training": training}
    run = energeia.fit(
        rows, "gan", reading=DataConfig(weight="2"), out=tmp_path / "run", options=options,
        quiet=True,
    )  # fmt: skip
    assert run.sample(500, seed=0)[:, 0].mean() > 0.7


@pytest.mark.parametrize("resident_mb", [64, 0])
def test_a_resumed_run_ends_in_the_same_bytes(resident_mb, tmp_path):
    out, training = tmp_path / "run", FEW["training"] | {"resident_mb": resident_mb}
    table(signed, tmp_path / "rows.csv", rows=600)
    words = ("fit", tmp_path / "rows.csv", "realnvp", "--weight", "w", "--out", out)
    assert command(*words, *flags(FEW | {"training": training}), "--json") == 0
    whole, directory = content(out), RunDirectory(out)
    for file in directory.checkpoints.glob("*4.*"):
        file.unlink()
    directory.write("status.json", msgspec.structs.replace(directory.status, state="interrupted"))
    assert content(out) != whole
    assert command("resume", out, "--json") == 0
    assert content(out) == whole


def test_the_record_and_the_scores_of_a_run_know_the_weights(small, tmp_path, capsys):
    run, path = small, small.path.with_name("rows.csv")
    record = run.directory.read("data.json", DataRecord)
    array = np.loadtxt(path, delimiter=",", skiprows=1)
    assert record.weight.column == "w"
    assert record.weight.negative == np.sum(array[:, 2] < 0)
    rows, weight = array[:, :2], array[:, 2]
    scores = energeia.score(run, path)
    assert np.isclose(scores.mean.value, np.average(scores.rows, weights=weight))
    assert not np.isclose(scores.mean.value, scores.rows.mean(), atol=1e-3)
    # Rows without the column of weights are scored as they are.
    plain = energeia.score(run, rows)
    assert plain.mean.value == pytest.approx(scores.rows.mean(), rel=1e-6)
    for out in ([], ["--out", tmp_path / "scores.npy"]):
        assert command("score", run.path, path, "--json", *out) == 0
        found = json.loads(capsys.readouterr().out)["log_likelihood"]["value"]
        assert found == pytest.approx(scores.mean.value, rel=1e-6)


def test_the_report_has_the_weights_of_the_rows_that_it_shows(small):
    run, budget = small, EvaluationBudget(rows=40, permutations=9)

    def shown():
        return page_of([run.directory]).held_out_weight

    before = shown()
    run.evaluate(budget=budget)
    assert np.array_equal(shown(), before)
    assert set(np.unique(before)) == {-1.0, 1.0}
    run.evaluate(np.random.default_rng(0).normal(size=(60, 2)), budget=budget)
    assert shown() is None


def test_losses_take_weights_none_of_which_is_negative(tmp_path):
    table(signed, tmp_path / "rows.csv", rows=600)
    rows = open_rows(DataConfig(spec=str(tmp_path / "rows.csv"), weight="w"))
    assert rows.problem.fields == ("weight",)
    assert min(part.weight.min() for part in (rows.train, rows.valid, rows.test)) == -1.0
    train, valid = for_losses(rows.train, rows.valid, rows.problem.support)
    assert min(train.weight.min(), valid.weight.min()) >= 0.0
    again, _ = for_losses(rows.train, rows.valid, rows.problem.support)
    assert np.array_equal(again.weight, train.weight)
    without = Batch(rows.train.x), Batch(rows.valid.x)
    assert for_losses(*without, rows.problem.support) == without


def test_parts_of_ones_own_are_trained_with_weights(tmp_path):
    array = table(importance, tmp_path / "rows.csv")
    flow = Flow(StandardNormal((2,)), Affine(np.zeros(2), np.zeros(2)))
    found = energeia.fit(
        array, model=flow, training=Training(rounds=600, batch=256, check_every=100),
        optimization=Optimization(learning_rate=0.02), reading=DataConfig(weight="2"), quiet=True,
    )  # fmt: skip
    drawn = jax.vmap(found.model.sample)(jax.random.split(jax.random.key(0), 20_000))
    deviation = np.std(drawn, axis=0)
    expected = np.average(array[:, :2] ** 2, axis=0, weights=array[:, 2])
    moments = np.mean(drawn**2, axis=0)
    # The density has second moments of 2.5 and 0.8, the rows without weights of 3 and 1.75.
    assert np.all(np.abs(moments - expected) < 0.25 * deviation)
    assert np.any(np.abs(np.mean(array[:, :2] ** 2, axis=0) - expected) > 0.5 * deviation)
    assert found.test.weight.shape == (len(found.test.x),)


@pytest.mark.parametrize("recipe", ["k-gram", "product-of-marginals"])
def test_a_recipe_that_ignores_weights_refuses_them_by_name(recipe, tmp_path, capsys):
    x = np.random.default_rng(0).integers(0, 2, (200, 3))
    np.save(tmp_path / "rows.npy", np.column_stack([x, np.arange(200) + 1]))
    code = command("fit", tmp_path / "rows.npy", recipe, "--weight", "3", "--out", tmp_path / "run")
    assert code == 2
    message = capsys.readouterr().err
    assert f"recipe '{recipe}' does not fit this data, it does not take weights" in message
    assert "made" in message.partition("choose from ")[2].split(", ")
    assert not (tmp_path / "run").exists()


def test_inspect_says_what_weights_are_worth_and_which_recipes_take_them(tmp_path, capsys):
    array = table(signed, tmp_path / "rows.csv", rows=400)
    weight = array[:, 2]
    assert command("inspect", tmp_path / "rows.csv", "--weight", "w", "--json") == 0
    found = json.loads(capsys.readouterr().out)
    assert found["columns"] == ["x", "y"]
    assert found["weight"]["negative"] == np.sum(weight < 0)
    assert np.isclose(found["weight"]["effective_rows"], weight.sum() ** 2 / 400)
    applies = {recipe["recipe"]: recipe["applies"] for recipe in found["recipes"]}
    assert applies["realnvp"]
    assert applies["gan"]
    assert not applies["k-gram"]
    assert command("inspect", tmp_path / "rows.csv", "--weight", "w") == 0
    shown = capsys.readouterr().out
    assert f"weighted by w: -1 to 1, {np.sum(weight < 0)} negative" in shown


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_honors_what_its_objective_honors(name, tmp_path):
    recipe, path = RECIPES[name], tmp_path / "shots.npy"
    np.save(path, np.random.default_rng(0).integers(0, 6, (300, 4)))
    shots = DataConfig(spec=str(path), support="*:categorical(0,1,2,3,4,5)")
    lattice = "free-field:L=2,n=200" if name == "equivariant-flow" else "ising:L=2,n=200"
    data = shots if recipe.supports == {"categorical"} else DataConfig(spec=lattice)
    config = RunConfig(recipe=name, data=data, options=recipe.options())
    honored = skeleton(config, open_rows(data).problem).objective.honors
    if recipe.reference_rows == 0:  # tables that its builder counts, whatever the objective does
        assert recipe.honors <= {"weight", "noise"}
    else:
        # Objectives that know of no weights get rows drawn in proportion to them.
        # Those of rows with errors get another objective: see ``recipes.measured``.
        assert recipe.honors - {"noise"} == honored | {"weight"}
