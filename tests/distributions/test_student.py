"""Student's t: density and draws against scipy, tails found in rows, the base of flows."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy import stats

from energeia.distributions.student import (
    bounded_tail,
    draw_student,
    fitted_tail,
    log_student,
    raw_tail,
    student_base,
)


@pytest.mark.parametrize("tail", [0.01, 0.4, 0.9])
def test_density_and_draws_are_those_of_scipy(tail):
    z = np.linspace(-30, 30, 61)
    known = stats.t(1 / tail)
    found = np.asarray(log_student(jnp.asarray(z, jnp.float32) ** 2, jnp.asarray(tail)))
    np.testing.assert_allclose(found, known.logpdf(z), rtol=2e-5, atol=5e-5)
    drawn = np.asarray(jax.jit(draw_student)(jax.random.key(3), jnp.full(20_000, tail)))
    assert stats.kstest(drawn, known.cdf).pvalue > 1e-4
    # Control: another tail is told apart.
    assert stats.kstest(drawn, stats.t(1 / (0.3 if tail == 0.4 else 0.5)).cdf).pvalue < 1e-4


def test_tails_come_back_from_their_raw_numbers_and_zero_means_a_light_one():
    tails = np.linspace(0.03, 0.9, 8)
    np.testing.assert_allclose(bounded_tail(raw_tail(jnp.asarray(tails))), tails, rtol=1e-4)
    assert bounded_tail(jnp.zeros(())) < 0.05


def test_the_tail_of_rows_is_found_and_a_normal_or_two_modes_have_none():
    rng = np.random.default_rng(5)
    find = jax.jit(fitted_tail)
    tail, scale = find(np.float32(3 * rng.standard_t(2.0, 2000)))
    assert 0.35 < tail < 0.65
    assert 2.5 < scale < 3.5
    modes = np.sign(rng.normal(size=2000)) + 0.1 * rng.normal(size=2000)
    for light in (rng.normal(size=2000), modes, rng.uniform(-1, 1, 2000)):
        assert find(np.float32(light))[0] < 0.06


def test_the_base_is_normalized_in_columns_of_every_kind_and_draws_what_it_scores():
    rng = np.random.default_rng(6)
    rows = np.stack([rng.standard_t(2.0, 1000), rng.uniform(-3, 3, 1000)], axis=1)
    base = student_base(jnp.asarray(rows, jnp.float32), (False, True))
    x = np.float32(np.sinh(np.linspace(-12, 12, 2001)))
    score = jax.jit(jax.vmap(base.log_prob))
    on_line = np.exp(score(np.stack([x, np.zeros_like(x)], axis=1)))
    assert abs(np.trapezoid(on_line, x) * 2 * np.pi - 1) < 2e-3
    drawn = np.asarray(jax.jit(jax.vmap(base.sample))(jax.random.split(jax.random.key(0), 8000)))
    known = stats.t(1 / float(base.tails[0]), scale=float(base.scale.array[0]))
    assert stats.kstest(drawn[:, 0], known.cdf).pvalue > 1e-4
    assert stats.kstest(drawn[:, 1], stats.uniform(-np.pi, 2 * np.pi).cdf).pvalue > 1e-4
