"""The stack of a comparison on disk: exact models mixed, loaded without their folders."""

import shutil

import jax
import numpy as np
from scipy.special import logsumexp

import energeia
from energeia.runs.loading import load
from energeia.runs.opening import open_rows
from energeia.runs.stacking import stack

TINY = {"width": 8, "depth": 1, "components": 4, "orders": 2, "octaves": 1,
        "training": {"rounds": 40, "check_every": 20, "batch": 64}}  # fmt: skip


def test_a_stack_is_the_mixture_of_its_members_and_needs_their_folders_no_more(tmp_path):
    """Members of different classes, one of two networks; rows whose columns are standardized."""
    rng = np.random.default_rng(2)
    rows = np.stack([10 + rng.gamma(2.0, size=300), rng.normal(size=300)], axis=1)
    np.save(tmp_path / "rows.npy", rows)
    data = str(tmp_path / "rows.npy")
    runs = [
        energeia.fit(data, "mixture", out=tmp_path / "mixture", options={"components": 2},
                     quiet=True),
        energeia.fit(data, "made", out=tmp_path / "made", options=TINY, quiet=True),
    ]  # fmt: skip
    opened = open_rows(runs[0].config.rows)
    assert stack(tmp_path / "alone", [runs[0].directory], opened) is None
    made = stack(tmp_path / "stack", [run.directory for run in runs], opened)
    members = np.stack([run.log_prob(rows[:50]) for run in runs])
    for run in runs:
        shutil.rmtree(run.path)
    found = load(made.path)
    weights = np.exp(np.asarray(found.standardized_model.log_weights.array, np.float64))
    assert abs(weights.sum() - 1) < 1e-5
    assert found.directory.status.state == "finished"
    wanted = logsumexp(members + np.log(weights)[:, None], axis=0)
    np.testing.assert_allclose(found.log_prob(rows[:50]), wanted, atol=2e-4)
    # In the validation rows themselves the mixture is no worse than the better member.
    held = -found.directory.status.held_out + 1 / len(opened.valid.x)
    best = max(np.mean(run_scores) for run_scores in _scores(found, opened))
    assert held > best - 0.02
    assert found.sample(20, seed=1).shape == (20, 2)


def _scores(found, opened):
    """The validation rows under each member of a loaded stack."""
    rows = found.problem.standardization.encode(np.asarray(opened.valid.x)).astype(np.float32)
    for member in found.standardized_model.members:
        yield np.asarray(jax.jit(jax.vmap(member.log_prob))(rows))
