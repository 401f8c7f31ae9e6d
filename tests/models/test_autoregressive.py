"""Autoregressive densities: the past alone is seen, they sum to one, draws follow scores."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from energeia._core.unoptimized import run_unoptimized
from energeia.distributions.columns import columns_of
from energeia.models.any_order import AnyOrder
from energeia.models.causal import CausalNetwork
from energeia.models.ensemble import Ensemble
from energeia.models.linear import LinearAutoregressive
from energeia.models.made import Made
from energeia.models.raster import RasterDensity
from energeia.nn.attention import Transformer
from energeia.nn.causal_field import CausalField
from energeia.nn.masked import MaskedLinear
from energeia.nn.recurrent import Gru, RecurrentStack
from energeia.nn.recurrent_field import RecurrentField
from energeia.support import Binary, Categorical, Circle, Integer, Real, Support

MIXED = Support.of([Binary(), Integer(0, 3), Binary(), Categorical((1.0, 2.0, 5.0))])
EVERY = np.array(list(itertools.product(range(2), range(4), range(2), range(3))), np.float32)


def gru_stack(key, size):
    return RecurrentStack(key, Gru(), size, width=8, depth=2)


def attention_stack(key, size):
    return Transformer(key, size, width=8, depth=1, heads=2, times=4)


def row_of_convolutions(key, inputs, context):
    sizes = {"inputs": inputs, "context": context, "width": 8, "depth": 2, "kernel": 3}
    return CausalField(key, **sizes, height=1)


def recurrent_field(key, inputs, context):
    return RecurrentField(key, inputs=inputs, context=context, width=8, depth=2, height=2)


def loud(model):
    """Weights large enough for every dependence to matter."""
    return jax.tree.map(
        lambda leaf: 3 * leaf if eqx.is_inexact_array(leaf) and leaf.ndim > 1 else leaf, model
    )


@eqx.filter_jit
def build(kind, support, condition_shape=None, reference=None):
    columns = columns_of(support, components=3, octaves=2)
    key = jax.random.key(0)
    common = {"condition_shape": condition_shape, "reference": reference}
    match kind:
        case "made":
            return loud(Made(key, columns, width=20, depth=2, **common))
        case "made-ordered":
            order = columns.shuffle(jax.random.key(4))
            return loud(Made(key, columns, width=20, depth=1, order=order, **common))
        case "any-order":
            orders = jnp.stack([jnp.arange(d := columns.dimension), jnp.arange(d)[::-1]])
            return loud(loud(AnyOrder(key, columns, width=20, orders=orders, **common)))
        case "gru":
            return loud(CausalNetwork(key, columns, gru_stack, **common))
        case "transformer":
            return loud(CausalNetwork(key, columns, attention_stack, **common))
        case "pixelcnn":
            return loud(RasterDensity(key, columns, (1, 4, 1), row_of_convolutions, **common))
        case "pixelrnn":
            return loud(RasterDensity(key, columns, (2, 2, 1), recurrent_field, **common))
        case "linear":
            linear = LinearAutoregressive(key, columns, reference)
            blocks = [jax.random.normal(jax.random.key(9), b.shape) for b in linear.pairs.blocks]
            return eqx.tree_at(lambda m: m.pairs.blocks, linear, tuple(blocks))
        case _:
            orders = jax.vmap(columns.shuffle)(jax.random.split(jax.random.key(4), 3))

            def make(key, order):
                return Made(key, columns, width=20, order=order, **common)

            members = eqx.filter_vmap(make)(jax.random.split(key, 3), orders)
            return Ensemble(loud(members), 3)


@eqx.filter_jit
def sensitivity(model, key):
    return jax.jacobian(lambda y: model.parameters(y, jnp.ones(1)))(jax.random.normal(key, (5,)))


@pytest.mark.parametrize("kind", ["made", "gru"])
def test_parameters_of_a_column_see_the_columns_before(kind):
    model = build(kind, Support.of([Real()] * 4 + [Circle(0.0, 1.0)]), (1,))
    owner = np.repeat(np.arange(5), model.columns.parameters)

    def reach(model):
        jacobian = np.asarray(sensitivity(model, jax.random.key(1)))
        return np.stack([np.any(jacobian[owner == i] != 0, axis=0) for i in range(5)])

    assert np.array_equal(reach(model), np.tril(np.ones((5, 5), dtype=bool), -1))
    if kind == "made":
        # The control: where the entry has no masks, the second column sees the third.
        open_entry = run_unoptimized(
            lambda key: MaskedLinear(key, model.entry.incoming, (5,) * 20), jax.random.key(1)
        )
        assert reach(eqx.tree_at(lambda m: m.entry, model, open_entry))[1, 2]


@eqx.filter_jit
def scores_and_draws(model, given, key, count):
    """log p of every row, and codes drawn."""
    logs = jax.vmap(lambda y: model.log_prob(y, given))(EVERY)
    return logs, jax.vmap(lambda k: model.sample(k, given))(jax.random.split(key, count))


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("made", 0.7),
        ("made-ordered", None),
        ("gru", 0.7),
        ("any-order", 0.7),
        ("ensemble", None),
        ("transformer", 0.7),
        ("pixelcnn", 0.7),
        ("pixelrnn", 0.7),
        ("linear", None),
    ],
)
def test_probabilities_sum_to_one_and_samples_follow_them(kind, condition):
    model = build(kind, MIXED, None if condition is None else (1,))
    given = None if condition is None else np.float32([condition])
    logs, drawn = scores_and_draws(model, given, jax.random.key(1), 20_000)
    p, drawn = np.exp(np.asarray(logs, float)), np.asarray(drawn, int)
    assert abs(p.sum() - 1) < 1e-5
    index = np.ravel_multi_index(tuple(drawn.T), (2, 4, 2, 3))
    seen = np.bincount(index, minlength=len(p))
    assert pvalue(seen, p) > 1e-4
    # Control: the same model with every column made independent is told apart.
    assert pvalue(seen, independent(p)) < 1e-6
    if condition is not None:
        # And so is the same model at another condition.
        other, _ = scores_and_draws(model, np.float32([2.0]), jax.random.key(1), 20_000)
        assert pvalue(seen, np.exp(np.asarray(other, float))) < 1e-6


def pvalue(seen, p):
    """Chi-square with the cells due fewer than five counts gathered in one."""
    due = p / p.sum() * seen.sum()
    small = due < 5
    seen = np.append(seen[~small], seen[small].sum())
    due = np.append(due[~small], due[small].sum())
    keep = due > 0
    return stats.chisquare(seen[keep], due[keep]).pvalue


def independent(p):
    table = p.reshape(2, 4, 2, 3)
    margins = [table.sum(tuple(j for j in range(4) if j != i)) for i in range(4)]
    return np.einsum("a,b,c,d->abcd", *margins).ravel()


@eqx.filter_jit
def densities(model, rows):
    return jnp.exp(jax.lax.map(jax.vmap(model.log_prob), rows))


@pytest.mark.parametrize("kind", ["made", "gru", "any-order"])
def test_mixed_density_integrates_to_one(kind):
    support = Support.of([Binary(), Real(), Circle(0.0, 1.0)])
    model = build(kind, support, reference=np.random.default_rng(2).normal(size=(50, 3)) > 0)
    real, angle = np.linspace(-12, 12, 601), np.linspace(-np.pi, np.pi, 65)[:-1]
    grid = np.stack(np.meshgrid(np.arange(2.0), real, angle, indexing="ij"), axis=-1)
    density = densities(model, grid.reshape(-1, 601, 3).astype(np.float32))
    total = np.sum(np.asarray(density, float)) * (real[1] - real[0]) * (angle[1] - angle[0])
    assert abs(total - 1) < 2e-3
