"""The weighted mean, and every objective that declares it honors weights."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.objectives.test_likelihood import Noisy, Normal
from tests.objectives.test_variational import model as latent

from energeia.contracts import Batch, Objective
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.objectives.members import MemberLikelihood
from energeia.objectives.reduction import random_rows, weighted_mean
from energeia.objectives.variational import WeightedBound

KEY = jax.random.key(0)
X = jnp.sort(jax.random.normal(jax.random.key(1), (40, 1)) ** 2, axis=0)
COUNTS = np.repeat([0, 1, 3], [24, 4, 12])
"""Whole weights of mean one: a row of weight 3 counts like three rows."""
MEMBERS = jax.vmap(Normal)(jnp.array([0.2, 1.0]))


def test_a_plain_mean_has_no_weights():
    values = jnp.arange(12.0).reshape(4, 3)
    assert jnp.array_equal(weighted_mean(values, Batch(values)), values.mean(axis=0))


def test_batches_of_any_size_have_the_mean_of_all_rows_on_average():
    rng = np.random.default_rng(0)
    values = rng.normal(size=4000)
    weight = np.exp(values + rng.normal(size=4000))
    weight /= weight.mean()
    truth = np.mean(weight * values)
    pairs = [a.reshape(-1, 4) for a in (values, weight)]
    ours = [float(weighted_mean(jnp.asarray(v), Batch(v, weight=w))) for v, w in zip(*pairs)]
    assert np.isclose(np.mean(ours), truth, rtol=1e-4)
    ratios = np.sum(pairs[0] * pairs[1], axis=1) / np.sum(pairs[1], axis=1)
    # The control: normalized within batches of four, the mean is biased by many errors.
    assert abs(ratios.mean() - truth) > 4 * ratios.std() / np.sqrt(len(ratios))


@pytest.mark.parametrize(
    ("objective", "modules", "memory"),
    [
        (MaximumLikelihood(), {"model": Normal(jnp.array(0.3))}, None),
        (MemberLikelihood(), {"members": MEMBERS}, None),
        (WeightedBound(beta=2.0, free_bits=0.1), latent(), jnp.zeros((), jnp.int32)),
    ],
    ids=lambda p: type(p).__name__,
)
def test_a_row_of_weight_three_counts_like_three_rows(objective, modules, memory):
    assert objective.honors == {"weight"}
    x = jnp.tile(X + 0.1, (1, 2)) if isinstance(objective, WeightedBound) else X
    often = Batch(jnp.repeat(x, COUNTS, axis=0, total_repeat_length=40))
    weighted = Batch(x, weight=jnp.asarray(COUNTS, float))

    def means(rows):
        keys = jax.random.split(KEY, 200 if memory is not None else 1)

        def one(key):
            (player,) = objective.players
            loss, _ = objective.loss(player, key, modules, rows, memory)
            return jnp.stack([loss, objective.held_out(key, modules, rows)])

        return np.asarray(jax.jit(jax.vmap(one))(keys))

    ours, theirs, without = (means(rows) for rows in (weighted, often, Batch(x)))
    error = np.sqrt((ours.var(axis=0) + theirs.var(axis=0)) / len(ours))
    assert np.all(np.abs(ours.mean(axis=0) - theirs.mean(axis=0)) < 4 * error + 1e-5)
    assert np.all(np.abs(ours.mean(axis=0) - without.mean(axis=0)) > 4 * error + 1e-3)


def test_an_importance_weighted_bound_is_weighted_row_by_row():
    modules, weight = {"model": Noisy()}, jnp.zeros(40).at[3].set(40.0)
    found = MaximumLikelihood(1).held_out(KEY, modules, Batch(X, weight=weight))
    keys = jax.random.split(KEY, (1, 40))[0]
    alone = -Noisy().log_weight(keys[3], X[3])
    assert jnp.isclose(found, alone, rtol=1e-5)


def test_rows_are_drawn_by_weight():
    weight = jnp.array([0.0, 1.0, 3.0])
    drawn = np.bincount(random_rows(KEY, Batch(jnp.zeros((3, 1)), weight=weight), 4000))
    assert drawn[0] == 0
    assert abs(drawn[1] - 1000) < 4 * np.sqrt(4000 * 0.25 * 0.75)
    even = np.bincount(random_rows(KEY, Batch(jnp.zeros((2, 1)), weight=jnp.zeros(2)), 4000))
    assert abs(even[1] - 2000) < 4 * np.sqrt(1000)


def test_an_objective_honors_nothing_by_default():
    assert Objective.honors.fget(None) == frozenset()  # pyright: ignore
