"""Mixed tables: one density of codes and reals together, against sums, integrals and a truth."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import energeia
from energeia._core.errors import InputError
from energeia._core.unoptimized import run_unoptimized
from energeia.bijections import AffineScalar
from energeia.bijections.split import coupling_stack
from energeia.distributions import StandardNormal
from energeia.distributions.columns import columns_of
from energeia.models import Flow, Made, Mixed
from energeia.runs import DataConfig
from energeia.support import Binary, Categorical, Support

KEY = jax.random.key(0)
CODES = Support.of([Categorical((0.0, 1.0, 2.0)), Binary()])


def mixed(conditions=0, features=None):
    columns = columns_of(CODES)
    shape = (conditions,) if conditions else None
    seen = sum(columns.features) + conditions if features is None else features

    def build(key):
        stack = coupling_stack(
            AffineScalar(1.0), 2, periodic=(False,), condition_shape=(seen,), octaves=0, width=8,
            depth=1, key=key,
        )  # fmt: skip
        made = Made(key, columns, width=16, condition_shape=shape)
        return Mixed(made, Flow(StandardNormal((1,)), stack), (True, False, True))

    model = run_unoptimized(build, KEY)
    rng = np.random.default_rng(0)

    def moved(leaf):
        if not eqx.is_inexact_array(leaf):
            return leaf
        return jax.device_put(np.asarray(leaf) + 0.3 * rng.normal(size=leaf.shape))

    return eqx.tree_at(lambda m: m.continuous, model, jax.tree.map(moved, model.continuous))


V = np.linspace(-12, 12, 4001)
PAIRS = [(a, b) for a in range(3) for b in range(2)]
# The control, two rows of one real and other codes, comes after the grid of every pair of codes.
ROWS = np.concatenate(
    [np.stack([np.full_like(V, a), V, np.full_like(V, b)], axis=1) for a, b in PAIRS]
    + [np.array([[0.0, 0.3, 0.0], [1.0, 0.3, 0.0]])]
)


@eqx.filter_jit
def scores(model, condition, rows, keys):
    """Draws with their log p, and log p of rows and draws by themselves; log p of codes alone."""
    y, logs = jax.vmap(lambda key: model.sample_and_log_prob(key, condition))(keys)
    every = jax.vmap(lambda y: model.log_prob(y, condition))(jnp.concatenate([rows, y]))
    codes = rows[-2:, np.array([0, 2])]
    own = jax.vmap(lambda code: model.discrete.log_prob(code, condition))(codes)
    return y, logs, every[: len(rows)], every[len(rows) :], own


@pytest.mark.parametrize("conditions", [0, 2])
def test_sums_and_integrates_to_one_and_draws_follow(conditions):
    condition = np.array([0.5, -1.0]) if conditions else None
    y, logs, found, again, own = map(
        np.asarray, scores(mixed(conditions), condition, ROWS, jax.random.split(KEY, 4000))
    )
    density = np.exp(found[:-2].astype(float)).reshape(len(PAIRS), len(V))
    mass = dict(zip(PAIRS, np.trapezoid(density, V, axis=1), strict=True))
    assert abs(sum(mass.values()) - 1) < 1e-3
    np.testing.assert_allclose(logs, again, atol=2e-4)
    for (a, b), p in mass.items():
        share = np.mean((y[:, 0] == a) & (y[:, 2] == b))
        assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / 4000)
    # The control: the reals depend on the codes.
    first, second = found[-2:] - own
    assert abs(first - second) > 1e-3


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="features"):
        mixed(features=9)


CENTERS, WIDTHS, SHARES = np.array([-2.0, 0.0, 3.0]), np.array([0.3, 1.0, 0.5]), (0.2, 0.5, 0.3)


def test_a_flow_of_a_mixed_table_is_exact_and_near_the_truth(tmp_path):
    k = np.random.default_rng(0).choice(3, p=SHARES, size=8000)
    noise = np.random.default_rng(1).normal(size=len(k))
    rows, fresh = np.split(np.stack([k, CENTERS[k] + WIDTHS[k] * noise], axis=1), 2)
    entropy = -np.sum(SHARES * np.log(SHARES)) + np.sum(
        SHARES * (0.5 * np.log(2 * np.pi * np.e) + np.log(WIDTHS))
    )
    options = {
        "layers": 2, "bins": 8, "width": 16, "depth": 1,
        "training": {"rounds": 400, "check_every": 100, "average": 0.98},
    }  # fmt: skip
    reading = DataConfig(support="0:categorical(0,1,2)")

    def scored(name, rows_scored, **changed):
        run = energeia.fit(
            rows, "spline-flow", out=tmp_path / name, options=options | changed, reading=reading,
            quiet=True,
        )  # fmt: skip
        return run.score(rows_scored)

    exact = scored("exact", fresh)
    assert exact.mean.kind == "exact"
    assert -0.05 < -entropy - exact.mean.value < 0.08
    # The control: dequantized codes give a bound, and the model pays for their edges.
    bound = scored("bound", fresh[:1000], mixed="dequantized")
    assert bound.mean.kind == "lower bound"
    assert np.mean(exact.rows[:1000] - bound.rows) > 0.02
