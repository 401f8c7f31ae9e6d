"""The power spherical distribution, by quadrature and closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import gammaln

from energeia.distributions.power_spherical import PowerSpherical

DRAWS = 20_000


def one(n, concentration, seed=0):
    mean = np.random.default_rng(seed).normal(size=(1, n))
    mean = jnp.asarray(mean / np.linalg.norm(mean), float)
    return PowerSpherical(mean, jnp.full(1, concentration, float))


@pytest.mark.parametrize("concentration", [0.0, 0.3, 4.0, 3000.0])
@pytest.mark.parametrize("n", [2, 3, 4, 7])
def test_it_is_that_of_the_paper_and_has_total_one(n, concentration):
    """p = (1 + t)^kappa / N, N = 2^(a + b) pi^b Gamma(a) / Gamma(a + b); t has a beta law."""
    with jax.enable_x64(True):
        density = one(n, concentration)
        t = np.linspace(-0.99, 0.999, 101)
        side = np.linalg.svd(np.asarray(density.mean))[2][1]
        x = t[:, None] * np.asarray(density.mean) + np.sqrt(1 - t**2)[:, None] * side
        found = np.asarray(jax.vmap(density.log_prob)(jnp.asarray(x)))
        b = (n - 1) / 2
        a = b + concentration
        log_n = (a + b) * np.log(2) + b * np.log(np.pi) + gammaln(a) - gammaln(a + b)
        np.testing.assert_allclose(found, concentration * np.log1p(t) - log_n, atol=1e-9)
        # The integral over angles from the mean, times the area of the sphere around it.
        angle = (np.arange(200_000) + 0.5) * np.pi / 200_000
        around = 2 * np.pi**b / np.exp(gammaln(b)) * np.sin(angle) ** (n - 2)
        total = np.mean(np.exp(concentration * np.log1p(np.cos(angle)) - log_n) * around) * np.pi
        assert abs(total - 1) < 1e-6


@pytest.mark.parametrize(("n", "concentration"), [(2, 1.5), (3, 6.0), (5, 400.0)])
def test_draws_have_the_moments_and_the_density_of_the_law(n, concentration):
    density = one(n, concentration, seed=n)
    keys = jax.random.split(jax.random.key(n), DRAWS)
    x, log_prob = jax.jit(jax.vmap(density.sample_and_log_prob))(keys)
    np.testing.assert_allclose(np.linalg.norm(x, axis=1), 1, atol=1e-5)
    again = jax.jit(jax.vmap(density.log_prob))(x)
    assert np.quantile(np.abs(again - log_prob), 0.99) < 1e-3
    cosine = np.asarray(x @ density.mean[0], float)
    b = (n - 1) / 2
    a = b + concentration
    error = cosine.std() / DRAWS**0.5
    assert abs(cosine.mean() - (a - b) / (a + b)) < 4 * error
    # The control: half the concentration has another mean.
    assert abs(cosine.mean() - concentration / 2 / (2 * b + concentration / 2)) > 4 * error
    # Directions around the mean are uniform.
    across = np.asarray(x - cosine[:, None] * density.mean[0])
    assert np.all(np.abs(across.mean(axis=0)) < 4.5 * across.std(axis=0) / DRAWS**0.5)


def test_the_gradient_of_an_average_of_draws_is_that_of_its_mean():
    def mean_cosine(concentration, key):
        density = PowerSpherical(jnp.array([[0.0, 0.0, 1.0]]), concentration[None])
        return density.sample(key)[2]

    keys = jax.random.split(jax.random.key(3), DRAWS)
    slopes = jax.jit(jax.vmap(jax.grad(mean_cosine), (None, 0)))(jnp.asarray(3.0), keys)
    truth = 2 / (2 + 3.0) ** 2  # of k / (2 + k)
    assert abs(np.mean(slopes) - truth) < 4 * np.std(slopes) / DRAWS**0.5
    assert np.std(slopes) / DRAWS**0.5 < truth / 20


@pytest.mark.parametrize("n", [2, 3, 4])
def test_gradients_are_finite_opposite_to_the_mean_and_for_wide_laws(n):
    mean = jnp.eye(1, n)

    def of(concentration, x, key):
        density = PowerSpherical(mean, concentration[None])
        drawn, log_prob = density.sample_and_log_prob(key)
        return density.log_prob(x) + log_prob + jnp.sum(drawn)

    slope = jax.jit(jax.vmap(jax.grad(of, (0, 1)), (None, None, 0)))
    for concentration in (0.0, 1e-3, 0.2, 1e4):
        for x in (-mean[0], mean[0]):
            found = slope(jnp.asarray(concentration), x, jax.random.split(jax.random.key(n), 5000))
            assert all(np.all(np.isfinite(part)) for part in found), (concentration, x)


def test_antipodal_points_are_one():
    density = PowerSpherical(jnp.array([[0.6, 0.0, 0.8, 0.0]]), jnp.array([5.0]), antipodal=True)
    one_sided = PowerSpherical(density.mean, density.concentration)
    x, log_prob = jax.jit(jax.vmap(density.sample_and_log_prob))(
        jax.random.split(jax.random.key(0), 200)
    )
    both = jnp.logaddexp(jax.vmap(one_sided.log_prob)(x), jax.vmap(one_sided.log_prob)(-x))
    for found in (log_prob, jax.vmap(density.log_prob)(-x)):
        np.testing.assert_allclose(found, both, atol=1e-3)
