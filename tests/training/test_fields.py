"""Optional fields of rows in the loop: refused where not honored, normalized, streamed, and
weights by which rows are drawn."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from tests.training.games import Gauss, gauss_game, gauss_rows, settings

from energeia._core.errors import InputError
from energeia.contracts import Batch
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.training.batches import Streamed, batches
from energeia.training.fields import checked_fields, on_device
from energeia.training.held_out import make_held_out
from energeia.training.loop import train
from energeia.training.rounds import make_round
from energeia.training.shuffling import WeightedOrder, cumulative_shares, rows_by_weight
from energeia.training.state import initial_state

KEY = jax.random.key(3)


def weighted_game():
    game, modules = gauss_game()
    return game._replace(objective=MaximumLikelihood()), modules


def weighted_rows(count=2000):
    rows = gauss_rows(count)
    return rows._replace(weight=np.exp(0.7 * rows.x[:, 0]))


def weighted_moments(rows):
    mean = np.average(rows.x, axis=0, weights=rows.weight)
    return mean, np.sqrt(np.average((rows.x - mean) ** 2, axis=0, weights=rows.weight))


@pytest.mark.parametrize("name", ["observed", "noise"])
def test_a_field_that_is_not_honored_is_refused_by_name(name):
    game, modules = gauss_game()
    rows, value = gauss_rows(20), np.ones((20, 2), bool)
    with pytest.raises(InputError, match=f"Likelihood, which does not honor them.*{name}"):
        train(game, modules, rows._replace(**{name: value}), None, settings(), KEY)


@pytest.mark.parametrize(
    "weight", [np.zeros(20), np.r_[-1.0, np.ones(19)], np.full(20, np.nan), np.full(20, np.inf)]
)
def test_weights_without_a_loss_are_refused(weight):
    with pytest.raises(InputError, match="nonnegative_weights"):
        checked_fields(MaximumLikelihood(), gauss_rows(20)._replace(weight=weight))


def test_one_weight_belongs_to_each_row():
    with pytest.raises(InputError, match=r"shape \(3,\) were given with 20 rows"):
        checked_fields(MaximumLikelihood(), gauss_rows(20)._replace(weight=np.ones(3)))


@pytest.mark.parametrize("resident_mb", [64, 0])
@pytest.mark.parametrize("honored", [True, False])
def test_a_weighted_fit_finds_the_weighted_moments(honored, resident_mb):
    """In the loss where the objective honors weights, else by how often a row is drawn."""
    game, modules = weighted_game() if honored else gauss_game()
    assert ("weight" in game.objective.honors) == honored
    rows = weighted_rows()
    chosen = settings(rounds=600, average=0.99, resident_mb=resident_mb)
    found = train(game, modules, rows._replace(weight=7.0 * rows.weight), None, chosen, KEY)
    mean, deviation = weighted_moments(rows)
    effective = rows.weight.sum() ** 2 / (rows.weight**2).sum()
    apart = np.abs(np.asarray(found.modules["model"].mean) - mean) / deviation
    # A batch of a hundred averaged over many rounds scatters by less than the error of all rows.
    assert np.all(apart < 4 / np.sqrt(effective))
    control = np.abs(rows.x.mean(axis=0) - mean) / deviation
    assert control.max() > 12 / np.sqrt(effective)


def test_the_held_out_loss_is_the_weighted_mean_over_all_blocks():
    rows = checked_fields(MaximumLikelihood(), weighted_rows(1300))
    model = Gauss(jnp.array([0.5, -2.0]), jnp.zeros(2))
    loss = make_held_out(MaximumLikelihood(), {"model": model}, rows, KEY)
    terms = -np.asarray(jax.vmap(model.log_prob)(jnp.asarray(rows.x, float)))
    found = float(loss({"model": model}))
    assert np.isclose(found, np.average(terms, weights=rows.weight), rtol=1e-5)
    assert abs(found - terms.mean()) > 0.1


@pytest.mark.parametrize("resident_mb", [64, 0])
def test_rows_are_drawn_in_proportion_to_their_weights(resident_mb):
    weight = np.array([0.0, 3.0, 1.0, 0.0, 4.0, 0.0])
    rows = Batch(np.arange(6.0)[:, None], weight=weight)
    source = batches(rows, 2000, 1, resident_mb, seed=5, by_weight=True)
    inputs = source.inputs(3, 1)
    inputs = inputs._replace(streamed=jax.tree.map(lambda a: a[0], inputs.streamed))
    drawn = source.draw(KEY, inputs, 0)
    assert drawn.weight is None
    counts = np.bincount(np.asarray(drawn.x[:, 0], int), minlength=6)
    expected = 2000 * weight / weight.sum()
    assert np.all(counts[weight == 0] == 0)
    assert np.all(np.abs(counts - expected) <= 4 * np.sqrt(expected))


def test_a_part_of_the_weighted_order_is_the_same_as_in_one_piece():
    order = WeightedOrder(cumulative_shares(np.arange(1.0, 50.0)), 7)
    whole = order.indices(0, 10_000)
    np.testing.assert_array_equal(whole[4000:9000], order.indices(4000, 5000))
    assert len(set(whole[:4096]) & set(whole[4096:])) > 40
    assert not np.array_equal(whole[:4096], whole[4096:8192])


def test_held_out_rows_of_an_objective_without_weights_are_drawn_by_weight():
    rows = rows_by_weight(weighted_rows(4000), 4000, seed=1)
    assert rows.weight is None
    mean, deviation = weighted_moments(weighted_rows(4000))
    assert np.all(np.abs(rows.x.mean(axis=0) - mean) < 4 * deviation / np.sqrt(4000))


def test_streamed_rows_bring_their_own_fields():
    count = np.arange(300.0)
    rows = Batch(count[:, None], None, count, (count % 2 > 0)[:, None])
    source = batches(rows, 10, 2, 0, seed=0)
    assert isinstance(source, Streamed)
    drawn = source.draw(KEY, jax.tree.map(lambda a: a[0], source.inputs(0, 1)), 1)
    assert np.array_equal(drawn.weight, drawn.x[:, 0])
    assert drawn.observed.dtype == bool
    assert np.array_equal(drawn.observed, drawn.x % 2 > 0)


def test_an_augmented_batch_keeps_its_weights():
    game, modules = weighted_game()
    rows = checked_fields(game.objective, weighted_rows(200))
    source = batches(rows, 50, 1, 64, seed=0)
    flipped = make_round(game, modules, source, 0.0, lambda key, x: -x)
    state = initial_state(KEY, game, modules, jax.tree.map(on_device, rows), average=False)
    _, metrics = flipped(state, source.inputs(0, 1), KEY)
    without = make_round(
        game, modules, batches(rows._replace(weight=None), 50, 1, 64, seed=0), 0.0,
        lambda key, x: -x,
    )  # fmt: skip
    _, control = without(state, batches(rows._replace(weight=None), 50, 1, 64, 0).inputs(0, 1), KEY)
    assert metrics["model/loss"] != control["model/loss"]
