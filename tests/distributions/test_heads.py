"""Heads: normalized over their column, drawn as scored, started near the marginal."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from energeia.distributions.columns import Columns, columns_of
from energeia.distributions.discrete import Bernoulli, DiscretizedLogistics, Ordinal, Softmax
from energeia.distributions.mixture import StudentMixture, WrappedMixture
from energeia.support import Binary, Categorical, Circle, Integer, Real, Support

DISCRETE = [
    (Bernoulli(), 2),
    (Softmax(5), 5),
    (Ordinal(9, 6), 9),
    (Ordinal(24, 6, usual=9), 24),
    (DiscretizedLogistics(300, 4), 300),
]
CONTINUOUS = [(StudentMixture(4), -60.0, 60.0), (WrappedMixture(4), -np.pi, np.pi)]


def theta_of(head, scale=1.0):
    return scale * jax.random.normal(jax.random.key(3), (head.parameters,))


def probabilities(head, theta, size):
    return np.exp(jax.jit(jax.vmap(lambda y: head.log_prob(theta, y)))(jnp.arange(size) * 1.0))


@pytest.mark.parametrize(("head", "size"), DISCRETE)
def test_discrete_heads_sum_to_one(head, size):
    for scale in (1.0, 20.0):
        total = probabilities(head, theta_of(head, scale), size).sum()
        assert abs(total - 1) < 1e-5


@pytest.mark.parametrize(("head", "low", "high"), CONTINUOUS)
def test_continuous_heads_integrate_to_one(head, low, high):
    grid = jnp.linspace(low, high, 400_001)
    density = np.exp(jax.jit(jax.vmap(lambda y: head.log_prob(theta_of(head), y)))(grid))
    assert abs(np.trapezoid(density.astype(float), np.asarray(grid, float)) - 1) < 1e-4


@pytest.mark.parametrize(("head", "size"), DISCRETE)
def test_discrete_samples_follow_the_probabilities(head, size):
    theta, count = theta_of(head), 40_000
    keys = jax.random.split(jax.random.key(0), count)
    drawn = np.asarray(jax.jit(jax.vmap(lambda k: head.sample(k, theta)))(keys), int)
    p = probabilities(head, theta, size).astype(float)
    bins = np.minimum((np.cumsum(p) - p / 2) * 12, 11).astype(int)
    seen = np.bincount(bins[drawn], minlength=12)
    due = np.bincount(bins, weights=p / p.sum(), minlength=12) * count
    used = due > 0
    assert stats.chisquare(seen[used], due[used]).pvalue > 1e-4
    # Control: the head with its parameters halved is told apart.
    wrong = np.bincount(bins, weights=probabilities(head, 0.5 * theta, size), minlength=12)
    wrong = wrong[used] / wrong[used].sum() * count
    assert stats.chisquare(seen[used], wrong).pvalue < 1e-6


@pytest.mark.parametrize(("head", "low", "high"), CONTINUOUS)
def test_continuous_samples_follow_the_density(head, low, high):
    theta = theta_of(head)
    keys = jax.random.split(jax.random.key(0), 20_000)
    drawn = np.asarray(jax.jit(jax.vmap(lambda k: head.sample(k, theta)))(keys))
    assert np.all((drawn >= low) & (drawn <= high))
    grid = jnp.linspace(low, high, 100_001)

    def test(theta):
        density = np.exp(jax.jit(jax.vmap(lambda y: head.log_prob(theta, y)))(grid)).astype(float)
        total = np.cumsum(density) * float(grid[1] - grid[0])
        return stats.kstest(drawn, lambda y: np.interp(y, np.asarray(grid), total)).pvalue

    assert test(theta) > 1e-4
    assert test(0.5 * theta) < 1e-6


@pytest.mark.parametrize("head", [h for h, *_ in DISCRETE + CONTINUOUS])
def test_gradients_are_finite_at_extremes(head):
    for theta in (jnp.zeros(head.parameters), theta_of(head, 30.0)):
        for y in (0.0, 1.0):
            gradient = jax.jit(jax.grad(head.log_prob))(theta, jnp.asarray(y))
            assert np.all(np.isfinite(gradient))


@pytest.mark.parametrize(
    ("head", "data"),
    [
        (Bernoulli(), [0, 1, 1, 1]),
        (Softmax(4), [0, 0, 1, 3]),
        (Ordinal(6, 5), [0, 0, 0, 1, 2, 5, 5]),
        (StudentMixture(8), np.linspace(-2, 2, 64)),
        (WrappedMixture(8), np.linspace(-2, 2, 64)),
        (DiscretizedLogistics(300, 8), np.arange(40, 200)),
    ],
)
def test_initial_parameters_beat_none(head, data):
    data = jnp.tile(jnp.asarray(data, float), 50)
    theta = head.initial(data)

    def mean(theta):
        return float(jnp.mean(jax.jit(jax.vmap(lambda y: head.log_prob(theta, y)))(data)))

    assert mean(theta) > mean(jnp.zeros(head.parameters)) + 0.1


def test_the_tail_of_a_count_falls_beyond_what_was_seen():
    """Geometric counts: their logarithm falls by log(1 / 0.7) from one to the next."""
    y = np.random.default_rng().geometric(0.3, 4000) - 1.0
    column = Integer.count(int(y.max()))
    (head,) = columns_of(Support.of([column])).heads
    theta = head.initial(jnp.asarray(y))
    p = probabilities(head, theta, column.size).astype(float)
    beyond = column.largest + 1
    assert 0 < p[beyond:].sum() < 1e-2
    falls = -np.diff(np.log(p[beyond - 1 :]))
    assert np.all(np.abs(falls - np.log(1 / 0.7)) < 0.1)
    closed = Ordinal(column.size, head.waves)
    flat = probabilities(closed, closed.initial(jnp.asarray(y)), column.size)
    assert np.abs(np.diff(np.log(flat[beyond:])) + np.log(1 / 0.7)).max() > 0.2  # the control


def test_columns_choose_and_lay_out_heads():
    support = Support.of(
        [Binary(), Integer(0, 3), Real(), Circle(0.0, 1.0), Categorical((1.0, 5.0, 9.0)), Binary()]
    )
    columns = columns_of(support, components=2, octaves=1)
    y = jnp.array([1.0, 2.0, -0.3, 1.0, 2.0, 0.0])
    assert jax.eval_shape(columns.embed, y).shape == (sum(columns.features),)
    theta = jax.random.normal(jax.random.key(0), (sum(columns.parameters),))
    each = jax.jit(columns.log_prob)(theta, y)
    starts = np.cumsum((0, *columns.parameters))
    for i, kind in enumerate(columns.kinds):
        own = theta[starts[i] : starts[i + 1]]
        alone = jax.jit(columns.heads[kind].log_prob)(own, y[i])
        assert np.allclose(each[i], alone, atol=1e-6)


def test_shuffle_keeps_kinds_in_place():
    columns = Columns((Bernoulli(), StudentMixture(2)), (0, 1, 0, 0, 1))
    order = np.asarray(columns.shuffle(jax.random.key(2)))
    assert sorted(order) == list(range(5))
    assert [columns.kinds[i] for i in order] == list(columns.kinds)
