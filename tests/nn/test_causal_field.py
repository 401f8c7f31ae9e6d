"""Causal convolutions of fields: what each site sees, and the size of the program."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.nn.causal_field import CausalField
from energeia.nn.gated import gate

FIELDS = {"whole": (3, 3, False), "open": (5, 6, False), "periodic": (5, 6, True)}
"""Height, width and periodicity of fields, for two layers of kernel 3."""


def field_of(height, periodic=False, dilations=(1, 1)):
    return eqx.filter_jit(CausalField)(
        jax.random.key(0), inputs=2, width=4, depth=len(dilations), kernel=3, height=height,
        context=2, periodic=periodic, dilations=dilations,
    )  # fmt: skip


def inputs_of(height, width):
    return np.random.default_rng(0).normal(size=(2, height, width, 2)).astype(np.float32)


@eqx.filter_jit
def sensitivity(network, x, context):
    return jax.jacobian(network)(x, context)


def reach(network, x, context):
    jacobian = np.asarray(sensitivity(network, x, context))
    return np.any(jacobian != 0, axis=(2, 5))


def wanted(height, width, periodic):
    """The docstring's reach for two layers of kernel 3: three to the left or above, two aside."""
    i, j, a, b = np.indices((height, width, height, width))
    aside = np.abs(j - b)
    if periodic:
        aside = np.minimum(aside, width - aside)
    before = (a == i) & (b < j) & (j - b <= 3)
    return before | ((a < i) & (i - a <= 3) & (aside <= 2))


@pytest.mark.parametrize("name", FIELDS)
def test_a_site_sees_all_and_only_the_earlier_sites_within_reach(name):
    height, width, periodic = FIELDS[name]
    network = field_of(height, periodic)
    seen = reach(network, *inputs_of(height, width))
    assert np.array_equal(seen, wanted(height, width, periodic))
    if name == "whole":
        earlier = np.tril(np.ones((9, 9), dtype=bool), -1)
        assert np.array_equal(seen.reshape(9, 9), earlier)
        # Control: where the stacks are not joined, no site sees the rows above.
        alone = eqx.tree_at(lambda n: n.layers.across, network, jnp.zeros((2, 8, 8)))
        assert not np.any(reach(alone, *inputs_of(height, width))[2, 2, :2])


def test_a_row_sees_farther_with_dilations():
    near, far = field_of(1), field_of(1, dilations=(1, 3))
    inputs = inputs_of(1, 12)
    seen = [reach(network, *inputs).reshape(12, 12) for network in (near, far)]
    for found, distance in zip(seen, (5, 9), strict=True):
        past = np.subtract.outer(np.arange(12), np.arange(12))
        assert np.array_equal(found, (past >= 1) & (past <= distance))


def test_the_gate_against_its_equation():
    x = np.array([0.3, -2.0, 1.0, 0.5], np.float32)
    assert np.allclose(gate(x), np.tanh(x[:2]) / (1 + np.exp(-x[2:])), atol=1e-6)


def test_the_program_does_not_grow_with_the_depth():
    x, context = inputs_of(3, 3)

    def gates(depth, step):
        network = jax.eval_shape(lambda: field_of(3, dilations=(1,) * depth))
        return str(jax.make_jaxpr(step)(network, x, context)).count("tanh")

    def cached(network, x, context):
        cache = network.row(network.start(3), x[0], context[0])
        return network.site(cache, jnp.array(1), x[0, 0])[1]

    def whole(network, x, context):
        return network(x, context)

    for step in (whole, cached):
        assert gates(1, step) == gates(5, step) > 0
