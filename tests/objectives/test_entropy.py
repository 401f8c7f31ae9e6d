"""Entropy gradients against H = log det(A A^T + sigma^2) / 2 of a linear generator with noise."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.errors import InputError
from energeia.distributions.gaussian import StandardNormal
from energeia.energies.latent import JACOBIAN_CAP
from energeia.mcmc.hmc import Hmc
from energeia.models.generator import ImplicitGenerator
from energeia.objectives.entropy import (
    ChainScore,
    ImportanceScore,
    Proposal,
    VolumeEntropy,
    draw_noisy,
)
from energeia.objectives.information import (
    BarberAgakov,
    InformationEncoder,
    InformationEntropy,
    Scaling,
)

MATRIX = jnp.array([[1.0, 0.3], [0.2, -0.8], [0.7, 0.4]])
SIGMA = 0.6


class Linear(eqx.Module):
    matrix: jax.Array

    def __call__(self, z):
        return self.matrix @ z


def entropy(matrix, sigma=SIGMA):
    gram = matrix @ matrix.T + sigma**2 * jnp.eye(len(matrix))
    return 0.5 * (jnp.linalg.slogdet(gram)[1] + len(matrix) * jnp.log(2 * jnp.pi * jnp.e))


TRUTH = jax.jit(jax.grad(entropy))(MATRIX)


@eqx.filter_jit
def gradient(term, rows, matrix=MATRIX, width=0.5):
    def value(matrix):
        generator = ImplicitGenerator(Linear(matrix), matrix.shape[1], (matrix.shape[0],))
        scale = jnp.log(width) * jnp.ones(matrix.shape[1])
        modules = {"generator": generator, "proposal": Proposal(scale)}
        draws = draw_noisy(jax.random.key(0), generator, rows, term.sigma)
        return term.value(jax.random.key(1), modules, draws)[0]

    return jax.jit(jax.grad(value))(matrix)


def cosine(found, truth=TRUTH):
    return float(jnp.sum(found * truth) / jnp.linalg.norm(found) / jnp.linalg.norm(truth))


def relative_error(found, truth=TRUTH):
    return float(jnp.linalg.norm(found - truth) / jnp.linalg.norm(truth))


def test_the_exact_route_is_exact():
    assert relative_error(gradient(VolumeEntropy(SIGMA), 4)) < 1e-4
    # The control: the entropy without its noise is another.
    assert relative_error(gradient(VolumeEntropy(), 4)) > 0.1


def test_the_exact_route_with_more_latent_than_real_dimensions():
    wide = MATRIX.T
    truth = jax.jit(jax.grad(entropy))(wide)
    assert relative_error(gradient(VolumeEntropy(SIGMA), 4, wide), truth) < 1e-4


def test_its_value_without_noise_is_the_entropy_on_the_image():
    square = MATRIX[:2]
    generator = ImplicitGenerator(Linear(square), 2, (2,))
    draws = draw_noisy(jax.random.key(0), generator, 4000, 0.0)
    found, said = VolumeEntropy().value(jax.random.key(1), {"generator": generator}, draws)
    error = np.sqrt(1 / 4000)  # the variance of log prior(z) is d / 2
    assert abs(float(found) - float(entropy(square, 0.0))) < 4 * error
    assert float(said["entropy"]) == float(found)


def test_importance_sampled_scores_point_uphill():
    assert cosine(gradient(ImportanceScore(SIGMA, 64), 16_000)) > 0.99
    # The control: particles that hardly leave the z that made x carry its noise alone.
    assert cosine(gradient(ImportanceScore(SIGMA, 64), 16_000, width=0.02)) < 0.9


def test_proposals_learn_the_width_of_the_posterior():
    """The best diagonal widths have 1 / width^2 = 1 + |column|^2 / sigma^2."""
    generator = ImplicitGenerator(Linear(MATRIX), 2, (3,))
    best = -0.5 * jnp.log(1 + jnp.sum(MATRIX**2, axis=0) / SIGMA**2)
    draws = draw_noisy(jax.random.key(0), generator, 4000, SIGMA)

    @jax.jit
    def slope(log_scale):
        def value(log_scale):
            modules = {"generator": generator, "proposal": Proposal(log_scale)}
            return ImportanceScore(SIGMA, 16).value(jax.random.key(1), modules, draws)[0]

        return jax.jit(jax.grad(value))(log_scale)

    assert np.all(np.abs(slope(best)) < 0.05)
    assert np.all(slope(best - 0.5) > 0.2)
    assert np.all(slope(best + 0.5) < -0.2)


def test_chain_scores_point_uphill_once_they_forget():
    kernel = Hmc(0.3, leapfrog_steps=5)
    assert cosine(gradient(ChainScore(kernel, SIGMA, burn=6, draws=10), 16_000)) > 0.99
    # The control: a chain that stands where x was made underestimates all of it.
    stuck = gradient(ChainScore(Hmc(1e-3, leapfrog_steps=1), SIGMA, burn=1, draws=1), 16_000)
    assert relative_error(stuck) > 0.5


def test_an_information_bound_with_the_exact_posterior_gives_the_entropy():
    """The posterior of a diagonal generator is Gaussian and diagonal: the bound is tight."""
    generator = ImplicitGenerator(lambda z: jnp.array([1.5, 0.7]) * z, 2, (2,))
    scale = jnp.array([1.5, 0.7])
    precision = 1 + scale**2 / SIGMA**2

    def network(x):
        return jnp.concatenate([scale * x / SIGMA**2 / precision, -0.5 * jnp.log(precision)])

    unit = Scaling(jnp.array([[-1.0, -1.0], [1.0, 1.0]]))
    term = InformationEntropy(BarberAgakov(StandardNormal((2,))), SIGMA)
    modules = {"generator": generator, "statistics": InformationEncoder(network, unit, unit)}
    draws = draw_noisy(jax.random.key(0), generator, 20_000, SIGMA)
    found, _ = term.value(jax.random.key(1), modules, draws)
    truth = float(entropy(jnp.diag(scale)))
    assert abs(float(found) - truth) < 4 * np.sqrt(2.0 / 20_000)


def test_a_jacobian_above_its_cap_names_the_alternative():
    size = JACOBIAN_CAP + 1
    generator = ImplicitGenerator(lambda z: z, size, (size,))
    draws = draw_noisy(jax.random.key(0), generator, 2, 0.0)
    with pytest.raises(InputError, match="ImportanceScore or ChainScore"):
        VolumeEntropy().value(jax.random.key(1), {"generator": generator}, draws)
