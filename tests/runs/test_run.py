"""A run in Python: the verbs of the command line are methods, and say the same."""

import numpy as np
import pytest

import energeia
from energeia._core.errors import InputError
from energeia.evaluation.budget import EvaluationBudget

BUDGET = EvaluationBudget(rows=200, permutations=19)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    options = {"training": {"rounds": 50, "check_every": 50, "batch": 64}}
    out = tmp_path_factory.mktemp("runs") / "made"
    return energeia.fit("moons:n=400", "made", out=out, options=options, quiet=True)


def test_an_evaluation_is_returned_and_kept(run):
    found = run.evaluate(budget=BUDGET)
    assert found.log_likelihood.kind == "exact"
    assert run.directory.evaluation == found
    assert found.two_sample == energeia.evaluate(run, budget=BUDGET).two_sample


def test_other_data_are_judged_and_refused_when_they_do_not_fit(run, tmp_path):
    own = run.evaluate(budget=BUDGET).log_likelihood
    path = tmp_path / "far.npy"
    np.save(path, np.random.default_rng(0).normal(5.0, 1.0, (300, 2)))
    far = run.evaluate(str(path), budget=BUDGET).log_likelihood
    assert far.value < own.value - 4 * (own.stderr + far.stderr)
    np.save(path, np.zeros((300, 3)))
    with pytest.raises(InputError, match="rows of shape \\(3,\\)"):
        run.evaluate(str(path), budget=BUDGET)
