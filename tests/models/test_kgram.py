"""Counted tables: against direct counts, the chosen order, what is impossible, what is drawn."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np

from energeia.models.kgram import HELD_OUT, SMOOTHINGS, KGram, _contexts, _Counting

RNG = np.random.default_rng(0)


def markov_rows(count, sites=6):
    """Each outcome repeats the one two sites before with probability 0.8."""
    rows = RNG.integers(0, 3, (count, sites))
    for i in range(2, sites):
        keep = RNG.random(count) < 0.8
        rows[keep, i] = rows[keep, i - 2]
    return rows


def test_the_true_order_is_chosen_and_probabilities_sum_to_one():
    model = jax.jit(KGram.fit, static_argnums=(1, 2))(markov_rows(4000), (3,) * 6, 3)
    assert int(model.order.value) == 2
    every = np.array(list(itertools.product(range(3), repeat=6)))
    p = np.exp(np.asarray(jax.jit(jax.vmap(model.log_prob))(every), float))
    assert abs(p.sum() - 1) < 1e-5
    drawn = np.asarray(jax.jit(jax.vmap(model.sample))(jax.random.split(jax.random.key(0), 20_000)))
    repeats = np.mean(drawn[:, 2:] == drawn[:, :-2])
    exact = np.sum(p[:, None] * (every[:, 2:] == every[:, :-2])) / 4
    error = np.std(np.mean(drawn[:, 2:] == drawn[:, :-2], axis=1)) / 20_000**0.5
    assert abs(repeats - exact) < 4 * error
    assert abs(repeats - 1 / 3) > 20 * error


def test_independent_rows_choose_order_zero():
    model = KGram.fit(jnp.asarray(RNG.integers(0, 3, (600, 5))), (3,) * 5, 3)
    assert int(model.order.value) == 0


def test_tables_are_smoothed_counts():
    rows = jnp.asarray(markov_rows(50, 3))
    counting = _Counting((3,) * 3, 1)
    tables = counting.tables(counting.counts(rows))
    s = SMOOTHINGS[1]
    after = rows[:, 2][np.asarray(rows[:, 1]) == 1]
    first = (np.bincount(rows[:, 2], minlength=3) + s / 3) / (50 + s)
    second = (np.bincount(after, minlength=3) + s * first) / (len(after) + s)
    assert np.allclose(np.exp(tables[len(SMOOTHINGS) + 1][2, 1]), second, rtol=1e-5)
    assert len(tables) == 2 * len(SMOOTHINGS)
    assert 0 < HELD_OUT < 1


def test_contexts_put_the_nearest_site_lowest():
    assert _contexts(jnp.array([[1, 2, 0, 2]]), 3, 2).tolist() == [[0, 1, 5, 6]]


def test_codes_that_a_column_does_not_have_are_impossible():
    rows = jnp.asarray(np.column_stack([RNG.integers(0, 2, 100), RNG.integers(0, 3, 100)]))
    model = KGram.fit(rows, (2, 3), 1)
    assert float(model.log_prob(jnp.array([2, 0]))) == -np.inf
    assert np.isfinite(float(model.log_prob(jnp.array([1, 2]))))
