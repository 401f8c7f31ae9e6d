"""Runs on columns in any unit: the same model, seen in the user's numbers."""

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np
import pytest

import energeia
from energeia._core.errors import InputError
from energeia.cli.main import main
from energeia.evaluation.budget import EvaluationBudget
from energeia.runs.opening import open_rows
from energeia.runs.storage.config import DataConfig

TRAINING = {"rounds": 40, "check_every": 20, "batch": 64, "mode": "step"}
SHORT = {"width": 16, "depth": 1, "orders": 1, "training": TRAINING}
LITTLE = EvaluationBudget(rows=100, permutations=19)


def plane(count=400):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 2))
    return x @ np.array([[1.0, 0.5], [0.0, 0.3]]) + 0.1


def fit(folder, name, rows, recipe="made", options=SHORT, **data):
    np.save(folder / f"{name}.npy", rows)
    config = DataConfig(spec=str(folder / f"{name}.npy"), **data)
    return energeia.fit(config, recipe, out=folder / name, options=options, quiet=True)


def test_a_change_of_units_changes_nothing_else(tmp_path):
    """One column in units of any size, and one far from its origin."""
    x = plane()
    factor, offset = np.array([1.67e-27, 1e-3]), np.array([0.0, 1e9])
    plain = fit(tmp_path, "plain", x)
    run = fit(tmp_path, "run", factor * x + offset)
    jacobian = np.sum(np.log(factor))
    rows = factor * x[:50] + offset
    # The host standardizes to the same float32 up to its rounding, and that of the offset.
    slack = 1e-4 * abs(jacobian)
    np.testing.assert_allclose(run.log_prob(rows) + jacobian, plain.log_prob(x[:50]), atol=slack)
    held, other = (r.directory.history()[-1]["held_out"] for r in (run, plain))
    assert abs(held - jacobian - other) < slack
    drawn = run.sample(100, seed=3)
    assert drawn.dtype == np.float64
    np.testing.assert_allclose((drawn - offset) / factor, plain.sample(100, seed=3), atol=0.01)
    assert np.all(np.isfinite(run.log_prob(drawn)))
    found = run.evaluate(budget=LITTLE).log_likelihood
    test = open_rows(DataConfig(spec=str(tmp_path / "plain.npy"))).test.x
    assert found.n == len(test)
    assert abs(found.value + jacobian - np.mean(plain.log_prob(test))) < slack
    kept = run.directory.load_rows("samples.npy")
    assert kept.dtype == np.float64
    deviations = np.std((kept - offset) / factor, axis=0) / np.std(x, axis=0)
    assert np.all((deviations > 0.2) & (deviations < 5))


def test_positive_columns_and_intervals_go_by_their_links_in_float64(tmp_path):
    x = plane()
    rows = np.column_stack([1e-200 * np.exp(x[:, 0]), 1 - 1e-9 * (1 + np.exp(x[:, 1]))])
    run = fit(tmp_path, "run", rows, support="0:positive; 1:interval(0,1)")
    drawn = run.sample(300, seed=1)
    run.problem.support.check(drawn)
    assert abs(np.mean(np.log(drawn[:, 0])) + 200 * np.log(10)) < 2
    assert np.all(1 - drawn[:, 1] < 1e-6)
    assert np.all(np.isfinite(run.log_prob(drawn)))
    # log p(x) = log q(z) + log |dz/dx|, whose slopes are those of the links.
    standardization = run.problem.standardization
    z = jnp.asarray(standardization.encode(rows[:5]), float)
    scale = np.array(standardization.scale)
    slopes = (
        -np.log(rows[:5, 0]) - np.log(rows[:5, 1]) - np.log(1 - rows[:5, 1]) - np.sum(np.log(scale))
    )
    bare = jax.tree.map(
        lambda node: type(node)(node.support, node.location, node.scale)
        if hasattr(node, "host") else node,
        run.standardized_model, is_leaf=lambda node: hasattr(node, "host"),
    )  # fmt: skip
    standard = eqx.filter_jit(lambda model, z: jax.vmap(model.log_prob)(z))(bare, z)
    np.testing.assert_allclose(run.log_prob(rows[:5]), standard + slopes, rtol=1e-5)


@jax.jit
def logs_and_draws(model, rows, key):
    """What the model itself says, outside of its run."""
    return jax.vmap(model.log_prob)(rows), jax.vmap(model.sample)(jax.random.split(key, 200))


def test_the_model_taken_apart_is_in_the_users_units_and_its_scales_are_kept(tmp_path):
    x = plane()
    run = fit(tmp_path, "run", 1e-3 * x + 2.0)
    rows = 1e-3 * x[:20] + 2.0
    inside, drawn = logs_and_draws(run.model, jnp.asarray(rows, float), jax.random.key(0))
    np.testing.assert_allclose(inside, run.log_prob(rows), atol=0.05)
    np.testing.assert_allclose(np.mean(drawn, axis=0), 2.0, atol=1e-3)
    kept = run.problem
    assert kept == energeia.load(run.path).problem
    assert len(kept.scale) == 2
    # As if another version measured scales in another way: a resumed run keeps those on disk.
    directory = run.directory
    directory.write("problem.json", msgspec.structs.replace(kept, scale=(7.0, 9.0)))
    status = msgspec.structs.replace(directory.status, state="interrupted")
    directory.write("status.json", status)
    energeia.resume(run.path, quiet=True)
    assert run.directory.problem.scale == (7.0, 9.0)


def diabetes_like(count=400):
    """Two float alphabets, as in standardized tables of sex and ward, beside a real column."""
    rng = np.random.default_rng(0)
    sex = rng.choice([-0.044641636506989144, 0.0506801187398187], count)
    ward = rng.choice([0.1, 0.2, 0.1 + 0.2], count)
    return np.column_stack([sex, ward, rng.normal(size=count) + 10 * sex])


def test_float_alphabets_are_drawn_exactly_and_accepted_again(tmp_path):
    rows = diabetes_like()
    low, high = (float(v) for v in np.unique(rows[:, 0]))
    support = f"0:binary({low!r},{high!r}); 1:categorical(0.1,0.2,{0.1 + 0.2!r})"
    run = fit(tmp_path, "run", rows, support=support)
    drawn = run.sample(100, seed=1)
    assert set(drawn[:, 0]) <= set(rows[:, 0])
    assert set(drawn[:, 1]) <= set(rows[:, 1])
    assert np.all(np.isfinite(run.log_prob(drawn)))
    assert np.all(np.isfinite(run.log_prob(drawn.astype(np.float32))))
    for path in (tmp_path / "drawn.npy", tmp_path / "drawn.csv"):
        for command in (
            ["sample", str(run.path), "-n", "100", "-o", str(path)],
            ["score", str(run.path), str(path)],
        ):
            with pytest.raises(SystemExit) as ended:
                main(command)
            assert ended.value.code == 0


def conditional_rows(count=400):
    """A real column that depends on a class 0, 1 or 3 and on a temperature of order 1e-23."""
    rng = np.random.default_rng(0)
    phase = rng.choice([0.0, 1.0, 3.0], count)
    heat = rng.uniform(1e-23, 2e-23, count)
    return np.column_stack([phase + 1e23 * heat * rng.normal(size=count), phase, heat])


@pytest.fixture(scope="module")
def conditional(tmp_path_factory):
    rows = conditional_rows()
    longer = SHORT | {"training": TRAINING | {"rounds": 200, "check_every": 100}}
    folder = tmp_path_factory.mktemp("conditional")
    return fit(folder, "run", rows, options=longer, condition=("1", "2"))


@pytest.mark.parametrize(
    ("condition", "reason"),
    [
        ([np.nan, 1e-23], "NaN or infinity"),
        ([1.0, np.inf], "NaN or infinity"),
        ([2.0, 1e-23], "x1 was given as 2.*0, 1, 3"),
    ],
)
def test_conditions_that_mean_nothing_are_refused(condition, reason, conditional):
    for ask in (
        lambda: conditional.sample(3, condition=condition),
        lambda: conditional.log_prob(np.zeros((2, 1)), condition),
        lambda: conditional.score(np.zeros((2, 1)), condition),
    ):
        with pytest.raises(InputError, match=reason):
            ask()


def test_a_quantity_beyond_its_range_is_warned_of(conditional, caplog):
    assert np.all(np.isfinite(conditional.sample(3, condition=[1.0, 1.5e-23])))
    assert not caplog.records
    conditional.sample(3, condition=[1.0, 9e-23])
    assert "x2 = 9e-23 lies outside" in caplog.text


def test_conditions_of_any_size_tell_rows_apart(conditional):
    slow = conditional.sample(400, condition=[3.0, 1.2e-23])
    fast = conditional.sample(400, condition=[0.0, 1.2e-23])
    assert np.mean(slow) - np.mean(fast) > 0.5
