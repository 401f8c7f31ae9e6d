"""Jumps of a generator that knows its density: they balance modes that local steps never join."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia._core.trees import Frozen
from energeia.bijections.elementwise import Affine
from energeia.bijections.units import Units
from energeia.distributions.gaussian import StandardNormal
from energeia.energies.analytic import NormalMixture
from energeia.models.flow import Flow
from energeia.models.game import GameModel
from energeia.models.generator import ImplicitGenerator
from energeia.runs.chain_sampling import ChainSettings, chain_samples
from energeia.support import Real, Support

UNITS = Units(Support(((Real(), 1),)), Frozen(jnp.zeros(1)), Frozen(jnp.ones(1)))
WIDE = Flow(StandardNormal((1,)), Affine(jnp.zeros(1), jnp.full(1, -0.5)))
TARGET = NormalMixture(jnp.array([[-2.0], [2.0]]), 0.1, jnp.array([0.2, 0.8]))


def share(kernel):
    settings = ChainSettings(kernel=kernel, steps=400)
    model = GameModel(TARGET, WIDE, UNITS)
    found = chain_samples(model, "max-entropy", 512, settings, jax.random.key(0))
    return np.mean(found.x > 0), found.chains


def test_jumps_find_the_weights_of_modes_and_local_steps_do_not():
    right, said = share("jumping")
    assert abs(right - 0.8) < 4 * np.sqrt(0.16 / 512)
    assert said.r_hat < 1.1
    stuck, said = share("mala")
    assert abs(stuck - 0.8) > 8 * np.sqrt(0.16 / 512)
    assert said.r_hat > 1.5


def test_jumps_need_a_density():
    model = GameModel(TARGET, ImplicitGenerator(lambda z: z, latent=1, shape=(1,)), UNITS)
    with pytest.raises(InputError, match="with a density"):
        chain_samples(model, "max-entropy", 16, ChainSettings(kernel="jumping"), jax.random.key(0))
