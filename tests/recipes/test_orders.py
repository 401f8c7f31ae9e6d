"""Orders of autoregressive models: what names mean, and that any order is exact."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import energeia
from energeia.errors import InputError
from energeia.recipes.options.problem import Problem
from energeia.recipes.orders import column_order
from energeia.runs import DataConfig
from energeia.support import Binary, Support

TINY = {"training": {"rounds": 4, "check_every": 2, "batch": 32}, "width": 8}


def problem_of(*layout):
    count = int(np.prod(layout))
    return Problem(support=Support(((Binary(), count),)), layout=layout, rows=10)


def test_names():
    assert column_order("raster", problem_of(2, 2)) is None
    assert column_order("checkerboard", problem_of(2, 3)) == (0, 2, 4, 1, 3, 5)
    assert column_order("2, 0,1", problem_of(3)) == (2, 0, 1)


@pytest.mark.parametrize("side", [2, 4, 8, 16])
def test_a_hilbert_curve_visits_every_site_and_steps_to_neighbors(side):
    order = column_order("hilbert", problem_of(side, side))
    assert order is not None
    assert sorted(order) == list(range(side * side))
    row, column = np.divmod(order, side)
    assert np.all(np.abs(np.diff(row)) + np.abs(np.diff(column)) == 1)


@pytest.mark.parametrize(
    ("order", "layout", "message"),
    [
        ("0,1,1", (3,), "no permutation of the 3 columns"),
        ("hilbrt", (4, 4), "hilbert"),
        ("hilbert", (4, 8), "square whose side is a power of two"),
        ("hilbert", (6, 6), "square whose side is a power of two"),
    ],
)
def test_what_is_no_order_is_refused(order, layout, message):
    with pytest.raises(InputError, match=message):
        column_order(order, problem_of(*layout))


def rows():
    """A code of three that depends on a code of two and a sign."""
    rng = np.random.default_rng(0)
    flag, sign = rng.integers(0, 2, (2, 400))
    level = np.minimum(2, flag + rng.integers(0, 2, 400))
    return np.stack([flag, level, 2 * sign - 1], axis=1).astype(float)


@pytest.mark.parametrize(
    ("name", "options"),
    [("made", {"orders": 1}), ("made", {"orders": 3}), ("gru", {}), ("transformer", {"heads": 2})],
)
def test_columns_of_several_kinds_in_any_order(name, options, tmp_path):
    """The density sums to one, and is its own marginal where the first of the order is known."""
    reading = DataConfig(support="0:binary; 1:categorical(0,1,2); 2:binary(-1,1)")
    run = energeia.fit(
        rows(), name, reading=reading, quiet=True, out=tmp_path / "run",
        options=TINY | options | {"order": "1,2,0"},
    )  # fmt: skip
    every = np.array(list(itertools.product([0.0, 1.0], [0.0, 1.0, 2.0], [-1.0, 1.0])))
    p = np.exp(run.log_prob(every))
    assert abs(p.sum() - 1) < 1e-5
    assert np.ptp(p) > 1e-3
    if options.get("orders", 1) > 1:
        return  # completions of a mixture are weighted
    known = jnp.array([False, True, False])
    model, at = run.model.inner, jnp.array([jnp.nan, 2.0, jnp.nan])
    keys = jax.random.split(jax.random.key(0), 64)
    drawn, log_weights = jax.vmap(lambda key: model.complete(key, at, known))(keys)
    assert np.ptp(log_weights) < 1e-6
    assert abs(np.exp(log_weights[0]) - p[every[:, 1] == 2.0].sum()) < 1e-5
    assert np.all(np.asarray(drawn)[:, 1] == 2.0)
    # Control: the last of the order is no start, so weights vary.
    first_known = jnp.array([True, False, False])
    other = jnp.array([1.0, jnp.nan, jnp.nan])
    assert np.ptp(jax.vmap(lambda key: model.complete(key, other, first_known))(keys)[1]) > 1e-4
