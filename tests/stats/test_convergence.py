"""One tau for effective size and time, and squares that show what coordinates hide."""

import numpy as np
import pytest
from tests.stats.test_autocorrelation import ar1, ar1_time

from energeia.stats.convergence import mixing, standing_still


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9])
def test_time_and_effective_size_are_of_one_tau_and_that_of_ar1(phi):
    x = ar1(phi, 8, 10_000, seed=3)[..., None]
    found = mixing(x)
    assert found.time == pytest.approx(8 * 10_000 / (2 * found.ess))
    assert abs(found.time - ar1_time(phi)) < 0.15 * ar1_time(phi)


def test_alternating_chains_are_seen_by_their_squares():
    """x_t = a_t (-1)^t with a slow a: tau of x is almost 0, that of x^2 is that of a^2."""
    slow = ar1(0.99, 16, 4000, seed=0)
    alternating = slow * np.tile([1.0, -1.0], 2000)
    found, honest = mixing(alternating[..., None]), mixing(slow[..., None])
    squares = ar1_time(0.99**2)
    assert abs(found.time - squares) < 0.4 * squares
    assert found.ess < 16 * 4000 / 20
    # The twin that does not alternate: its own tau is the worst.
    assert abs(honest.time - ar1_time(0.99)) < 0.4 * ar1_time(0.99)
    # The control that must not fire: independent draws lose nothing by their squares.
    independent = mixing(np.random.default_rng(1).normal(size=(16, 4000, 2)))
    assert independent.ess > 0.9 * 16 * 4000
    assert independent.time < 0.56


def test_two_values_have_squares_that_say_no_more():
    spins = np.where(np.random.default_rng(0).random((8, 1000, 2)) < 0.3, -1.0, 1.0)
    assert mixing(spins).ess > 0.8 * 8000


def test_a_time_beyond_a_fifth_of_a_chain_is_not_told():
    assert np.isnan(mixing(np.cumsum(ar1(0.0, 4, 200, seed=0), axis=1)[..., None]).time)


def test_columns_that_never_move_count_for_nothing():
    x = np.random.default_rng(0).normal(size=(4, 500, 2))
    with_constant = np.concatenate([x, np.full((4, 500, 1), 0.1)], axis=2)
    assert mixing(with_constant) == mixing(x)
    assert all(np.isnan(value) for value in mixing(np.full((4, 500, 2), 0.1)))


def test_chains_that_never_leave_their_first_draw_are_counted():
    x = np.random.default_rng(0).normal(size=(5, 100, 2))
    assert standing_still(x) == 0
    x[1:3] = x[1:3, :1]
    assert standing_still(x) == 2
