"""Runs of 64 bits: in training, on disk, and in everything that is asked of them."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import energeia
from energeia._core.precision import each_in_precision, use_precision
from energeia.cli.main import main
from energeia.runs.storage.config import from_toml, to_toml

TINY = {"training": {"rounds": 4, "check_every": 2, "batch": 32, "checkpoint_every": 2}}
SMALL = {
    "realnvp": {"layers": 2, "width": 8, "depth": 1},
    "gan": {"latent": 2, "width": 8, "octaves": 1},
    "ebm": {
        "width": 8, "depth": 1, "octaves": 1, "chains": 8, "moves": 1, "anneal": 2, "steps": 2
    },
    "rbm": {"hidden": 4, "chains": 8, "anneal": 2, "steps": 2},
    "povm-compact": {"width": 8},
}  # fmt: skip
"""Recipes of several families and kinds of networks, on real columns or on spins."""


def fit(folder, recipe, source, precision=64):
    options = SMALL[recipe] | TINY
    return energeia.fit(
        source, recipe, out=folder / recipe, options=options, quiet=True, precision=precision
    )


@pytest.fixture(scope="module")
def flow(tmp_path_factory):
    return fit(tmp_path_factory.mktemp("runs"), "realnvp", "moons:n=200")


def floats(tree):
    return {str(leaf.dtype) for leaf in jax.tree.leaves(tree) if jnp.issubdtype(leaf.dtype, float)}


@eqx.filter_jit
def round_trip_error(bijection, y):
    back = jax.vmap(lambda v: bijection.inverse(bijection.forward(v)[0])[0])(y)
    return jnp.max(jnp.abs(back - y))


def test_a_round_trip_of_a_flow_is_exact_to_1e_12(flow):
    inner = flow.model.inner.bijection
    y = np.random.default_rng(0).normal(size=(50, 2))
    with use_precision(64):
        assert round_trip_error(inner, y) < 1e-12
        rough = jax.tree.map(
            lambda leaf: leaf.astype(np.float32) if leaf.dtype == np.float64 else leaf,
            jax.tree.map(np.asarray, inner),
        )
        assert round_trip_error(rough, y.astype(np.float32)) > 1e-9


def test_a_run_answers_with_the_bits_it_was_trained_with(flow):
    again = energeia.load(flow.path)
    assert again.config.precision == 64
    assert floats(again.standardized_model) == {"float64"}
    drawn = again.sample(20, seed=1)
    assert again.log_prob(drawn).dtype == np.float64
    np.testing.assert_array_equal(drawn, flow.sample(20, seed=1))
    np.testing.assert_allclose(again.score(drawn).rows, again.log_prob(drawn), rtol=1e-12)
    assert jnp.zeros(1).dtype == jnp.float32, "the precision of the session is as it was"


def test_a_resumed_run_goes_on_in_64_bits(flow, tmp_path):
    run = fit(tmp_path, "realnvp", "moons:n=200")
    directory = run.directory
    whole = (run.path / "metrics.jsonl").read_bytes()
    for path in directory.checkpoints.glob("*4.*"):
        path.unlink()
    directory.write("status.json", {**vars_of(directory.status), "state": "interrupted"})
    energeia.resume(run.path, quiet=True)
    assert (run.path / "metrics.jsonl").read_bytes() == whole


def vars_of(record):
    return {name: getattr(record, name) for name in record.__struct_fields__}


@pytest.mark.parametrize(
    ("recipe", "source"),
    [
        ("gan", "moons:n=200"),
        ("ebm", "moons:n=200"),
        ("rbm", "ising:L=3,n=200"),
        ("povm-compact", "ising:L=3,n=200"),
    ],
)
def test_recipes_train_in_64_bits(recipe, source, tmp_path):
    run = fit(tmp_path, recipe, source)
    assert floats(run.standardized_model) == {"float64"}
    assert np.all(np.isfinite(run.sample(4, seed=0)))


def test_the_command_line_takes_a_precision_in_which_made_is_trained(tmp_path):
    out = str(tmp_path / "run")
    words = ["fit", "moons:n=200", "made", "--out", out, "--precision", "64", "--json"]
    words += ["--width", "8", "--depth", "1", "--orders", "1", "--components", "2"]
    words += ["--training.rounds", "2", "--training.mode", "step"]
    words += ["--training.check-every", "2", "--training.batch", "32"]
    with pytest.raises(SystemExit) as ended:
        main(words)
    assert ended.value.code == 0
    run = energeia.load(out)
    assert run.config.precision == 64
    assert floats(run.standardized_model) == {"float64"}
    assert np.all(np.isfinite(run.sample(4, seed=0)))


def test_a_configuration_without_a_precision_is_of_32_bits(flow):
    text = to_toml(flow.config)
    assert "precision = 64" in text
    assert from_toml(text, "config.toml") == flow.config
    old = text.replace("precision = 64\n", "")
    assert from_toml(old, "config.toml").precision == 32


def test_items_are_made_in_a_precision_that_is_left_between_them():
    made = (jnp.zeros(1).dtype for _ in range(2))
    seen = [(item, jnp.zeros(1).dtype) for item in each_in_precision(64, made)]
    assert seen == [(jnp.float64, jnp.float32)] * 2
