"""The three latent energies on x = z + z^3 / 2, where quadrature says what each samples."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.bijections.elementwise import Affine
from energeia.contracts import Density, Energy
from energeia.distributions.gaussian import StandardNormal
from energeia.energies.analytic import Normal
from energeia.energies.latent import (
    JACOBIAN_CAP,
    LATENT_ENERGIES,
    Plain,
    Pullback,
    Tilt,
    log_volume,
)
from energeia.mcmc.chain import run_chains
from energeia.mcmc.mala import Mala
from energeia.models.flow import Flow
from energeia.models.generator import ImplicitGenerator

CUBIC = ImplicitGenerator(lambda z: z + 0.5 * z**3, latent=1, shape=(1,))
Z = np.linspace(-7, 7, 4001)


class ImageDensity(Density):
    """p_G of the cubic: phi(z(x)) / G'(z(x))."""

    shape: tuple[int, ...] = eqx.field(static=True, default=(1,))
    condition_shape: None = eqx.field(static=True, default=None)

    def log_prob(self, x, condition=None):
        # The real root of z^3 / 2 + z = x (Cardano).
        root = jnp.sqrt(x**2 + 8 / 27)
        z = jnp.cbrt(x + root) - jnp.cbrt(root - x)
        return jnp.sum(-0.5 * z**2 - 0.5 * jnp.log(2 * jnp.pi) - jnp.log1p(1.5 * z**2))

    def sample(self, key, condition=None):
        return CUBIC.sample(key)


def normalized(log_density):
    density = np.exp(log_density - np.max(log_density))
    return density / np.trapezoid(density, Z)


def law_of(kind, energy):
    """The density of z that a latent energy samples, on the grid."""
    target = kind(energy, CUBIC)
    values = jax.jit(jax.vmap(target.energy))(jnp.asarray(Z, jnp.float32)[:, None])
    return normalized(-np.asarray(values, float))


def divergence(p, q):
    return np.trapezoid(p * (np.log(p) - np.log(q)), Z)


PRIOR = normalized(-0.5 * Z**2)


@pytest.mark.parametrize(("kind", "known"), [(Pullback, 0.0), (Plain, 0.129), (Tilt, 0.273)])
def test_what_each_samples_when_the_energy_is_the_generators_own(kind, known):
    """KL(sampled || wanted), of z as of x: it does not see a change of variables."""
    assert divergence(law_of(kind, ImageDensity()), PRIOR) == pytest.approx(known, abs=1e-3)


def test_the_pullback_is_then_the_prior():
    np.testing.assert_allclose(law_of(Pullback, ImageDensity()), PRIOR, atol=1e-5)
    # The control: of another energy it is not.
    other = law_of(Pullback, Normal(jnp.zeros(1), jnp.eye(1)))
    assert np.max(np.abs(other - PRIOR)) > 0.1


def test_the_tilt_by_minus_log_p_is_the_square():
    own = np.asarray(
        jax.jit(jax.vmap(ImageDensity().log_prob))(jnp.asarray(Z + Z**3 / 2)[:, None]), float
    )
    squared = normalized(2 * own + np.log1p(1.5 * Z**2))
    np.testing.assert_allclose(law_of(Tilt, ImageDensity()), squared, atol=1e-4)


def test_the_tilt_by_the_best_critic_is_the_data():
    """E = log p_G - log p makes p_G exp(-E) = p, whatever the generator."""
    data = Normal(jnp.ones(1), 0.5 * jnp.eye(1))

    class Ratio(Energy):
        shape: tuple[int, ...] = eqx.field(static=True, default=(1,))
        condition_shape: None = eqx.field(static=True, default=None)

        def energy(self, x, condition=None):
            return ImageDensity().log_prob(x) - data.log_prob(x)

    x = Z + Z**3 / 2
    wanted = normalized(-((x - 1) ** 2) + np.log1p(1.5 * Z**2))
    np.testing.assert_allclose(law_of(Tilt, Ratio()), wanted, atol=1e-4)


def test_chains_on_the_pullback_sample_the_energy():
    """x of latent MALA has the moments of exp(-E); on the plain energy it has not."""
    wanted = Normal(jnp.array([0.5]), 0.6 * jnp.eye(1))
    scores = {}
    for kind in (Pullback, Plain):
        target = kind(wanted, CUBIC)
        starts = 0.3 * jax.random.normal(jax.random.key(0), (400, 1))
        found = run_chains(jax.random.key(2), Mala(0.3), target, starts, 200, 1, 100)
        x = np.asarray(jax.jit(jax.vmap(jax.vmap(CUBIC.transform)))(found.positions), float)[..., 0]
        means = np.stack([x.mean(1), ((x - 0.5) ** 2).mean(1)], axis=1)
        error = means.std(0) / np.sqrt(len(means))
        scores[kind] = np.abs(means.mean(0) - np.array([0.5, 0.6])) / error
    assert np.all(scores[Pullback] < 4)
    assert np.any(scores[Plain] > 10)


@pytest.mark.parametrize(
    ("size", "latent", "sigma"), [(3, 3, 0.0), (5, 3, 0.0), (5, 3, 0.4), (2, 4, 0.4)]
)
def test_volume_of_a_linear_map(size, latent, sigma):
    matrix = jax.random.normal(jax.random.key(0), (size, latent))
    generator = ImplicitGenerator(lambda z: matrix @ z, latent, (size,))
    gram = np.asarray(matrix, float).T @ np.asarray(matrix, float) + sigma**2 * np.eye(latent)
    found = float(log_volume(generator, jnp.ones(latent), None, sigma))
    assert found == pytest.approx(0.5 * np.linalg.slogdet(gram)[1], rel=1e-4, abs=1e-4)


def test_above_the_cap_the_alternative_is_named_and_a_density_answers_from_its_own():
    size = 2 * JACOBIAN_CAP
    many = ImplicitGenerator(lambda z: 2 * z, size, (size,))
    with pytest.raises(InputError, match=rf"above the cap of {JACOBIAN_CAP}: sample the tilt"):
        log_volume(many, jnp.ones(size))
    stretch = Affine(jnp.zeros(size), -jnp.log(2.0) * jnp.ones(size))
    found = log_volume(Flow(StandardNormal((size,)), stretch), jnp.ones(size))
    assert float(found) == pytest.approx(size * np.log(2), rel=1e-4)


def test_more_latent_than_real_dimensions_are_refused_by_name():
    folded = ImplicitGenerator(lambda z: z[:2], 3, (2,))
    with pytest.raises(InputError, match="sample the tilt, give the noise sigma"):
        Pullback(Normal(jnp.zeros(2), jnp.eye(2)), folded).energy(jnp.ones(3))
    assert jnp.isfinite(Tilt(Normal(jnp.zeros(2), jnp.eye(2)), folded).energy(jnp.ones(3)))
    assert set(LATENT_ENERGIES) == {"pullback", "tilt", "plain"}
