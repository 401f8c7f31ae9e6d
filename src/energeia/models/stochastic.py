"""Draws of a diffusion by its stochastic equation, beside those of its probability flow."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array
from typing_extensions import override

from energeia._core.errors import InputError, NoSuchCapability
from energeia._core.types import PRNGKey
from energeia.bijections.compose import Chain
from energeia.bijections.continuous import ContinuousMap, continuous_maps
from energeia.bijections.paths import PATHS, PathField
from energeia.contracts import Condition, Generator
from energeia.distributions.gaussian import StandardNormal
from energeia.models.dequantized import Dequantized
from energeia.models.flow import Flow
from energeia.models.in_units import DensityInUnits, LatentInUnits


class StochasticSampler(Generator):
    """x(0) ~ N(0, 1), then dx = (v - c r x_0) dt + (2 c sigma r)^(1/2) dW up to t = 1.

    r = alpha' sigma - alpha sigma', and x_0(t, x) = (alpha' x - alpha v) / r is the mean of the
    noise given x(t) = x, so -x_0 / sigma is the score. For the exact v every c >= 0 (``noise``)
    gives the distribution of x(1) that the probability flow, c = 0, gives (Song et al. 2021,
    arXiv:2011.13456, appendix D; Karras et al. 2022, eq. 6). For a learned v they differ: noise
    corrects errors of the way, and adds those of the score, so this is a generator without a
    density. ``steps`` of equal length by the method of Euler and Maruyama.
    """

    flow: Flow
    steps: int = eqx.field(static=True)
    noise: float = eqx.field(static=True)

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.flow.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.flow.condition_shape

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        chain = self.flow.bijection
        assert isinstance(chain, Chain)
        first, map_ = chain.bijections
        assert isinstance(map_, ContinuousMap)
        start_key, path_key = jax.random.split(key)
        start = self.flow.base.sample(start_key)
        length = 1.0 / self.steps

        def step(x: Array, number: Array) -> tuple[Array, None]:
            drift, spread = self._slopes(map_.field, number * length, x, condition)
            kick = jax.random.normal(jax.random.fold_in(path_key, number), x.shape, x.dtype)
            return x + length * drift + length**0.5 * spread * kick, None

        end, _ = jax.lax.scan(step, start, jnp.arange(self.steps))
        return first.inverse_point(end)

    def _slopes(self, field: Any, t: Array, x: Array, condition: Condition) -> tuple[Array, Array]:
        """The drift, and the deviation of the noise in unit time."""
        velocity = field.velocity(t, x, condition)
        alpha, sigma, d_alpha, d_sigma = PATHS[field.path].at(t.astype(x.dtype))
        rate = d_alpha * sigma - alpha * d_sigma
        mean_noise = (d_alpha * x - alpha * velocity) / rate
        drift = velocity - self.noise * rate * mean_noise
        return drift, jnp.sqrt(2.0 * self.noise * sigma * rate)


def stochastic_sampler(
    model: DensityInUnits | LatentInUnits, steps: int = 200, noise: float = 1.0
) -> "StochasticDraws":
    """A generator of the same rows as a ``diffusion``, by its stochastic equation.

    ``model`` is that of a run, ``run.model``.

    Raises:
        InputError: for less than one step, or negative noise.
        NoSuchCapability: for a model that is no diffusion: its noise must be normal.
    """
    if steps < 1 or not noise >= 0:
        raise InputError(
            f"{steps} steps and noise {noise:g} were given: give one step or more, and 0 or more"
        )
    inner = model.inner.density if isinstance(model.inner, Dequantized) else model.inner
    maps = continuous_maps(inner)
    known = len(maps) == 1 and isinstance(maps[0].field, PathField)
    if not (isinstance(inner, Flow) and isinstance(inner.base, StandardNormal) and known):
        raise NoSuchCapability(
            f"a {type(inner).__name__} follows no path from normal noise: fit `diffusion`"
        )
    return StochasticDraws(StochasticSampler(inner, steps, noise), model)


class StochasticDraws(Generator):
    """Those draws in the user's units."""

    sampler: StochasticSampler
    model: DensityInUnits | LatentInUnits

    @property
    @override
    def shape(self) -> tuple[int, ...]:
        return self.model.shape

    @property
    @override
    def condition_shape(self) -> tuple[int, ...] | None:
        return self.model.condition_shape

    @override
    def sample(self, key: PRNGKey, condition: Condition = None) -> Array:
        units = self.model.units
        v = self.sampler.sample(key, self.model.scaled(condition))
        return units.decode(units.quantize(v))
