"""Mixed tables: one density of codes and reals together, against sums, integrals and a truth."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import energeia
from energeia._core.errors import InputError
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
    stack = coupling_stack(
        AffineScalar(1.0), 2, periodic=(False,), condition_shape=(seen,), octaves=0, width=8,
        depth=1, key=KEY,
    )  # fmt: skip
    moved, tree = jax.tree.flatten(Flow(StandardNormal((1,)), stack))
    keys = jax.random.split(KEY, len(moved))
    steps = [0.3 * jax.random.normal(k, jnp.shape(v)) for k, v in zip(keys, moved, strict=True)]
    moved = [v + d if v.dtype == d.dtype else v for v, d in zip(moved, steps, strict=True)]
    made = Made(KEY, columns, width=16, condition_shape=shape)
    return Mixed(made, jax.tree.unflatten(tree, moved), (True, False, True))


@pytest.mark.parametrize("conditions", [0, 2])
def test_sums_and_integrates_to_one_and_draws_follow(conditions):
    model = mixed(conditions)
    condition = jnp.array([0.5, -1.0]) if conditions else None
    v = np.linspace(-12, 12, 4001)
    log_prob = jax.jit(jax.vmap(lambda y: model.log_prob(y, condition)))
    mass = {}
    for a in range(3):
        for b in range(2):
            y = np.stack([np.full_like(v, a), v, np.full_like(v, b)], axis=1)
            mass[a, b] = np.trapezoid(np.exp(np.asarray(log_prob(y), float)), v)
    assert abs(sum(mass.values()) - 1) < 1e-3
    draw = jax.jit(jax.vmap(lambda key: model.sample_and_log_prob(key, condition)))
    y, logs = draw(jax.random.split(KEY, 4000))
    np.testing.assert_allclose(logs, log_prob(y), atol=2e-4)
    for (a, b), p in mass.items():
        share = np.mean((y[:, 0] == a) & (y[:, 2] == b))
        assert abs(share - p) < 4 * np.sqrt(p * (1 - p) / 4000)
    # The control: the reals depend on the codes.
    same = jnp.array([[0.0, 0.3, 0.0], [1.0, 0.3, 0.0]])
    own = [float(model.discrete.log_prob(row[np.array([0, 2])], condition)) for row in same]
    first, second = (log_prob(same) - jnp.asarray(own)).tolist()
    assert abs(first - second) > 1e-3


def test_parts_that_do_not_fit_are_refused():
    with pytest.raises(InputError, match="features"):
        mixed(features=9)


CENTERS, WIDTHS, SHARES = np.array([-2.0, 0.0, 3.0]), np.array([0.3, 1.0, 0.5]), (0.2, 0.5, 0.3)


def test_a_flow_of_a_mixed_table_is_exact_and_near_the_truth(tmp_path):
    rng = np.random.default_rng(0)
    k = rng.choice(3, p=SHARES, size=4000)
    rows = np.stack([k, CENTERS[k] + WIDTHS[k] * rng.normal(size=len(k))], axis=1)
    entropy = -np.sum(SHARES * np.log(SHARES)) + np.sum(
        SHARES * (0.5 * np.log(2 * np.pi * np.e) + np.log(WIDTHS))
    )
    options = {
        "layers": 2, "bins": 8, "width": 16,
        "training": {"rounds": 400, "check_every": 100, "average": 0.98},
    }  # fmt: skip
    reading = DataConfig(support="0:categorical(0,1,2)")

    def scored(name, **changed):
        run = energeia.fit(
            rows, "spline-flow", out=tmp_path / name, options=options | changed, reading=reading,
            quiet=True,
        )  # fmt: skip
        again = rng.choice(3, p=SHARES, size=4000)
        fresh = np.stack([again, CENTERS[again] + WIDTHS[again] * rng.normal(size=4000)], axis=1)
        return run.score(fresh).mean

    exact = scored("exact")
    assert exact.kind == "exact"
    assert -0.05 < -entropy - exact.value < 0.08
    # The control: dequantized codes give a bound, and the model pays for their edges.
    bound = scored("bound", mixed="dequantized")
    assert bound.kind == "lower bound"
    assert exact.value > bound.value + 0.02
