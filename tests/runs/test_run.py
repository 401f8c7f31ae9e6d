"""A run in Python: the verbs of the command line are methods, and say the same."""

import numpy as np
import pytest

import energeia
from energeia._core.errors import InputError
from energeia.cli.training import _finished
from energeia.evaluation.budget import EvaluationBudget

BUDGET = EvaluationBudget(rows=40, permutations=9)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    training = {"rounds": 50, "check_every": 50, "batch": 64}
    options = {"width": 16, "depth": 1, "orders": 1, "components": 4, "training": training}
    out = tmp_path_factory.mktemp("runs") / "made"
    return energeia.fit("moons:n=400", "made", out=out, options=options, quiet=True)


def test_evaluations_are_returned_and_kept_and_other_data_are_judged(run, tmp_path):
    found = run.evaluate(budget=BUDGET)
    own = found.log_likelihood
    assert own.kind == "exact"
    assert run.directory.evaluation == found
    assert found.two_sample == energeia.evaluate(run, budget=BUDGET).two_sample
    path = tmp_path / "far.npy"
    np.save(path, np.random.default_rng(0).normal(5.0, 1.0, (300, 2)))
    far = run.evaluate(str(path), budget=BUDGET).log_likelihood
    assert far.value < own.value - 4 * (own.stderr + far.stderr)


def test_data_that_do_not_fit_are_refused(run, tmp_path):
    path = tmp_path / "wide.npy"
    np.save(path, np.zeros((300, 3)))
    with pytest.raises(InputError, match="rows of shape \\(3,\\)"):
        run.evaluate(str(path), budget=BUDGET)


def test_batches_join_to_the_rows_of_sample_bit_for_bit(run):
    whole = run.sample(1000, seed=3)
    for size in (None, 7, 300, 5000):
        parts = list(run.sample_batches(1000, size, seed=3))
        assert size is None or {len(part) for part in parts[:-1]} <= {size}
        assert np.array_equal(np.concatenate(parts), whole)
    assert not np.array_equal(run.sample(1000, seed=4), whole)
    with pytest.raises(InputError, match="size was given 0"):
        run.sample_batches(10, 0)


def test_scores_in_batches_are_the_scores(run):
    rows = run.sample(2500, seed=1)
    whole = run.score(rows).rows
    parts = [batch.rows for batch in run.score_batches(rows, size=1024)]
    assert [len(part) for part in parts] == [1024, 1024, 452]
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-6)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_a_seed_that_jax_would_cut_short_is_refused(run, seed):
    with pytest.raises(InputError, match="seed was given"):
        run.sample(1, seed=seed)


@pytest.mark.parametrize("patience", [2, 0])
def test_the_held_out_loss_in_the_last_line_is_that_of_the_state_kept(patience, tmp_path, capsys):
    """A network that learns its rows by heart in the end: its best round is not the last."""
    training = {
        "rounds": 400, "check_every": 20, "batch": 20, "patience": patience, "passes": 0,
    }  # fmt: skip
    network = {"width": 32, "depth": 1, "orders": 1, "components": 8}
    options = {**network, "training": training, "optimization": {"learning_rate": 0.02}}
    run = energeia.fit(
        "moons:n=400", "made", out=tmp_path / "run", options=options, quiet=True, seed=0
    )
    history, status = run.directory.history(), run.directory.status
    best = min(history, key=lambda check: check["held_out"])
    kept = best if patience else history[-1]
    assert (status.kept_round, status.held_out) == (kept["round"], kept["held_out"])
    assert best["round"] < history[-1]["round"]  # so that the two differ
    _finished(run.directory)[1]()
    said = capsys.readouterr().out
    assert f"held-out loss {kept['held_out']:.5g} of the state kept, round {kept['round']}" in said
