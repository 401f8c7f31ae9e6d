"""The numbers that stand for conditions, and a run conditioned on a label and an angle."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia import fit
from energeia._core.errors import InputError
from energeia.conditions import (
    ConditionColumn,
    check_conditions,
    condition_columns,
    condition_features,
)
from energeia.data.sources import open_data
from energeia.runs.storage.config import DataConfig
from energeia.support import Circle, Positive, Real


def test_labels_have_indicators_and_quantities_have_none():
    rows = np.array([[3.0, 0.0, 0.5], [7.0, 1.0, 1.5], [4.0, 1.0, 2.5], [3.0, 0.0, 3.5]])
    columns = condition_columns(rows, ("class", "side", "energy"))
    assert [c.width for c in columns] == [4, 1, 1]
    seen = condition_features(columns, rows)
    np.testing.assert_array_equal(seen[:, 1:4], [[1, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0]])
    np.testing.assert_allclose(seen[:, [0, 4, 5]].mean(axis=0), 0.0, atol=1e-15)
    np.testing.assert_allclose(seen[:, [0, 4, 5]].std(axis=0), 1.0)
    traced = jax.jit(lambda c: condition_features(columns, c))(jnp.asarray(rows, jnp.float32))
    np.testing.assert_allclose(traced, seen, rtol=1e-6, atol=1e-6)


def test_declared_conditions_go_through_their_chart():
    rows = np.array([[1.0, 350.0], [10.0, 10.0], [100.0, 180.0]])
    columns = condition_columns(rows, ("t", "phi"), (Positive(), Circle(0.0, 360.0)))
    seen = condition_features(columns, rows)
    np.testing.assert_allclose(seen[:, 0], [-np.sqrt(1.5), 0.0, np.sqrt(1.5)], atol=1e-12)
    # 350 and 10 degrees are near, as their distance of 340 is not.
    assert np.linalg.norm(seen[0, 1:] - seen[1, 1:]) < 0.35
    with pytest.raises(InputError, match="condition t was given as -1, which is not positive"):
        check_conditions(columns, np.array([[-1.0, 0.0]]))
    whole = np.arange(5.0)[:, None]
    assert condition_columns(whole, ("n",), (Real(),))[0].labels == ()


def test_a_record_without_factors_is_a_number_as_before():
    old = ConditionColumn(name="c", low=0, high=2, location=1.0, scale=2.0, labels=(0.0, 1.0, 2.0))
    np.testing.assert_array_equal(condition_features((old,), np.array([[2.0]])), [[0.5]])


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """Rows around a point that depends on a label and an angle in degrees."""
    rng = np.random.default_rng(0)
    label, angle = rng.choice([2.0, 5.0, 9.0], 600), rng.uniform(0, 360, 600)
    x = np.array([1.0, -2.0, 1.0])[np.searchsorted([2, 5, 9], label)]
    x = x + np.cos(np.deg2rad(angle)) + 0.1 * rng.standard_normal(600)
    path = tmp_path_factory.mktemp("table") / "rows.csv"
    columns = np.column_stack([x, rng.standard_normal(600), label, angle])
    np.savetxt(path, columns, delimiter=",", header="x,y,label,angle", comments="")
    return str(path)


def test_conditions_are_declared_by_name(table):
    given = ("label", "angle")
    data = open_data(table, condition_columns=given, support="*: real; angle: circle(0,360)")
    assert str(data.support) == "0-1: real"
    assert str(data.condition_support) == "0: categorical(2,5,9), 1: circle(0,360)"
    with pytest.raises(InputError, match=r"condition angle holds .* where circle"):
        open_data(table, condition_columns=given, support="angle: circle(0,90)")
    with pytest.raises(InputError, match="columns '2' were named"):
        open_data(table, condition_columns=given, support="2: positive")


def test_a_run_sees_the_features(table, tmp_path):
    config = DataConfig(spec=table, condition=("label", "angle"), support="angle: circle(0,360)")
    options = {"width": 16, "depth": 1, "training": {"rounds": 40, "check_every": 20}}
    run = fit(config, "made", out=tmp_path / "run", options=options, quiet=True)
    x = np.array([[0.3, 0.1], [-1.0, 0.5], [1.5, -0.5]])
    first, last, middle = (
        run.log_prob(x, condition=np.column_stack([[2.0, 5.0, 9.0], [a] * 3]))
        for a in (0.0, 360.0, 180.0)
    )
    np.testing.assert_allclose(first, last, rtol=1e-5)
    assert np.min(np.abs(first - middle)) > 1e-3
    # The model in the user's units takes conditions in the user's units, too.
    model = run.model
    assert model.condition_shape == (2,)
    condition = jnp.asarray([[2.0, 0.0], [5.0, 0.0], [9.0, 0.0]])
    own = jax.jit(jax.vmap(model.log_prob))(jnp.asarray(x, jnp.float32), condition)
    np.testing.assert_allclose(own, first, rtol=1e-4, atol=1e-4)
    with pytest.raises(InputError, match="label was given as 3, which no training row has"):
        run.log_prob(x[:1], condition=[3.0, 0.0])
