"""Directions, rotations and compositions from rows to samples, like any other column."""

import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import pytest
from scipy.stats import dirichlet

import energeia
from energeia._core.errors import InputError
from energeia.data.named.directions import vmf
from energeia.recipes.catalogue import RECIPES, unsupported_reason
from energeia.runs import DataConfig
from energeia.support import CURVED, Rotation, Simplex, Sphere, Support

TINY = {"training": {"rounds": 4, "check_every": 2, "batch": 32, "checkpoint_every": 2}}


def directions_with_energies(count=400):
    x = vmf("vmf", count).draw(3, count)
    return np.column_stack([x, np.exp(0.3 * np.random.default_rng(0).normal(size=count) + x[:, 2])])


def test_a_flow_takes_directions_beside_numbers_and_goes_on_bit_for_bit(tmp_path):
    rows = directions_with_energies()
    reading = DataConfig(spec="", support="0-2: sphere; 3: positive")
    run = energeia.fit(
        rows, "spline-flow", reading=reading, options=TINY | {"layers": 1}, quiet=True,
        out=tmp_path / "run",
    )  # fmt: skip
    drawn, written = run.sample(50), (run.path / "metrics.jsonl").read_bytes()
    assert drawn.shape == (50, 4)
    assert np.max(np.abs(np.linalg.norm(drawn[:, :3], axis=1) - 1)) < 1e-12
    run.problem.support.check(drawn)
    for path in run.directory.checkpoints.glob("*4.*"):
        path.unlink()
    status = msgspec.structs.replace(run.directory.status, state="interrupted")
    run.directory.write("status.json", status)
    energeia.resume(run.path, quiet=True)
    again = energeia.load(run.path)
    assert (run.path / "metrics.jsonl").read_bytes() == written
    assert np.array_equal(again.sample(50), drawn)
    log_p = again.log_prob(drawn)
    # The model in the user's units agrees.
    one = jax.jit(jax.vmap(run.model.log_prob))(jnp.asarray(drawn[:3], float))
    np.testing.assert_allclose(one, log_p[:3], atol=1e-3)
    with pytest.raises(InputError, match="columns 0-2, row 0 hold"):
        again.log_prob(1.1 * drawn)


def test_recipes_that_do_not_know_directions_refuse_them_by_name():
    for factor in (Sphere(2), Rotation()):
        assert factor.name in CURVED
        fitting = [
            name for name, r in RECIPES.items() if not unsupported_reason(r, Support.of([factor]))
        ]
        assert fitting == ["spline-flow"]
    with pytest.raises(InputError, match=r"does not model sphere columns: choose from spline-flow"):
        energeia.fit("vmf:n=100", "made", quiet=True)


@pytest.mark.parametrize("recipe", ["vae", "ebm"])
def test_compositions_are_modeled_by_their_log_ratios_everywhere(recipe, tmp_path):
    rows = np.random.default_rng(0).dirichlet([2.0, 3.0, 5.0], 300)
    reading = DataConfig(spec="", support="*: simplex")
    options = TINY | ({"anneal": 10, "steps": 10} if recipe == "ebm" else {})
    run = energeia.fit(
        rows, recipe, reading=reading, options=options, quiet=True, out=tmp_path / "run"
    )
    drawn = energeia.load(run.path).sample(20)
    assert drawn.shape == (20, 3)
    run.problem.support.check(drawn)


def error_of_mean(values):
    return values.std() / np.sqrt(len(values))


def test_the_density_of_a_composition_is_that_of_its_first_parts(tmp_path):
    """Importance weights of a Dirichlet density have mean one; without the Jacobian, not."""
    alpha = [2.0, 3.0, 5.0]
    rows = np.random.default_rng(0).dirichlet(alpha, 4000)
    options = {"training": {"rounds": 150, "check_every": 50, "batch": 128}, "layers": 4}
    run = energeia.fit(
        rows, "realnvp", reading=DataConfig(spec="", support="*: simplex"),
        options=options, quiet=True, out=tmp_path / "run",
    )  # fmt: skip
    x = run.sample(4000)
    log_q, log_p = run.log_prob(x), dirichlet(alpha).logpdf(x.T)
    weights = np.exp(log_p - log_q)
    assert abs(weights.mean() - 1) < 4 * error_of_mean(weights)
    assert np.mean(log_q - log_p) < 0.05
    without = np.exp(log_p - (log_q + np.sum(np.log(x), axis=1)))
    assert abs(without.mean() - 1) > 10 * error_of_mean(without)
    np.testing.assert_allclose(
        jax.jit(jax.vmap(run.model.log_prob))(jnp.asarray(x[:3], float)), log_q[:3], atol=1e-3,
    )  # fmt: skip
    assert run.problem.support == Support.of([Simplex(2)])


def test_rotations_are_the_same_for_both_signs(tmp_path):
    q = np.random.default_rng(0).normal(size=(300, 4)) + np.array([3, 0, 0, 0])
    q /= np.linalg.norm(q, axis=1, keepdims=True)
    q *= np.random.default_rng(1).choice([-1, 1], (300, 1))
    run = energeia.fit(
        q, "spline-flow", reading=DataConfig(spec="", support="*: rotation"),
        options=TINY | {"layers": 1}, quiet=True, out=tmp_path / "run",
    )  # fmt: skip
    np.testing.assert_allclose(run.log_prob(q), run.log_prob(-q), atol=1e-4)
    assert np.all(run.sample(50)[:, 0] >= 0)


def test_a_flow_trained_on_an_energy_of_directions_knows_its_partition_function(tmp_path):
    kappa = 3.0
    target = energeia.energy(lambda x: -kappa * (0.6 * x[0] + 0.8 * x[2]), 3, "0-2: sphere")
    options = {"layers": 1, "training": {"rounds": 100, "batch": 128, "check_every": 50}}
    run = energeia.fit(target, "spline-flow", options=options, quiet=True, out=tmp_path / "run")
    found = run.evaluate().target[0]
    truth = np.log(4 * np.pi * np.sinh(kappa) / kappa)
    assert abs(found.log_partition.value - truth) < 4 * found.log_partition.stderr
    assert found.log_partition.stderr < 0.02
    assert abs(np.log(4 * np.pi) - truth) > 0.5  # the control: a uniform density


def test_conditions_and_discrete_columns_stand_beside_directions(tmp_path):
    rows = directions_with_energies()
    flag = (rows[:, 2] > 0).astype(float)
    run = energeia.fit(
        np.column_stack([rows, flag]), "spline-flow",
        reading=DataConfig(spec="", support="0-2: sphere; 3: binary(0,1)", condition=("3",)),
        options=TINY | {"layers": 1}, quiet=True, out=tmp_path / "run",
    )  # fmt: skip
    drawn = run.sample(20, condition=[1.5])
    assert drawn.shape == (20, 4)
    run.problem.support.check(drawn)
