"""Draws that keep known values: their weights have mean p(known) and give p(unknown | known)."""

import itertools
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.trees import Frozen
from energeia.bijections.units import Units
from energeia.contracts import ConditionalSampler
from energeia.distributions.columns import columns_of
from energeia.distributions.gaussian import StandardNormal
from energeia.models.any_order import AnyOrder
from energeia.models.born_machine import BornMachine
from energeia.models.causal import CausalNetwork
from energeia.models.completion import conditional_sampler
from energeia.models.ensemble import Ensemble
from energeia.models.in_units import DensityInUnits
from energeia.models.kgram import KGram
from energeia.models.linear import LinearAutoregressive
from energeia.models.made import Made
from energeia.models.symmetrized import Symmetrized
from energeia.nn.recurrent import Gru, RecurrentStack
from energeia.physics.quantum.povm import pauli_4
from energeia.physics.symmetries import symmetry_group
from energeia.support import Binary, Integer, Positive, Real, Support

SIZES = (2, 3, 2, 3)
MIXED = Support.of([Binary((-1.0, 1.0)), Integer(2, 4), Binary((-1.0, 1.0)), Integer(2, 4)])
SPINS = Support(((Binary((-1.0, 1.0)), 4),))
DRAWS = 20_000


def loud(model):
    """Weights large enough for every dependence to matter."""
    return jax.tree.map(
        lambda leaf: 3 * leaf if eqx.is_inexact_array(leaf) and leaf.ndim > 1 else leaf, model
    )


def gru_stack(key, size):
    return RecurrentStack(key, Gru(), size, width=6, depth=1)


@eqx.filter_jit
def build(kind) -> Any:
    """A model and the values of its sites."""
    key, columns = jax.random.key(2), columns_of(MIXED)
    one = jnp.ones(4)
    units = Units(MIXED, Frozen(0 * one), Frozen(one))
    match kind:
        case "made, shuffled":
            order = columns.shuffle(jax.random.key(4))
            return loud(Made(key, columns, width=16, order=order))
        case "any-order":
            return loud(loud(AnyOrder(key, columns, width=16, orders=jnp.arange(4)[None])))
        case "any-order, mixed":
            orders = jnp.array([[3, 0, 2, 1], [0, 1, 2, 3]])
            return loud(AnyOrder(key, columns, width=16, orders=orders))
        case "gru":
            return loud(loud(CausalNetwork(key, columns, gru_stack)))
        case "linear":
            linear = LinearAutoregressive(key, columns)
            blocks = [jax.random.normal(jax.random.key(9), b.shape) for b in linear.pairs.blocks]
            return eqx.tree_at(lambda m: m.pairs.blocks, linear, tuple(blocks))
        case "k-gram":
            first, *flips = np.random.default_rng(0).random((4, 600)) < 0.2
            rows = np.stack([first, *np.bitwise_xor.accumulate([first, *flips])[1:]], axis=1)
            return KGram.fit(jnp.asarray(rows.astype(int)), SIZES, 1)
        case "born machine":
            return BornMachine.random(jax.random.key(1), pauli_4(), sites=4, bond=3, noise=2.0)
        case "ensemble":
            orders = jax.vmap(columns.shuffle)(jax.random.split(jax.random.key(4), 3))
            make = eqx.filter_vmap(lambda k, o: Made(k, columns, width=16, order=o))
            return Ensemble(loud(loud(make(jax.random.split(key, 3), orders))), 3)
        case "units":
            return DensityInUnits(loud(Made(key, columns, width=16)), units)
        case _:
            made = loud(loud(Made(key, columns_of(SPINS), width=16)))
            inner = DensityInUnits(made, Units(SPINS, Frozen(0 * one), Frozen(one)))
            return Symmetrized(inner, symmetry_group(["translations", "spin-flip"], (4,), SPINS))


VALUES = {
    "units": [(-1.0, 1.0), (2, 3, 4), (-1.0, 1.0), (2, 3, 4)],
    "symmetrized": [(-1.0, 1.0)] * 4,
    "born machine": [range(4)] * 4,
}
KINDS = ["made, shuffled", "gru", "linear", "k-gram", "born machine", "ensemble", "units"]
KINDS += ["symmetrized", "any-order", "any-order, mixed"]
PICKED = {"ensemble", "symmetrized"}
"""Few of several draws are kept, by weight: what is left of the weights hardly matters."""
EXACT_ANYWHERE = {"born machine"}
EXACT_AT_FIRST = {"any-order", "gru", "linear", "k-gram", "units", "born machine"}
FIRST, LAST = np.array([True, True, False, False]), np.array([False, True, False, True])


TRACED = []
"""One entry for each tracing of ``completed``."""


@eqx.filter_jit
def completed(model, key, x, known, count):
    TRACED.append(known)
    keys = jax.random.split(key, count)
    return jax.vmap(lambda key: model.complete(key, x, known))(keys)


@eqx.filter_jit
def probabilities(model, rows):
    return jnp.exp(jax.vmap(model.log_prob)(rows))


def enumerated(model, kind):
    values = VALUES.get(kind, [range(size) for size in SIZES])
    rows = np.array(list(itertools.product(*values)), np.float32)
    return rows, np.asarray(probabilities(model, rows), np.float64)


def deviations(rows, p, drawn, weights, known, x):
    """(measured - truth) / measured error of every conditional probability, and the largest gap."""
    allowed = np.all(rows[:, known] == x[known], axis=1)
    truth = p[allowed] / p[allowed].sum()
    digits = 8.0 ** np.arange(rows.shape[1])[::-1]
    index = np.searchsorted(rows[allowed] @ digits, drawn @ digits)
    assert np.array_equal(rows[allowed][index], drawn)
    share = weights / weights.mean()
    found, square = (np.bincount(index, s, len(truth)) / len(drawn) for s in (share, share**2))
    # The variance of share * (hit - truth), whose mean is found - truth.
    variance = square * (1 - 2 * truth) + truth**2 * square.sum() - (found - truth) ** 2
    error = np.sqrt(np.maximum(variance, 0.0) / len(drawn))
    return (found - truth) / np.hypot(error, 1 / len(drawn)), np.abs(found - truth).max()


@pytest.mark.parametrize("kind", KINDS)
def test_weighted_draws_follow_the_conditional_distribution(kind):
    """One program serves both masks."""
    model, before = build(kind), len(TRACED)
    sampler = conditional_sampler(model)
    assert isinstance(sampler, ConditionalSampler)
    rows, p = enumerated(model, kind)
    for known in (FIRST, LAST):
        x = np.where(known, rows[len(rows) // 2 + 1], np.nan).astype(np.float32)
        drawn, logs = completed(sampler, jax.random.key(3), x, known, DRAWS)
        drawn, weights = np.asarray(drawn), np.exp(np.asarray(logs, np.float64))
        assert np.array_equal(drawn[:, known], np.broadcast_to(x[known], (DRAWS, known.sum())))
        marginal = p[np.all(rows[:, known] == x[known], axis=1)].sum()
        error = weights.std() / np.sqrt(DRAWS)
        assert abs(weights.mean() - marginal) < 4 * error + 1e-5 * marginal
        off, largest = deviations(rows, p, drawn, weights, known, x)
        assert np.all(np.abs(off) < 4)
        assert largest < 0.02
        exact = kind in (EXACT_AT_FIRST if known is FIRST else EXACT_ANYWHERE)
        assert (np.ptp(logs) < 1e-4) == exact
        if not exact and kind not in PICKED:  # The control: weights ignored.
            off, _ = deviations(rows, p, drawn, np.ones(DRAWS), known, x)
            assert np.abs(off).max() > 6
        # The control for all: the distribution of the unknown sites whatever the known ones are.
        assert (
            np.abs(deviations(rows, unrelated(rows, p, known), drawn, weights, known, x)[0]).max()
            > 6
        )
    assert len(TRACED) == before + 1


def unrelated(rows, p, known):
    """The product of the two marginal distributions, of the known sites and of the others."""
    same = np.all(rows[:, None, known] == rows[None, :, known], axis=2)
    others = np.all(rows[:, None, ~known] == rows[None, :, ~known], axis=2)
    return (same @ p) * (others @ p)


def test_a_density_without_conditionals_has_no_sampler():
    assert conditional_sampler(StandardNormal((2,))) is None
    units = Units(Support.of([Positive()] * 2), Frozen(jnp.zeros(2)), Frozen(jnp.ones(2)))
    assert conditional_sampler(DensityInUnits(StandardNormal((2,)), units)) is None


@pytest.mark.parametrize("kind", ["made, shuffled", "gru"])
def test_a_draw_and_its_log_prob_come_from_one_pass(kind):
    model = build(kind)

    @eqx.filter_jit
    def draw(model, key):
        keys = jax.random.split(key, 200)
        drawn, logs = jax.vmap(model.sample_and_log_prob)(keys)
        return drawn, jax.vmap(model.sample)(keys), logs, jax.vmap(model.log_prob)(drawn)

    drawn, again, logs, scored = draw(model, jax.random.key(8))
    np.testing.assert_allclose(logs, scored, atol=1e-4)
    np.testing.assert_array_equal(drawn, again)


@eqx.filter_jit
def density_of_reals(key):
    """Of two positive columns."""
    support = Support.of([Positive(), Positive()])
    units = Units.fit(support, jnp.exp(jax.random.normal(key, (50, 2))))
    made = Made(jax.random.key(1), columns_of(support, components=3, octaves=2), width=8)
    return DensityInUnits(loud(made), units)


def test_a_density_of_reals_keeps_known_values_bit_for_bit():
    """log p(known) of two positive columns, known one first, is that of their joint density."""
    model = density_of_reals(jax.random.key(0))
    sampler = conditional_sampler(model)
    x, known = np.float32([0.7361, np.nan]), np.array([True, False])
    drawn, logs = completed(sampler, jax.random.key(2), x, known, 300)
    assert np.all(np.asarray(drawn)[:, 0] == np.float32(0.7361))
    grid = np.exp(np.linspace(-12, 12, 4001, dtype=np.float32))
    rows = np.stack([np.full_like(grid, 0.7361), grid], axis=1)
    marginal = np.trapezoid(np.asarray(probabilities(model, rows)), grid)
    np.testing.assert_allclose(np.exp(np.asarray(logs)), marginal, rtol=2e-3)


@eqx.filter_jit
def exchanged(key):
    """Of two reals, symmetric under their exchange in units of 1 and 3."""
    support = Support.of([Real(), Real()])
    made = Made(key, columns_of(support, components=3, octaves=2), width=8)
    group = symmetry_group(["translations"], (2,), support).in_frame([0.0, 0.0], [1.0, 3.0])
    return Symmetrized(loud(made), group)


def test_a_map_between_columns_of_other_scales_carries_its_jacobian():
    """Two columns that are exchanged, the second measured in thirds of the unit of the first."""
    model = exchanged(jax.random.key(1))
    x, known = np.float32([0.4, np.nan]), np.array([True, False])
    _, logs = completed(conditional_sampler(model), jax.random.key(2), x, known, 4000)
    weights = np.exp(np.asarray(logs, np.float64))
    grid = np.linspace(-60, 60, 8001, dtype=np.float32)
    rows = np.stack([np.full_like(grid, 0.4), grid], axis=1)
    marginal = np.trapezoid(np.asarray(probabilities(model, rows)), grid)
    error = weights.std() / np.sqrt(len(weights))
    assert error < 0.1 * marginal
    assert abs(weights.mean() - marginal) < 4 * error
