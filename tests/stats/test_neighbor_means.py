"""Local means: close to the truth on several distributions, and blind to a row's own value."""

import numpy as np
import pytest

from energeia.stats.neighbor_means import cross_fitted_mean, local_mean


def line(rng, n):
    x = rng.normal(size=(n, 1))
    return x, 0.5 + 0.5 * np.tanh(x[:, 0])


def plane_with_a_hole(rng, n):
    x = rng.uniform(-1, 1, (n, 2))
    return x, np.where(np.sum(x**2, axis=1) < 0.25, 0.0, 1.0)


def nothing_to_learn(rng, n):
    return rng.normal(size=(n, 3)), np.full(n, 0.6)


def spins(rng, n):
    x = rng.integers(0, 2, (n, 8)).astype(float)
    return x, np.clip(x.mean(axis=1) * 1.2 - 0.2, 0, 1)


@pytest.mark.parametrize("draw", [line, plane_with_a_hole, nothing_to_learn, spins])
def test_the_chosen_number_of_neighbors_is_close_to_the_best(draw):
    rng = np.random.default_rng(0)
    x, truth = draw(rng, 4000)
    signs = np.where(rng.uniform(size=4000) < (1 + truth) / 2, 1.0, -1.0)
    found = cross_fitted_mean(x, signs)

    def error(values):
        return np.sqrt(np.mean((values - truth) ** 2))

    fold = np.random.default_rng(0).permutation(4000) % 5

    def fixed(neighbors):
        out = np.empty(4000)
        for k in range(5):
            own = fold == k
            out[own] = local_mean(x[~own], signs[~own], x[own], neighbors)
        return error(out)

    every = {k: fixed(k) for k in (8, 32, 128, 512)}
    # Where means do not vary at all, the choice among large numbers is left to chance.
    assert error(found.values) < 1.2 * min(every.values()) + 0.02
    # The control: a poor number is far worse.
    assert max(every.values()) > 1.6 * min(every.values())


def test_a_rows_own_value_never_enters_its_mean():
    rng = np.random.default_rng(0)
    x, values = rng.normal(size=(500, 2)), rng.normal(size=500)
    before = cross_fitted_mean(x, values)
    changed = values.copy()
    changed[7] += 0.5
    after = cross_fitted_mean(x, changed)
    assert after.neighbors == before.neighbors
    assert after.values[7] == before.values[7]
    assert np.any(after.values != before.values)


def test_equal_rows_enter_together():
    x = np.repeat([[0.0], [1.0]], [6, 10], axis=0)
    values = np.arange(16.0)
    assert local_mean(x, values, np.array([[0.1]]), 3)[0] == np.mean(values[:6])
    assert local_mean(x, values, np.array([[0.1]]), 7)[0] == np.mean(values)
    assert local_mean(x, values, np.array([[0.1]]), 99)[0] == np.mean(values)


def test_few_rows_have_means_too():
    x, values = np.arange(12.0)[:, None], np.ones(12)
    assert np.array_equal(cross_fitted_mean(x, values).values, np.ones(12))
