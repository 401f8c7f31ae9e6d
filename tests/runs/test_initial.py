"""A run starts from the arrays of another one: what fits is copied, the rest is named."""

import shutil

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file

from energeia._core.errors import InputError
from energeia._core.trees import leaf_names
from energeia.physics.lattice.free_field import FreeField
from energeia.report.gather import report_runs
from energeia.runs.initial import INITIAL_FILE
from energeia.runs.loading import load
from energeia.runs.storage import checkpoint
from energeia.runs.storage.directory import RunDirectory
from energeia.runs.verbs import fit, resume

MASS2 = 0.5
BAR = 0.6
"""KL of a flow on 8 x 8 sites from the truth, nats a configuration; 7.04 without couplings."""
SMALL = {"channels": 4, "depth": 1, "layers": 4, "optimization": {"learning_rate": 0.01}}
NONE = {"rounds": 1, "check_every": 1, "average": 0.0}


def options(**training):
    return {**SMALL, "training": {"batch": 64, "average": 0.9, **training}}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A flow trained on the field of width 4."""
    return fit(
        f"free-field:L=4,mass2={MASS2},n=4000", "realnvp", out=tmp_path_factory.mktemp("a") / "run",
        options=options(rounds=240, check_every=60), quiet=True,
    )  # fmt: skip


def test_a_field_flow_starts_from_a_smaller_lattice_far_below_a_fresh_one(small, tmp_path, capsys):
    wide = f"free-field:L=8,mass2={MASS2},n=2000"
    slow = {"learning_rate": 1e-4}
    once = {**options(rounds=2, check_every=2, batch=32), "optimization": slow}
    settings = {"options": once, "quiet": True}
    started = fit(wide, "realnvp", out=tmp_path / "started", init=small, **settings)
    said = capsys.readouterr().err
    assert f"arrays start as those of {small.path}; of another shape: " in said
    assert "mask (4, 8, 8) for (4, 4, 4)" in said
    assert started.config.init == str(small.path)
    fresh = fit(wide, "realnvp", out=tmp_path / "fresh", **settings)
    field = FreeField(8, MASS2)
    x = field.draw(seed=1, count=1000).reshape(1000, -1)
    gaps = [field.log_probs(x) - run.log_prob(x) for run in (started, fresh)]
    kl, error = ([f(g) for g in gaps] for f in (np.mean, lambda g: g.std() / len(g) ** 0.5))
    assert kl[0] > -4 * error[0]  # no density is closer to the truth than itself
    assert kl[0] + 4 * error[0] < BAR < kl[1] - 4 * error[1]
    # Control: a Gaussian without couplings between the sites, of the exact variance.
    variance = field.correlations[0, 0]
    diagonal = 32 * np.log(2 * np.pi * np.e * variance) - field.entropy
    assert diagonal > 10 * BAR


def test_a_started_run_is_resumed_bit_for_bit_without_the_other(small, tmp_path):
    other, source = tmp_path / "other", f"free-field:L=4,mass2={MASS2},n=1000"
    shutil.copytree(small.path, other)
    settings = options(rounds=8, check_every=2, batch=32, checkpoint_every=2)
    whole = fit(source, "realnvp", out=tmp_path / "whole", init=other, options=settings, quiet=True)
    shutil.copytree(whole.path, tmp_path / "cut")
    shutil.copytree(whole.path, tmp_path / "blank")
    shutil.rmtree(other)
    for path in (tmp_path / "cut", tmp_path / "blank"):
        last = sorted((path / "checkpoints").iterdir())
        for file in last if path.name == "blank" else last[2:]:
            file.unlink()
        assert RunDirectory(path).status.state == "interrupted"
        again = resume(path, quiet=True)
        history = [(run.path / "metrics.jsonl").read_bytes() for run in (whole, again)]
        assert history[0] == history[1]


def test_copied_arrays_are_those_that_the_other_run_kept(small, tmp_path):
    run = fit(
        f"free-field:L=4,mass2={MASS2},n=1000", "realnvp", out=tmp_path / "run", init=small.path,
        options={**SMALL, "training": NONE}, precision=64, quiet=True,
    )  # fmt: skip
    kept = checkpoint.load_last(small.directory.checkpoints).kept
    copied = load_file(run.path / INITIAL_FILE)
    assert set(copied) == set(kept)
    assert all(np.array_equal(copied[name], kept[name]) for name in kept)
    model = jax.tree.leaves(load(run.path).standardized_model)
    assert all(a.dtype != np.float32 for a in model if hasattr(a, "dtype"))
    assert len(leaf_names(run.standardized_model)) == len(kept)
    report_runs([run.directory], tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert f"started from <code>{small.path}</code>" in page


def test_another_recipe_is_named_and_what_cannot_start_a_run_is_refused(small, tmp_path, capsys):
    source = f"free-field:L=4,mass2={MASS2},n=200"
    spline = {**SMALL, "bins": 2, "training": NONE}
    fit(source, "spline-flow", out=tmp_path / "spline", init=small, options=spline, quiet=True)
    assert "by another recipe, realnvp" in capsys.readouterr().err
    with pytest.raises(InputError, match=r"no array of .* name and shape"):
        fit(source, "made", out=tmp_path / "made", init=small, quiet=True)
    with pytest.raises(InputError, match="holds no run"):
        fit(source, "realnvp", out=tmp_path / "none", init=tmp_path / "nothing", quiet=True)
    assert not (tmp_path / "made").exists()
    with pytest.raises(InputError, match=r"init= was given with a model="):
        fit(np.zeros((20, 2)), model=object(), init=small)
