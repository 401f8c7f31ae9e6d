"""Rows that were measured with errors, from the table to the report."""

import json

import msgspec
import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import energeia
from energeia.cli.main import main
from energeia.errors import InputError
from energeia.runs import DataConfig, leaderboard

ERRORS = DataConfig(errors=("x:x_err",))
SMALL = {
    "layers": 2, "width": 16, "bins": 8,
    "training": {"rounds": 300, "check_every": 100, "batch": 128},
}  # fmt: skip


def true_rows(n):
    rng = np.random.default_rng()
    return np.where(rng.random(n) < 0.4, rng.normal(-1.2, 0.4, n), rng.normal(1.2, 0.5, n))


def log_p(t):
    return np.log(0.4 * norm(-1.2, 0.4).pdf(t) + 0.6 * norm(1.2, 0.5).pdf(t))


def measured_table(n=2500):
    """A measured column beside a category, which depends on its true value."""
    rng, true = np.random.default_rng(), true_rows(n)
    errors = rng.uniform(0.2, 0.8, n)
    side = (true + rng.normal(size=n) > 0).astype(int)
    x = true + errors * rng.normal(size=n)
    return pd.DataFrame({"x": x, "x_err": errors, "side": side})


def divergence(run):
    """KL of the true distribution of x alone: the category is summed over."""
    t = true_rows(4000)
    both = [run.log_prob(np.column_stack([t, np.full(len(t), side)])) for side in (0, 1)]
    return float(np.mean(log_p(t) - np.logaddexp(*both)))


@pytest.fixture(scope="module")
def table():
    return measured_table()


@pytest.fixture(scope="module")
def mixture(table, tmp_path_factory):
    out = tmp_path_factory.mktemp("errors") / "run"
    return energeia.fit(table, "mixture", reading=ERRORS, out=out, quiet=True)


@pytest.fixture(scope="module")
def flow(table, tmp_path_factory):
    out = tmp_path_factory.mktemp("errors") / "run"
    return energeia.fit(table, "spline-flow", reading=ERRORS, options=SMALL, out=out, quiet=True)


def test_a_mixture_is_one_of_true_values(table, mixture):
    without = energeia.fit(table.drop(columns="x_err"), "mixture", quiet=True)
    assert divergence(mixture) < 0.04
    assert divergence(without) > 0.06


def test_a_flow_is_one_of_true_values_by_proposals(flow):
    assert divergence(flow) < 0.08


@pytest.mark.parametrize("name", ["mixture", "flow"])
def test_measured_rows_are_scored_as_such(table, name, request):
    run = request.getfixturevalue(name)
    fresh = measured_table(1500)
    with_errors, exact = energeia.score(run, fresh), energeia.score(run, fresh[["x", "side"]])
    assert with_errors.mean.kind == ("exact" if name == "mixture" else "lower bound")
    assert exact.mean.kind == "exact"
    # Measured values are far from where true ones are; only with their errors are they likely.
    assert with_errors.mean.value > exact.mean.value
    np.testing.assert_allclose(exact.rows, run.log_prob(fresh[["x", "side"]].to_numpy()), rtol=1e-5)
    none = run.score(fresh[["x", "side"]].to_numpy(), errors=np.zeros((len(fresh), 2)))
    np.testing.assert_allclose(none.rows, exact.rows, atol=2e-3)


def test_an_evaluation_compares_measured_rows_with_measured_samples(flow):
    found = energeia.evaluate(flow)
    assert found.log_likelihood.kind == "lower bound"
    assert leaderboard.row(flow.directory).validation.kind == "lower bound"
    by_name = {test.name: test for test in found.two_sample}
    assert by_name["classifier AUC"].statistic.value < 0.6
    samples = flow.directory.load_rows("samples.npy")
    assert samples[:, 0].std() > 1.05 * flow.sample(4000)[:, 0].std()
    assert set(np.unique(samples[:, 1])) <= {0.0, 1.0}


def test_a_loaded_run_scores_as_before(table, flow):
    again = energeia.load(flow.path)
    np.testing.assert_array_equal(
        energeia.score(again, table[:50]).rows, energeia.score(flow, table[:50]).rows
    )


def test_a_run_goes_on_bit_for_bit(flow):
    drawn, written = flow.sample(50), (flow.path / "metrics.jsonl").read_bytes()
    last = max(flow.directory.checkpoints.glob("*.*"), key=lambda path: path.stem)
    for path in flow.directory.checkpoints.glob(f"{last.stem}.*"):
        path.unlink()
    status = msgspec.structs.replace(flow.directory.status, state="interrupted")
    flow.directory.write("status.json", status)
    energeia.resume(flow.path, quiet=True)
    assert (flow.path / "metrics.jsonl").read_bytes() == written
    np.testing.assert_array_equal(energeia.load(flow.path).sample(50), drawn)


def test_recipes_that_cannot_say_so(table):
    with pytest.raises(InputError, match=r"it does not take measured errors.*mixture"):
        energeia.fit(table, "gan", reading=ERRORS)
    with pytest.raises(InputError, match="several orders"):
        energeia.fit(table, "made", reading=ERRORS, options={"orders": 2}, quiet=True)
    with pytest.raises(InputError, match="weighted bound"):
        energeia.fit(table, "vae", reading=ERRORS, options={"beta": 2.0}, quiet=True)


@pytest.mark.parametrize(("errors", "change", "words"), [
    (("x",), {}, "COLUMN:ERRORS"),
    (("x:y",), {}, "no column 'y'"),
    (("x:x_err", "x:x_err"), {}, "twice"),
    (("x:x_err",), {"x_err": -1.0}, "negative or not finite"),
    (("x:x_err",), {"x_err": 0.0}, "all errors"),
    (("side:x_err",), {}, "declare side:real"),
])  # fmt: skip
def test_bad_errors_are_refused(table, errors, change, words):
    support = "side:categorical(0,1)" if errors[0].startswith("side") else ""
    with pytest.raises(InputError, match=words):
        energeia.fit(
            table.assign(**change), "mixture", reading=DataConfig(errors=errors, support=support)
        )


def inspected(capsys, *given):
    with pytest.raises(SystemExit):
        main(["inspect", *given, "--json"])
    return json.loads(capsys.readouterr().out)


def test_a_column_with_errors_is_real_whatever_its_values(capsys, tmp_path):
    rng = np.random.default_rng()
    path = str(tmp_path / "t.csv")
    t = np.abs(rng.exponential(size=300)) + 0.01
    pd.DataFrame({"t": t, "s": np.full(300, 0.1)}).to_csv(path, index=False)
    found = inspected(capsys, path, "--errors", "t:s")
    assert [part["support"] for part in found["support"]] == ["real"]
    assert found["error_columns"] == [["t", "s"]]
    without = inspected(capsys, path, "--drop-columns", "s")
    assert without["support"][0]["support"] == "positive"


def test_a_comparison_leaves_out_what_cannot_take_errors(table, tmp_path):
    found = energeia.compare(
        table, recipes=("gaussian", "mixture", "gan"), reading=ERRORS, out=tmp_path / "c",
        scale=0.05, quiet=True,
    )  # fmt: skip
    assert "measured errors" in found.skipped["gan"]
    assert [row.recipe for row in found.rows if row.recommended] == ["mixture"]
    assert {row.recipe for row in found.rows} == {"gaussian", "mixture"}  # and no stack
