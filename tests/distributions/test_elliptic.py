"""Mixtures with full covariances: exact conditionals, and fits against truth and scikit-learn."""

import jax
import numpy as np
import pytest
from scipy.stats import multivariate_t, norm, t
from sklearn.mixture import GaussianMixture

from energeia.distributions import Components, EllipticMixture, fit_mixture

LOWER = np.array([
    [[0.8, 0.0, 0.0], [0.5, 0.6, 0.0], [-0.2, 0.3, 0.5]],
    [[0.4, 0.0, 0.0], [-0.3, 0.7, 0.0], [0.6, 0.2, 0.9]],
])  # fmt: skip
MEANS = np.array([[-1.0, 0.5, 0.0], [1.0, -0.5, 1.0]])
TABLE = np.log([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])


def components(tail):
    shares, tables = np.log([0.3, 0.7]), TABLE
    return jax.tree.map(
        lambda a: jax.device_put(np.asarray(a, np.float32)),
        Components(shares, MEANS, LOWER, tables, np.asarray(tail)),
    )


def joint_density(x, tail):
    """p of three numbers and a code, by scipy."""
    total = 0.0
    for share, mean, lower, table in zip((0.3, 0.7), MEANS, LOWER, TABLE, strict=True):
        df = 1 / tail if tail else np.inf
        p = multivariate_t(mean, lower @ lower.T, df).pdf(x[..., :3])
        total = total + share * p * np.exp(table[x[..., 3].astype(int)])
    return total


@pytest.mark.parametrize("tail", [0.0, 0.25])
def test_densities_are_those_of_scipy_and_conditionals_their_ratios(tail):
    """The first number is a condition, the second column a code."""
    model = EllipticMixture(components(tail), (0, 3, 0), condition_shape=(1,))
    rng = np.random.default_rng(0)
    y = np.column_stack([rng.normal(size=6), rng.integers(0, 3, 6), rng.normal(size=6)])
    c = rng.normal(size=(6, 1))
    found = np.asarray(jax.jit(jax.vmap(model.log_prob))(np.float32(y), np.float32(c)))
    whole = joint_density(np.column_stack([c[:, 0], y[:, 0], y[:, 2], y[:, 1]]), tail)
    alone = sum(
        share * multivariate_t([mean[0]], [[(lower @ lower.T)[0, 0]]], 1 / tail if tail else np.inf)
        .pdf(c)
        for share, mean, lower in zip((0.3, 0.7), MEANS, LOWER, strict=True)
    )  # fmt: skip
    np.testing.assert_allclose(found, np.log(whole / np.squeeze(alone)), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("tail", [0.0, 0.25])
def test_completions_are_exact_for_any_mask_by_one_program(tail):
    """Means, squares and tails of what is unknown against a grid; weights are p(known)."""
    model = EllipticMixture(components(tail), (0, 0, 0, 3))
    traced = []

    @jax.jit
    def draw(key, x, known):
        traced.append(None)
        return jax.vmap(lambda key: model.complete(key, x, known))(jax.random.split(key, 20_000))

    x = np.float32([0.4, np.nan, -0.3, 2])
    grid = np.linspace(-60.0, 60.0, 24_001)
    points = np.stack([np.full_like(grid, v) for v in (0.4, 0.0, -0.3, 2.0)], axis=1)
    points[:, 1] = grid
    density = joint_density(points, tail)
    known = np.array([True, False, True, True])
    rows, log_weights = draw(jax.random.key(0), x, known)
    rows = np.asarray(rows, float)
    assert np.all(rows[:, [0, 2, 3]] == np.nan_to_num(x)[[0, 2, 3]])
    step = grid[1] - grid[0]
    np.testing.assert_allclose(np.exp(log_weights), density.sum() * step, rtol=1e-3)
    for part in (np.tanh, lambda v: np.abs(v) > 2.0):
        values, truth = part(rows[:, 1]), np.sum(part(grid) * density) / density.sum()
        assert abs(values.mean() - truth) < 4 * values.std() / np.sqrt(len(values)) + 1e-4
    # The code alone is unknown: its probabilities given the three numbers.
    points = np.array([[0.4, 0.1, -0.3, code] for code in range(3)])
    shares = joint_density(points, tail)
    shares /= shares.sum()
    x = np.float32([0.4, 0.1, -0.3, 0])
    rows, _ = draw(jax.random.key(1), x, np.array([True, True, True, False]))
    counts = np.bincount(np.asarray(rows)[:, 3].astype(int), minlength=3)
    assert np.all(np.abs(counts - 20_000 * shares) < 4 * np.sqrt(20_000 * shares * (1 - shares)))
    assert np.max(np.abs(shares - np.exp(TABLE[0]))) > 0.05
    assert len(traced) == 1


@jax.jit
def fitted(key, y, weight):
    return fit_mixture(key, y, (0, 0, 2), weight=weight, most=8)


def test_a_fit_of_a_known_mixture_is_near_the_truth_and_weights_are_heard():
    """Two groups with a code each; weights that leave out one of them leave the other."""
    rng = np.random.default_rng(1)
    group = rng.uniform(size=3000) < 0.4
    real = np.where(group[:, None], [2.0, 0.0], [-2.0, 1.0]) + rng.normal(
        size=(3000, 2)
    ) @ np.array([[0.6, 0.4], [0.0, 0.3]])
    y = np.float32(np.column_stack([real, group]))
    model = fitted(jax.random.key(0), y, np.ones(3000, np.float32))
    score = np.asarray(jax.jit(jax.vmap(model.log_prob))(y)).mean()
    groups = [GaussianMixture(1).fit(real[group == g]) for g in (False, True)]
    truth = np.mean([
        np.log(np.mean(group == g)) + groups[int(g)].score_samples(r[None])[0]
        for r, g in zip(real[:300], group[:300], strict=True)
    ])  # fmt: skip
    near = np.asarray(jax.jit(jax.vmap(model.log_prob))(y[:300])).mean()
    assert abs(near - truth) < 0.02
    only = fitted(jax.random.key(0), y, np.float32(7e-9 * group))
    drawn = np.asarray(jax.jit(jax.vmap(only.sample))(jax.random.split(jax.random.key(1), 500)))
    assert drawn[:, 2].mean() > 0.99
    assert abs(drawn[:, 0].mean() - 2.0) < 0.2
    assert score > -3.0


def test_held_out_rows_choose_size_and_tails():
    rng = np.random.default_rng(2)
    fit = jax.jit(lambda key, y: fit_mixture(key, y, (0,), most=8))
    several = [rng.standard_t(3, size=(2000, 1)) for _ in range(5)]
    fits = [fit(jax.random.key(0), np.float32(rows)) for rows in several]
    tailed = [found for found in fits if float(found.components.tail) > 0.0]
    assert len(tailed) >= 3  # many normal components are within an error by chance
    heavy, found = several[-1], fits[-1]
    fresh = np.float32(rng.standard_t(3, size=(4000, 1)))
    apart = t(3).logpdf(fresh[:, 0]) - np.asarray(jax.jit(jax.vmap(found.log_prob))(fresh))
    assert apart.mean() < 0.02 + 4 * apart.std() / np.sqrt(4000)
    normal = GaussianMixture(1).fit(heavy)
    assert np.mean(t(3).logpdf(fresh[:, 0]) - normal.score_samples(fresh)) > 0.1  # the control
    three = np.concatenate([rng.normal(m, 0.5, (667, 1)) for m in (-4, 0, 4)])[:2000]
    found = fit(jax.random.key(0), np.float32(rng.permutation(three)))
    assert float(found.components.tail) == 0.0
    fresh = rng.choice([-4.0, 0.0, 4.0], 4000) + rng.normal(0, 0.5, 4000)
    truth = np.mean([norm(m, 0.5).pdf(fresh) for m in (-4, 0, 4)], axis=0)
    logs = np.asarray(jax.jit(jax.vmap(found.log_prob))(np.float32(fresh[:, None])))
    assert np.mean(np.log(truth) - logs) < 0.02
    assert (
        np.mean(np.log(truth) - GaussianMixture(1).fit(three).score_samples(fresh[:, None])) > 0.5
    )


def test_the_tail_of_a_multivariate_t_is_found_by_expectation_maximization():
    """Heavier and lighter than where the search starts; against the exact density."""
    rng, shape = np.random.default_rng(7), 0.5 * np.eye(3) + 0.5
    fit = jax.jit(lambda key, y: fit_mixture(key, y, (0, 0, 0), most=4))
    for df in (1.5, 25.0):
        known = multivariate_t(np.zeros(3), shape, df)
        y, fresh = (known.rvs(n, random_state=rng) for n in (4000, 8000))
        found = fit(jax.random.key(0), np.float32(y))
        # A light tail is within an error of none.
        assert abs(float(found.components.tail) - 1 / df) < 0.06 * (1 / df) + 0.04
        apart = known.logpdf(fresh) - np.asarray(
            jax.jit(jax.vmap(found.log_prob))(np.float32(fresh))
        )
        assert apart.mean() < 0.01 + 4 * apart.std() / np.sqrt(8000)
        control = multivariate_t(np.zeros(3), shape, 3.0).logpdf(fresh)
        assert np.mean(known.logpdf(fresh) - control) > 0.02


def test_codes_alone_are_a_mixture_of_independent_ones():
    """Four bits that are equal in 9 of 10 rows, against their exact entropy."""
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 2, (4000, 1)) * np.ones((1, 4))
    rows = np.where(rng.uniform(size=(4000, 1)) < 0.1, rng.integers(0, 2, (4000, 4)), rows)
    found = jax.jit(lambda key, y: fit_mixture(key, y, (2,) * 4, most=8))(
        jax.random.key(0), np.float32(rows)
    )
    every = np.stack(np.meshgrid(*[[0, 1]] * 4), axis=-1).reshape(-1, 4)
    same = np.isin(every.sum(axis=1), (0, 4))
    truth = 0.9 * 0.5 * same + 0.1 / 16
    log_q = np.asarray(jax.jit(jax.vmap(found.log_prob))(np.float32(every)), float)
    assert np.isclose(np.exp(log_q).sum(), 1.0, atol=1e-5)
    assert np.sum(truth * (np.log(truth) - log_q)) < 0.01
    assert np.sum(truth * (np.log(truth) + 4 * np.log(2))) > 0.5  # the control: independent bits


def test_codes_on_an_ordered_scale_are_expected_between_those_seen():
    """A hundred rows of a rounded normal with a hundred codes, against fresh ones."""
    rng = np.random.default_rng(4)
    every = np.float32(np.clip(np.round(rng.normal(50, 12, (4120, 1))), 0, 99))
    rows, fresh = every[:120], every[120:]
    scores = []
    for ordered in (True, False):
        fit = jax.jit(lambda key, y, o=(ordered,): fit_mixture(key, y, (100,), ordered=o, most=2))
        found = fit(jax.random.key(0), rows)
        log_q = np.asarray(jax.jit(jax.vmap(found.log_prob))(np.arange(100.0)[:, None]))
        assert np.isclose(np.exp(log_q).sum(), 1.0, atol=1e-4)
        scores.append(log_q[fresh[:, 0].astype(int)].mean())
    entropy = np.log(12 * np.sqrt(2 * np.pi * np.e))
    assert scores[0] > -entropy - 0.15
    assert scores[1] < scores[0] - 0.3  # the control


def test_angles_are_summed_over_turns_also_where_one_is_known():
    """Of two angles and a number: normalization, periodicity, and completions against a grid."""
    parts = Components(
        np.log([0.4, 0.6]), np.array([[2.9, -1.0, 0.0], [-0.5, 3.0, 1.0]]),
        LOWER * [[[1.6]], [[1.0]]], np.zeros((2, 0)), np.array(0.0),
    )  # fmt: skip
    parts = jax.tree.map(lambda a: jax.device_put(np.asarray(a, np.float32)), parts)
    model = EllipticMixture(parts, (0, 0, 0), periodic=(0, 1))
    score = jax.jit(jax.vmap(model.log_prob))
    angles = np.linspace(-np.pi, np.pi, 129)[:-1] + 0.01
    a, b, c = np.meshgrid(angles, angles, np.linspace(-9, 9, 61), indexing="ij")
    rows = np.float32(np.stack([a, b, c], axis=-1).reshape(-1, 3))
    p = np.exp(np.asarray(score(rows), np.float64)).reshape(a.shape)
    cell = (2 * np.pi / 128) ** 2 * 0.3
    assert abs(np.sum(p) * cell - 1) < 1e-3
    turned = rows[:50] + np.float32([2 * np.pi, -2 * np.pi, 0])
    np.testing.assert_allclose(score(turned), score(rows[:50]), atol=2e-3)
    known = np.array([True, False, True])
    x = jax.numpy.array([a[40, 0, 0], np.nan, c[0, 0, 33]], np.float32)
    complete = jax.jit(jax.vmap(lambda key: model.complete(key, x, known)))
    drawn, logs = complete(jax.random.split(jax.random.key(1), 4000))
    line = p[40, :, 33]
    np.testing.assert_allclose(np.exp(logs), np.sum(line) * 2 * np.pi / 128, rtol=5e-3)
    found, wanted = np.cos(drawn[:, 1]), np.sum(line * np.cos(angles)) / np.sum(line)
    assert abs(np.mean(found) - wanted) < 4 * np.std(found) / 4000**0.5 < 0.06
    assert np.all(np.abs(np.asarray(drawn)[:, 1]) <= np.pi)
    assert abs(wanted - np.sum(p * np.cos(b)) / np.sum(p)) > 0.06  # control: without the known


def test_angles_that_meet_at_the_seam_are_fitted_as_one():
    rng = np.random.default_rng(9)
    angle = np.mod(rng.normal(np.pi, 0.3, 600) + np.pi, 2 * np.pi) - np.pi
    y = np.float32(np.stack([angle, np.sin(angle) + 0.1 * rng.normal(size=600)], axis=1))
    fit = jax.jit(lambda key, y: fit_mixture(key, y, (0, 0), most=4, periodic=(0,)))
    found = fit(jax.random.key(0), y[:500])
    shares = np.exp(found.components.log_shares)
    heavy = np.asarray(found.components.means)[np.argmax(shares), 0]
    assert min(abs(heavy - np.pi), abs(heavy + np.pi)) < 0.3
    scores = jax.jit(jax.vmap(found.log_prob))(y[500:])
    truth = -0.5 - np.log(0.3 * 0.1) - np.log(2 * np.pi) - 0.5
    assert np.mean(scores) > truth - 0.3
    cut = jax.jit(lambda key, y: fit_mixture(key, y, (0, 0), most=1))(jax.random.key(0), y[:500])
    assert np.mean(scores) > np.mean(jax.jit(jax.vmap(cut.log_prob))(y[500:])) + 0.5
