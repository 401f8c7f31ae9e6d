"""Densities in raster order: what parameters depend on, sums over all configurations, draws with
their scores and frequencies, and what drawing costs."""

import itertools
from functools import partial

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import jaxprs_in_params

from energeia.distributions.columns import columns_of
from energeia.errors import InputError
from energeia.models.raster import RasterDensity
from energeia.nn.causal_field import CausalField
from energeia.nn.recurrent_field import RecurrentField
from energeia.support import Binary, Categorical, Real, Support

LAYOUTS = {"lattice": (3, 3, 1), "channels": (2, 2, 2)}
SUPPORTS = {
    "lattice": Support(((Binary(), 9),)),
    # Channels of two kinds: parameters and features have slots of their own.
    "channels": Support.of([Binary(), Categorical((1.0, 2.0, 5.0))] * 4),
}
SIZES = {"lattice": [2] * 9, "channels": [2, 3] * 4}
NETWORKS = ("convolutions", "recurrent")


def make(network, layout, key, inputs, context):
    sizes = {"inputs": inputs, "width": 6, "depth": 2, "height": layout[0], "context": context}
    if network == "recurrent":
        return RecurrentField(key, **sizes)
    return CausalField(key, **sizes, kernel=3, periodic=layout[2] == 1)


@eqx.filter_jit
def build(network, name, support, conditional):
    model = RasterDensity(
        jax.random.key(0), columns_of(support, components=2, octaves=1), LAYOUTS[name],
        partial(make, network, LAYOUTS[name]), condition_shape=(1,) if conditional else None,
    )  # fmt: skip
    # Weights large enough for every dependence to matter.
    model = jax.tree.map(lambda a: 2 * a if eqx.is_inexact_array(a) and a.ndim > 1 else a, model)
    return eqx.tree_at(lambda m: m.outputs.exit, model, 5 * model.outputs.exit)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("name", LAYOUTS)
def test_parameters_of_a_column_see_all_columns_before(name, network):
    support = Support(((Real(), int(np.prod(LAYOUTS[name]))),))
    model = build(network, name, support, conditional=False)
    count = model.columns.dimension
    y = np.random.default_rng(0).normal(size=count).astype(np.float32)
    jacobian = jax.jit(jax.jacobian(model.parameters))(y)
    seen = np.any(np.asarray(jacobian).reshape(count, -1, count) != 0, axis=1)
    assert np.array_equal(seen, np.tril(np.ones((count, count), dtype=bool), -1))


@eqx.filter_jit
def scores(model, every, given):
    """log p of every configuration, and what it would be if columns saw themselves."""

    def broken(y):
        return jnp.sum(model.columns.log_prob(model.parameters(jnp.roll(y, -1), given), y))

    return jax.vmap(lambda y: model.log_prob(y, given))(every), jax.vmap(broken)(every)


@eqx.filter_jit
def draws(model, key, count, given):
    """Configurations with their log-probabilities as drawn, and as scored here and elsewhere."""
    x, logs = jax.vmap(lambda k: model.sample_and_log_prob(k, given))(jax.random.split(key, count))

    def scored(given):
        return jax.vmap(lambda x: model.log_prob(x, given))(x)

    return x, logs, scored(given), scored(None if given is None else given + 1)


def deviations(index, p):
    """Of observed frequencies from probabilities p, in standard deviations: that of the sum of
    their squares, and the largest one. Cells due fewer than 25 counts are gathered in one."""
    count, rare = len(index), p * len(index) < 25
    seen = np.bincount(index, minlength=len(p))
    seen = np.append(seen[~rare], seen[rare].sum())
    p = np.append(p[~rare], p[rare].sum())
    kept = p > 0
    z = (seen - count * p)[kept] / np.sqrt(count * p * (1 - p))[kept]
    freedom = kept.sum() - 1
    square = np.sum((1 - p[kept]) * z**2)
    # The variance of Pearson's statistic of a multinomial distribution.
    variance = 2 * freedom + (np.sum(1 / p[kept]) - kept.sum() ** 2 - 2 * freedom) / count
    return (square - freedom) / variance**0.5, np.abs(z).max()


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(("name", "given"), [("lattice", None), ("channels", 0.5)])
def test_probabilities_sum_to_one_and_draws_have_them(name, given, network):
    model = build(network, name, SUPPORTS[name], given is not None)
    condition = None if given is None else np.float32([given])
    every = np.array(list(itertools.product(*map(range, SIZES[name]))), np.float32)
    right, wrong = (np.exp(np.asarray(s, float)) for s in scores(model, every, condition))
    assert abs(right.sum() - 1) < 1e-5
    # Control: columns that see themselves have no normalized density.
    assert abs(wrong.sum() - 1) > 0.05
    count = 8000
    x, drawn, scored, elsewhere = draws(model, jax.random.key(1), count, condition)
    assert np.allclose(drawn, scored, atol=2e-5)
    if given is not None:
        assert not np.allclose(scored, elsewhere, atol=0.1)
    # The mean log-probability of draws is minus the entropy, within 4 sigma of its error.
    mean, error = np.mean(drawn), np.std(drawn) / count**0.5
    assert abs(mean - np.sum(right * np.log(right))) < 4 * error
    # The frequencies of configurations are their probabilities, all together and each of them.
    together, largest = deviations(place(x, name), right / right.sum())
    assert abs(together) < 4
    assert largest < 6
    # Control: independent draws of the same marginals have others, and another entropy.
    shuffled = np.stack([np.roll(x[:, i], i) for i in range(x.shape[1])], axis=1)
    index = place(shuffled, name)
    assert abs(np.mean(np.log(right)[index]) - mean) > 8 * error
    together, largest = deviations(index, right / right.sum())
    assert together > 20
    assert largest > 12


def place(x, name):
    """The index of configurations among all of them."""
    return np.ravel_multi_index(tuple(np.asarray(x).astype(int).T), SIZES[name])


def multiplications(jaxpr):
    """Of all matrix products of a program, loops included."""
    total = 0
    for equation in jaxpr.eqns:
        if equation.primitive.name == "dot_general":
            contracted = equation.params["dimension_numbers"][0][0]
            left, out = equation.invars[0].aval.shape, equation.outvars[0].aval.shape
            total += int(np.prod(out)) * int(np.prod([left[axis] for axis in contracted]))
        inner = sum(map(multiplications, jaxprs_in_params(equation.params)))
        total += inner * equation.params.get("length", 1)
    return total


@pytest.mark.parametrize("network", NETWORKS)
def test_drawing_costs_about_one_score(network):
    layout, support = (6, 7, 1), Support(((Binary(), 42),))
    model = jax.eval_shape(
        lambda key: RasterDensity(
            key, columns_of(support), layout, partial(make, network, layout)
        ),
        jax.random.key(0),
    )  # fmt: skip

    def cost(function, *given):
        return multiplications(eqx.filter_make_jaxpr(function)(model, *given)[0].jaxpr)

    score = cost(lambda model, y: model.log_prob(y), jnp.zeros(42))
    draw = cost(lambda model, key: model.sample(key), jax.random.key(0))
    assert 0.4 * score < draw < 1.5 * score
    # Control: a pass of the network for every column costs as many scores.
    slow = cost(lambda model, y: jax.lax.map(model.parameters, jnp.tile(y, (42, 1))), jnp.zeros(42))
    assert slow > 40 * score


def test_columns_that_do_not_fill_the_layout_are_refused():
    with pytest.raises(InputError, match=r"columns of shape \(9,\).*\(8,\)"):
        RasterDensity(
            jax.random.key(0), columns_of(SUPPORTS["lattice"]), (2, 2, 2),
            partial(make, "recurrent", (2, 2, 2)),
        )  # fmt: skip
