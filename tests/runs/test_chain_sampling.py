"""Samples of a run by chains: what each named energy gives, and what is refused."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import ChainsStuck, InputError, NoSuchCapability
from energeia.bijections.elementwise import Affine
from energeia.bijections.units import Units
from energeia.cli.using import chain_warnings
from energeia.distributions.gaussian import StandardNormal
from energeia.energies.critic import Critic
from energeia.models.flow import Flow
from energeia.models.generator import ImplicitGenerator
from energeia.models.in_units import DensityInUnits, GeneratorInUnits
from energeia.runs.chain_sampling import ChainSettings, chain_samples
from energeia.runs.latent import with_truncated_prior
from energeia.support import Real, Support

UNITS = Units.fit(Support.of([Real(), Real()]), jnp.array([[1.0, -3.0], [5.0, 1.0]]))
"""Location (3, -1), scale (2, 2)."""

KEY = jax.random.key(0)
WIDE = ImplicitGenerator(lambda z: 1.5 * z, 2, (2,))


def pair(critic):
    return GeneratorInUnits(WIDE, UNITS, None, Critic(critic, shape=(2,)))


def ratio(v):
    """log p_G - log p for p = N(0, 1), up to a constant: the best critic's energy."""
    return 0.5 * jnp.sum(v**2) * (1 - 1 / 1.5**2)


def spread(found):
    """The variances of the samples in standard units, and their error."""
    squares = ((found.x - np.array([3.0, -1.0])) / 2.0) ** 2
    return squares.mean(), squares.std() / np.sqrt(squares.size)


def test_the_tilt_of_the_best_critic_repairs_the_generator():
    settings = ChainSettings(latent="tilt", steps=60)
    found = chain_samples(pair(ratio), "gan", 2000, settings, KEY)
    value, error = spread(found)
    assert found.x.shape == (2000, 2)
    assert abs(value - 1.0) < 4 * error
    assert abs(found.chains.acceptance - 0.574) < 0.05
    assert found.chains.chains == 256
    # The control: the generator alone is wider, and so is the plain energy.
    assert abs(1.5**2 - value) > 10 * error
    plain = chain_samples(pair(ratio), "gan", 2000, ChainSettings(latent="plain", steps=60), KEY)
    assert spread(plain)[0] > 1.2
    assert "heuristic" in plain.target


def test_a_flow_walks_in_x_and_z_to_one_distribution():
    flow = Flow(StandardNormal((2,)), Affine(jnp.zeros(2), -jnp.log(1.5) * jnp.ones(2)))
    model = DensityInUnits(flow, UNITS)
    for latent in ("", "pullback"):
        found = chain_samples(model, "realnvp", 1000, ChainSettings(latent=latent, steps=40), KEY)
        value, error = spread(found)
        assert abs(value - 1.5**2) < 4 * error
    cold = ChainSettings(latent="pullback", steps=40, temperature=0.25)
    value, error = spread(chain_samples(model, "realnvp", 1000, cold, KEY))
    assert abs(value - 0.25 * 1.5**2) < 4 * error


def test_narrowed_draws_come_from_a_narrower_prior():
    model = with_truncated_prior(pair(ratio), "gan", 0.5, 0.0)
    x = np.asarray(jax.jit(jax.vmap(model.sample))(jax.random.split(KEY, 4000)))
    squares = ((x - np.array([3.0, -1.0])) / 2.0) ** 2
    assert abs(squares.mean() - 0.5 * 1.5**2) < 4 * squares.std() / np.sqrt(squares.size)


def test_langevin_is_compared_with_mala():
    """On N(0, 1.5^2) in two columns: a step of 2 widens it, and R-hat is fine."""
    flow = Flow(StandardNormal((2,)), Affine(jnp.zeros(2), -jnp.log(1.5) * jnp.ones(2)))
    model = DensityInUnits(flow, UNITS)

    def found(step, kernel="langevin"):
        settings = ChainSettings(kernel=kernel, steps=400, step_size=step)
        return chain_samples(model, "realnvp", 256, settings, KEY).chains

    rough = found(2.0)
    # Variance 1 / (1 - eps / (4 sigma^2)) in units of sigma^2, half of it a column in energy.
    truth = 1 / (1 - 2.0 / (4 * 1.5**2)) - 1
    assert abs(rough.bias.value - truth) < 4 * rough.bias.stderr
    assert rough.bias.value > 5 * rough.bias.stderr
    assert rough.r_hat < 1.02  # which does not show it
    assert "more than 3 errors" in chain_warnings(rough)[-1]
    fine = found(0.02)
    assert abs(fine.bias.value) < 4 * fine.bias.stderr
    # The control: MALA at the same step has no such bias and is compared with nothing.
    assert found(2.0, "mala").bias is None


@pytest.mark.parametrize(
    ("settings", "error", "said"),
    [
        ({"steps": 2}, InputError, "steps was given 2: it must be at least 8"),
        ({"step_size": -1.0}, InputError, "at least 0"),
        ({"temperature": 0.0}, InputError, "above 0"),
        ({"kernel": "langevin"}, InputError, "--step-size"),
        ({"step_size": 1e9}, ChainsStuck, "norm"),
    ],
    ids=lambda v: str(v) if isinstance(v, dict) else None,
)
def test_settings_that_cannot_be_used(settings, error, said):
    with pytest.raises(error, match=said):
        chain_samples(pair(ratio), "gan", 4, ChainSettings(latent="tilt", **settings), KEY)


def test_a_model_without_a_latent_space_names_the_recipes_that_have_one():
    class Opaque(eqx.Module):
        pass

    with pytest.raises(NoSuchCapability, match=r"gru has no latent space.*fit one of .*gan"):
        chain_samples(Opaque(), "gru", 4, ChainSettings(latent="tilt"), KEY)
    with pytest.raises(NoSuchCapability, match="no energy with a force"):
        chain_samples(Opaque(), "gru", 4, ChainSettings(), KEY)
    with pytest.raises(NoSuchCapability, match="has no latent space"):
        with_truncated_prior(Opaque(), "gru", 0.5, 0.0)
    with pytest.raises(InputError, match="positive temperature"):
        with_truncated_prior(pair(ratio), "gan", 0.0, 0.0)
