"""The dequantized bound lies below the exact likelihood and tightens with more draws."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.bijections.elementwise import Affine
from energeia.bijections.units import Units
from energeia.contracts import Batch
from energeia.distributions.gaussian import StandardNormal
from energeia.models.dequantized import Dequantized, VariationalNoise
from energeia.models.flow import Flow
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.options.flow import SplineFlowOptions
from energeia.recipes.options.problem import Problem
from energeia.recipes.spline_flow import build
from energeia.support import Integer, Real, Support

ROWS = jnp.array([[0.0, 0.3], [1.0, -0.2], [2.0, 1.0], [4.0, 0.1]])


@pytest.fixture(scope="module")
def model():
    """A normal density in spread coordinates: its cells have probabilities in closed form."""
    support = Support(((Integer(0, 4), 1), (Real(), 1)))
    units = Units.fit(support, ROWS)
    flow = Flow(StandardNormal((2,)), Affine(jnp.array([0.4, 0.0]), jnp.array([0.7, 0.0])))
    return Dequantized(flow, units)


def exact(model, row):
    """log P(code) p(real) of the code's cell, by the normal distribution function."""
    scale, location = model.units.scale.value[0], model.units.location.value[0]
    edges = (jnp.array([row[0], row[0] + 1]) - location) / scale
    low, high = jax.scipy.stats.norm.cdf(edges * jnp.exp(0.7) + 0.4)
    return jnp.log(high - low) + jax.scipy.stats.norm.logpdf(row[1])


def bounds(model, row, particles, draws=4000):
    """Independent importance-weighted bounds."""
    keys = jax.random.split(jax.random.key(3), (draws, particles))
    weights = jax.jit(jax.vmap(jax.vmap(lambda k: model.log_weight(k, row))))(keys)
    return np.asarray(jax.nn.logsumexp(weights, axis=1) - math.log(particles))


@pytest.mark.parametrize("row", ROWS, ids=lambda r: f"{float(r[0]):g}")
def test_bounds_are_ordered_and_unbiased_in_probability(model, row):
    truth = float(exact(model, row))
    one, eight = bounds(model, row, 1), bounds(model, row, 8)
    error = np.hypot(one.std(), eight.std()) / math.sqrt(len(one))
    assert one.mean() < eight.mean() + 4 * error
    assert one.mean() < truth - 4 * one.std() / math.sqrt(len(one))
    assert eight.mean() < truth + 4 * eight.std() / math.sqrt(len(eight))
    weight = np.exp(one - truth)
    assert abs(weight.mean() - 1) < 4 * weight.std() / math.sqrt(len(weight))


def test_control_a_forgotten_jacobian_is_biased(model):
    row, cell = ROWS[1], float(jnp.log(model.units.scale.value[0]))
    wrong = np.exp(bounds(model, row, 1) + cell - float(exact(model, row)))
    assert abs(wrong.mean() - 1) > 4 * wrong.std() / math.sqrt(len(wrong))


def test_draws_follow_the_exact_probabilities(model):
    draws = jax.jit(jax.vmap(model.sample))(jax.random.split(jax.random.key(4), 20000))
    scale, location = model.units.scale.value[0], model.units.location.value[0]
    inner = (jnp.arange(1.0, 5.0) - location) / scale
    cdf = jax.scipy.stats.norm.cdf(inner * jnp.exp(0.7) + 0.4)
    expected = np.diff(np.concatenate([[0.0], cdf, [1.0]]))
    found = np.bincount(np.asarray(draws[:, 0], int), minlength=5) / len(draws)
    assert np.all(np.abs(found - expected) < 4 * np.sqrt(expected / len(draws)) + 1e-12)


def test_particles_lower_the_loss(model):
    batch = Batch(jnp.tile(ROWS, (500, 1)), None)
    losses = [
        float(MaximumLikelihood(k).held_out(jax.random.key(0), {"model": model}, batch))
        for k in (1, 16)
    ]
    assert losses[1] < losses[0]


def test_learned_noise_is_unbiased_too_and_can_narrow_the_bound(model):
    """Noise that follows the density in the cell leaves no gap; other noise is unbiased as well."""
    row = ROWS[0]
    truth, plain = float(exact(model, row)), bounds(model, row, 1)
    found = {}
    for name, shift in (("toward the mode", 0.5), ("away from it", -0.5)):
        network = lambda y, shift=shift: jnp.array([shift, 0.0, -0.2, 0.0])  # noqa: E731
        own = bounds(Dequantized(model.density, model.units, VariationalNoise(network)), row, 1)
        weight = np.exp(own - truth)
        assert abs(weight.mean() - 1) < 4 * weight.std() / math.sqrt(len(weight))
        found[name] = own
    error = 4 * np.hypot(plain.std(), found["toward the mode"].std()) / math.sqrt(len(plain))
    gaps = sorted((truth - own.mean(), name) for name, own in found.items())
    assert gaps[0][0] + error < truth - plain.mean() < gaps[1][0] - error


@pytest.mark.parametrize("layout", [(4, 4), (16,)])
def test_a_recipe_learns_where_codes_are(layout):
    """By convolutions of a field, by a dense network of a table; it starts uniform."""
    rows = np.random.default_rng(0).integers(0, 3, (50, 16)).astype(np.float32)
    support = Support(((Integer(0, 2), 16),))
    problem = Problem(support=support, layout=layout, rows=50)
    options = SplineFlowOptions(dequantization="variational", layers=2, width=8, bins=4)
    built = build(options, problem, ReferenceRows(rows, None), jax.random.key(0))
    noise = built.modules["model"].inner.noise
    u, log_q = noise.draw(jax.random.key(1), jnp.ones(16))
    assert np.all((u >= 0) & (u < 1))
    np.testing.assert_allclose(log_q, 0.0, atol=1e-5)
    slope = eqx.filter_grad(lambda m: m.log_weight(jax.random.key(2), rows[0]))
    moved = jax.tree.leaves(slope(built.modules["model"]).inner.noise)
    assert any(np.any(np.asarray(leaf) != 0) for leaf in moved)
