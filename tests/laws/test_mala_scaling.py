"""MALA tuned to 0.574 takes steps that shrink as d^(-1/3); a random walk's shrink as 1/d."""

import equinox as eqx
import jax
import numpy as np
import pytest

from energeia.contracts import Energy
from energeia.distributions.gaussian import StandardNormal
from energeia.mcmc.adapt import tune
from energeia.mcmc.chain import run_chains
from energeia.mcmc.mala import Mala

SIZES = (16, 64, 256)


class Blind(Energy):
    """An energy without a force: MALA on it is a random walk with a Metropolis test."""

    inner: Energy
    condition_shape: None = eqx.field(static=True, default=None)

    @property
    def shape(self):
        return self.inner.shape

    def energy(self, x, condition=None):
        return jax.lax.stop_gradient(self.inner.energy(x))


def tuned(target):
    starts = jax.random.normal(jax.random.key(0), (128, *target.shape))
    return tune(jax.random.key(1), Mala(0.5), target, starts, 200)[0]


def exponent(targets):
    steps = [float(tuned(target).step_size) for target in targets]
    return np.polyfit(np.log(SIZES), np.log(steps), 1)[0]


def test_the_step_of_mala_falls_as_the_cube_root_of_the_dimension():
    assert exponent(StandardNormal((d,)) for d in SIZES) == pytest.approx(-1 / 3, abs=0.03)


def test_without_a_force_the_law_is_another():
    """The control: the same measurement does not give -1/3 for whatever it is shown."""
    found = exponent(Blind(StandardNormal((d,))) for d in SIZES)
    assert found == pytest.approx(-1.0, abs=0.1)


@pytest.mark.parametrize("size", [2, 64])
def test_the_frozen_step_accepts_0574(size):
    target = StandardNormal((size,))
    kernel = tuned(target)
    starts = jax.random.normal(jax.random.key(2), (256, size))
    rates = np.asarray(run_chains(jax.random.key(3), kernel, target, starts, 60).acceptance)
    # The pilot's own noise in log eps, about 0.02, adds to that of the measurement.
    error = np.hypot(rates.std() / np.sqrt(len(rates)), 0.005)
    assert abs(rates.mean() - 0.574) < 4 * error
