"""The stochastic equation of a diffusion, with the exact velocity of normal data."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.bijections.compose import Chain
from energeia.bijections.continuous import ContinuousMap
from energeia.bijections.elementwise import Affine
from energeia.bijections.paths import PATHS, PathField
from energeia.distributions.gaussian import StandardNormal
from energeia.models.flow import Flow
from energeia.models.stochastic import StochasticSampler


class OfNormal(eqx.Module):
    """E[(sigma x_1 - alpha x_0) / s | x] for x_1 ~ N(0, deviation^2)."""

    path: str = eqx.field(static=True)
    deviation: float

    def __call__(self, t, x, condition=None):
        alpha, sigma, _, _ = PATHS[self.path].at(t)
        size = jnp.sqrt(alpha**2 + sigma**2)
        a, b, variance = alpha / size, sigma / size, self.deviation**2
        return a * b * (variance - 1) / (a**2 * variance + b**2) * x


@pytest.mark.parametrize("path", ["edm", "variance-preserving"])
@pytest.mark.parametrize("noise", [0.0, 1.0, 3.0])
def test_every_amount_of_noise_gives_the_same_distribution(path, noise):
    first = Affine(jnp.array([1.0, -2.0]), jnp.zeros(2))
    for deviation in (0.4, 2.5):
        field = PathField(OfNormal(path, deviation), path, (False, False))
        flow = Flow(StandardNormal((2,)), Chain((first, ContinuousMap(field))))
        sampler = StochasticSampler(flow, 500, noise)
        keys = jax.random.split(jax.random.key(0), 8000)
        x = np.asarray(jax.jit(jax.vmap(sampler.sample))(keys))
        # Four errors, and those of 500 steps.
        assert np.allclose(x.std(axis=0), deviation, rtol=0.06)
        assert np.allclose(x.mean(axis=0), [-1.0, 2.0], atol=4 * deviation / 8000**0.5 + 0.01)
