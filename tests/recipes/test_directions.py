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
from energeia.support import CURVED, Rotation, Simplex, SpecialUnitary, Sphere, Support

STEPS = {"mode": "step", "average": 0.0}  # the programs that compile fastest
TINY = {"rounds": 4, "check_every": 2, "batch": 32, "checkpoint_every": 2} | STEPS
FLOW = {"layers": 1, "bins": 4, "octaves": 1, "width": 8, "depth": 1}


def test_a_flow_takes_directions_in_any_company_and_goes_on_bit_for_bit(tmp_path):
    """Directions beside a positive number and a code, given a condition."""
    rng = np.random.default_rng(0)
    x = vmf("vmf", 400).draw(3, 400)
    noise = rng.normal(size=400)
    rows = np.column_stack([x, np.exp(0.3 * noise + x[:, 2]), x[:, 2] > 0, noise])
    reading = DataConfig(
        spec="", support="0-2: sphere; 3: positive; 4: binary(0,1)", condition=("5",)
    )
    run = energeia.fit(
        rows, "spline-flow", reading=reading, options=FLOW | {"training": TINY}, quiet=True,
        out=tmp_path / "run",
    )  # fmt: skip
    drawn = run.sample(50, condition=[0.5])
    written = (run.path / "metrics.jsonl").read_bytes()
    assert drawn.shape == (50, 5)
    assert np.max(np.abs(np.linalg.norm(drawn[:, :3], axis=1) - 1)) < 1e-12
    run.problem.support.check(drawn)
    for path in run.directory.checkpoints.glob("*4.*"):
        path.unlink()
    status = msgspec.structs.replace(run.directory.status, state="interrupted")
    run.directory.write("status.json", status)
    energeia.resume(run.path, quiet=True)
    again = energeia.load(run.path)
    assert (run.path / "metrics.jsonl").read_bytes() == written
    assert np.array_equal(again.sample(50, condition=[0.5]), drawn)
    log_p = again.log_prob(drawn, [0.5])
    # The model in the user's units agrees.
    one = jax.jit(jax.vmap(run.model.log_prob, (0, None)))(
        drawn[:3].astype("f4"), np.array([0.5], "f4")
    )
    np.testing.assert_allclose(one, log_p[:3], atol=1e-3)
    with pytest.raises(InputError, match="columns 0-2, row 0 hold"):
        again.log_prob(drawn * [1.1, 1.1, 1.1, 1.0, 1.0], [0.5])


def test_recipes_that_do_not_know_directions_refuse_them_by_name():
    for factor, knowing in {
        Sphere(2): ["spline-flow"],
        Rotation(): ["spline-flow"],
        SpecialUnitary(3): [],
    }.items():
        assert factor.name in CURVED
        fitting = [
            name for name, r in RECIPES.items() if not unsupported_reason(r, Support.of([factor]))
        ]
        assert fitting == knowing
    with pytest.raises(InputError, match=r"does not model sphere columns: choose from spline-flow"):
        energeia.fit("vmf:n=100", "made", quiet=True)


@pytest.mark.parametrize(
    ("recipe", "options"),
    [
        ("vae", {"latent": 2, "width": 8, "depth": 0}),
        (
            "ebm",
            {"width": 8, "depth": 0, "octaves": 0, "chains": 32, "moves": 1}
            | {"anneal": 10, "steps": 10},
        ),
    ],
    ids=["vae", "ebm"],
)
def test_compositions_are_modeled_by_their_log_ratios_everywhere(recipe, options, tmp_path):
    rows = np.random.default_rng(0).dirichlet([2.0, 3.0, 5.0], 300)
    reading = DataConfig(spec="", support="*: simplex")
    options = options | {"training": TINY}
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
    training = {"rounds": 150, "check_every": 50, "batch": 128} | STEPS
    options = {"layers": 2, "width": 32, "depth": 1, "training": training}
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
        options=FLOW | {"training": TINY}, quiet=True, out=tmp_path / "run",
    )  # fmt: skip
    np.testing.assert_allclose(run.log_prob(q), run.log_prob(-q), atol=1e-4)
    assert np.all(run.sample(50)[:, 0] >= 0)


def test_a_flow_trained_on_an_energy_of_directions_knows_its_partition_function(tmp_path):
    kappa = 3.0
    target = energeia.energy(lambda x: -kappa * (0.6 * x[0] + 0.8 * x[2]), 3, "0-2: sphere")
    options = FLOW | {"training": {"rounds": 100, "check_every": 50, "batch": 128} | STEPS}
    run = energeia.fit(target, "spline-flow", options=options, quiet=True, out=tmp_path / "run")
    found = run.evaluate().target[0]
    truth = np.log(4 * np.pi * np.sinh(kappa) / kappa)
    assert abs(found.log_partition.value - truth) < 4 * found.log_partition.stderr
    assert found.log_partition.stderr < 0.02
    assert abs(np.log(4 * np.pi) - truth) > 0.5  # the control: a uniform density
