"""A flow's density integrates to one, agrees with its draws and takes conditions."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.bijections.scalar import AffineScalar
from energeia.bijections.spline import Spline
from energeia.bijections.split import coupling_stack
from energeia.contracts import Density
from energeia.distributions.gaussian import RealPeriodicBase, StandardNormal
from energeia.models.flow import Flow

NETWORK = {"octaves": 1, "width": 8, "depth": 1}


def flow_of(transformer, periodic, condition_shape=(1,)):
    key = jax.random.key(3)
    stack = coupling_stack(
        transformer, 2, periodic=periodic, condition_shape=condition_shape, key=key, **NETWORK
    )
    moved, fixed = eqx.partition(stack, eqx.is_inexact_array)
    leaves, tree = jax.tree.flatten(moved)
    keys = jax.random.split(key, len(leaves))
    # Shaken enough to matter, too little for ridges thinner than the cells of the grid below.
    leaves = [v + 0.2 * jax.random.normal(k, v.shape) for k, v in zip(keys, leaves, strict=True)]
    base = RealPeriodicBase(periodic) if any(periodic) else StandardNormal((len(periodic),))
    return Flow(base, eqx.combine(jax.tree.unflatten(tree, leaves), fixed))


CASES = {
    "spline": (Spline(6, 4.0), (False, False)),
    "affine": (AffineScalar(1.0), (False, False)),
    "line and circle": (Spline(6, 4.0), (False, True)),
    "circles": (Spline(6, 4.0), (True, True)),
}


def grid(periodic, count=900):
    """Midpoints of a rectangle and the area of a cell."""
    sides = [np.pi if is_periodic else 9.0 for is_periodic in periodic]
    axes = [(np.arange(count) + 0.5) / count * 2 * side - side for side in sides]
    cells = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 2)
    return jnp.asarray(cells), np.prod([2 * side / count for side in sides])


def mass(log_prob, periodic):
    x, area = grid(periodic)
    # Summed in double precision: 810,000 terms in single would miss by parts in a thousand.
    return float(np.sum(np.asarray(jnp.exp(jax.jit(jax.vmap(log_prob))(x)), np.float64)) * area)


@pytest.mark.parametrize("case", CASES)
def test_integrates_to_one_under_a_condition(case):
    transformer, periodic = CASES[case]
    flow, condition = flow_of(transformer, periodic), jnp.array([0.7])
    assert abs(mass(lambda x: flow.log_prob(x, condition), periodic) - 1) < 2e-3


def test_control_without_the_volume_it_does_not():
    flow, condition = flow_of(*CASES["spline"]), jnp.array([0.7])
    bare = mass(lambda x: flow.base.log_prob(flow.bijection.forward(x, condition)[0]), (False,) * 2)
    assert abs(bare - 1) > 2e-2


def test_draws_follow_the_density():
    transformer, periodic = CASES["line and circle"]
    flow, condition = flow_of(transformer, periodic), jnp.array([0.7])
    draws = jax.jit(jax.vmap(lambda k: flow.sample(k, condition)))(
        jax.random.split(jax.random.key(5), 20000)
    )
    x, area = grid(periodic)
    p = jnp.exp(jax.jit(jax.vmap(lambda x: flow.log_prob(x, condition)))(x)) * area
    for test in (
        lambda x: jnp.tanh(x[:, 0]),
        lambda x: jnp.cos(x[:, 1]),
        lambda x: jnp.sin(x[:, 1]),
    ):
        values = np.asarray(test(draws))
        expected = float(jnp.sum(p * test(x)))
        assert abs(values.mean() - expected) < 4 * values.std() / np.sqrt(len(values)) + 1e-3


class Around(Density):
    """A normal whose mean is the condition."""

    shape: tuple = (2,)
    condition_shape: tuple = (1,)

    def log_prob(self, x, condition=None):
        return -0.5 * jnp.sum((x - condition) ** 2) - jnp.log(2 * jnp.pi)

    def sample(self, key, condition=None):
        return condition + jax.random.normal(key, (2,))


@pytest.mark.parametrize("shape", [None, (1,)])
def test_a_base_may_depend_on_the_condition(shape):
    transformer, periodic = CASES["affine"]
    flow = Flow(Around(), flow_of(transformer, periodic, shape).bijection)
    assert flow.condition_shape == (1,)
    condition = jnp.array([0.7])
    # Affine layers carry a few draws out of the grid.
    assert abs(mass(lambda x: flow.log_prob(x, condition), periodic) - 1) < 2e-2
    x, log_q = flow.sample_and_log_prob(jax.random.key(0), condition)
    np.testing.assert_allclose(log_q, flow.log_prob(x, condition), atol=1e-4)
    np.testing.assert_array_equal(x, flow.sample(jax.random.key(0), condition))
    # The control: at another condition the same x has another density.
    assert abs(float(flow.log_prob(x, -condition)) - float(log_q)) > 0.1


def test_conditions_matter():
    flow, x = flow_of(*CASES["spline"]), jnp.array([0.3, -0.2])
    scores = [float(flow.log_prob(x, jnp.array([c]))) for c in (-1.0, 1.0)]
    assert scores[0] != scores[1]
