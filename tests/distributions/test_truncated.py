"""The narrowed normal: normalized, and drawn as its density says."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.distributions.gaussian import StandardNormal
from energeia.distributions.truncated import TruncatedNormal

GRID = np.linspace(-12, 12, 24_001)


@pytest.mark.parametrize(("temperature", "cut"), [(1.0, 1.0), (0.5, 2.0), (2.0, np.inf)])
def test_draws_follow_a_normalized_density(temperature, cut):
    law = TruncatedNormal((1,), temperature, cut)
    density = np.exp(np.asarray(jax.jit(jax.vmap(law.log_prob))(jnp.asarray(GRID)[:, None]), float))
    assert np.trapezoid(density, GRID) == pytest.approx(1.0, abs=2e-3)
    x = np.asarray(
        jax.jit(jax.vmap(law.sample))(jax.random.split(jax.random.key(0), 20_000)), float
    )
    variance = np.trapezoid(GRID**2 * density, GRID)
    assert abs(np.mean(x**2) - variance) < 4 * np.std(x**2) / np.sqrt(len(x))
    assert np.max(np.abs(x)) <= cut * np.sqrt(temperature) + 1e-6
    # The control: the standard normal has another variance.
    assert abs(np.mean(x**2) - 1) > 10 * np.std(x**2) / np.sqrt(len(x))


def test_without_a_cut_at_temperature_one_it_is_the_standard_normal():
    x = jnp.array([0.3, -2.0])
    assert jnp.isclose(TruncatedNormal((2,)).log_prob(x), StandardNormal((2,)).log_prob(x))
    assert jnp.isnan(TruncatedNormal((1,), cut=1.0).log_prob(jnp.array([jnp.nan])))
