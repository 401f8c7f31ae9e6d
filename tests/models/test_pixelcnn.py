"""PixelCNN: what parameters depend on, sums over all configurations, draws with their scores."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.distributions.columns import columns_of
from energeia.errors import InputError
from energeia.models.pixelcnn import PixelCNN
from energeia.support import Binary, Categorical, Real, Support

LAYOUTS = {"lattice": (3, 3, 1), "channels": (2, 2, 2)}
SUPPORTS = {
    "lattice": Support(((Binary(), 9),)),
    # Channels of two kinds: parameters and features have slots of their own.
    "channels": Support.of([Binary(), Categorical((1.0, 2.0, 5.0))] * 4),
}
SIZES = {"lattice": [2] * 9, "channels": [2, 3] * 4}


@eqx.filter_jit
def build(name, support, conditional):
    model = PixelCNN(
        jax.random.key(0), columns_of(support, components=2, octaves=1), LAYOUTS[name],
        width=6, depth=2, kernel=3, periodic=name == "lattice",
        condition_shape=(1,) if conditional else None,
    )  # fmt: skip
    # Weights large enough for every dependence to matter.
    model = jax.tree.map(lambda a: 2 * a if eqx.is_inexact_array(a) and a.ndim > 1 else a, model)
    return eqx.tree_at(lambda m: m.outputs.exit, model, 5 * model.outputs.exit)


@pytest.mark.parametrize("name", LAYOUTS)
def test_parameters_of_a_column_see_all_columns_before(name):
    model = build(name, Support(((Real(), int(np.prod(LAYOUTS[name]))),)), conditional=False)
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


@pytest.mark.parametrize(("name", "given"), [("lattice", None), ("channels", 0.5)])
def test_probabilities_sum_to_one_and_draws_have_them(name, given):
    model = build(name, SUPPORTS[name], given is not None)
    condition = None if given is None else np.float32([given])
    every = np.array(list(itertools.product(*map(range, SIZES[name]))), np.float32)
    right, wrong = (np.exp(np.asarray(s, float)) for s in scores(model, every, condition))
    assert abs(right.sum() - 1) < 1e-5
    # Control: columns that see themselves have no normalized density.
    assert abs(wrong.sum() - 1) > 0.05
    count = 4000
    x, drawn, scored, elsewhere = draws(model, jax.random.key(1), count, condition)
    assert np.allclose(drawn, scored, atol=2e-5)
    if given is not None:
        assert not np.allclose(scored, elsewhere, atol=0.1)
    # The mean log-probability of draws is minus the entropy, within 4 sigma of its error.
    mean, error = np.mean(drawn), np.std(drawn) / count**0.5
    assert abs(mean - np.sum(right * np.log(right))) < 4 * error
    # Control: independent draws of the same marginals have another one.
    shuffled = np.stack([np.roll(x[:, i], i) for i in range(x.shape[1])], axis=1)
    index = np.ravel_multi_index(tuple(shuffled.astype(int).T), SIZES[name])
    assert abs(np.mean(np.log(right)[index]) - mean) > 8 * error


def test_columns_that_do_not_fill_the_layout_are_refused():
    with pytest.raises(InputError, match=r"columns of shape \(9,\).*\(8,\)"):
        PixelCNN(
            jax.random.key(0), columns_of(SUPPORTS["lattice"]), (2, 2, 2),
            width=4, depth=1, kernel=3,
        )  # fmt: skip
