"""Bounds by annealing over latent vectors, of linear models whose log p(x) is known."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import multivariate_normal

from energeia._core.trees import Frozen
from energeia.bijections.units import Units
from energeia.distributions.likelihoods import MIN_SCALE, ColumnLikelihoods
from energeia.errors import InputError
from energeia.evaluation.bounds import BoundSettings, latent_bounds
from energeia.models.generator import ImplicitGenerator
from energeia.models.in_units import GeneratorInUnits, LatentInUnits
from energeia.models.joint import LatentPosterior, VaeJoint, joint_of, packed
from energeia.models.latent import Vae
from energeia.models.latent_space import NormalSpace
from energeia.support import Binary, Real, Support

REALS = Support.of([Real()] * 3)
CENTER, SCALE = np.array([1.0, -2.0, 0.0]), np.array([2.0, 1.0, 0.5])
MATRIX = np.random.default_rng(4).normal(size=(3, 2))
NOISE = 0.4
ENOUGH = BoundSettings(chains=32, temperatures=200, leapfrog_steps=5, simulated=64)


def units_of(support):
    return Units(support, Frozen(jnp.asarray(CENTER)), Frozen(jnp.asarray(SCALE)))


@eqx.filter_jit
def linear_vae(matrix, noise):
    """y = A z + noise: logits of one component, centers, and what ``bounded_scale`` undoes."""
    raw = jnp.log(jnp.expm1(noise - MIN_SCALE)) - np.log(np.e - 1)
    weight = jnp.concatenate([jnp.zeros((3, 2)), matrix, jnp.zeros((3, 2))])
    bias = jnp.concatenate([jnp.zeros(6), jnp.full(3, raw)])
    decoder = eqx.nn.Linear(2, 9, key=jax.random.key(0))
    decoder = eqx.tree_at(lambda layer: (layer.weight, layer.bias), decoder, (weight, bias))
    encoder = eqx.nn.Linear(3, 4, key=jax.random.key(1))
    return LatentInUnits(
        Vae(encoder, decoder, ColumnLikelihoods(REALS), NormalSpace(2)), units_of(REALS)
    )


@eqx.filter_jit
def linear_generator(matrix):
    network = eqx.nn.Linear(2, 3, use_bias=False, key=jax.random.key(0))
    network = eqx.tree_at(lambda layer: layer.weight, network, matrix)
    return GeneratorInUnits(ImplicitGenerator(network, 2, (3,)), units_of(REALS))


def truth():
    spread = MATRIX @ MATRIX.T + NOISE**2 * np.eye(3)
    return multivariate_normal(CENTER, np.diag(SCALE) @ spread @ np.diag(SCALE))


def joint(kind):
    matrix = jnp.asarray(MATRIX)
    if kind == "vae":
        return joint_of(linear_vae(matrix, jnp.asarray(NOISE)))
    return joint_of(linear_generator(matrix), NOISE)


@pytest.mark.parametrize("kind", ["vae", "generator"])
def test_both_sides_enclose_the_truth(kind):
    exact = truth()
    x = exact.rvs(32, random_state=3)
    found = latent_bounds(jax.random.key(1), joint(kind), x, settings=ENOUGH)
    off = found.rows - exact.logpdf(x)
    assert abs(off.mean()) < 4 * off.std() / 32**0.5 + 0.002
    assert np.abs(off).max() < 1.0
    # Simulated rows have log p of the same mean, and their two sides are close.
    entropy = exact.entropy()
    for side in found.simulated:
        assert abs(side.value + entropy) < 4 * side.stderr
    assert -4 * found.gap.stderr < found.gap.value < 0.2
    assert [side.kind for side in found.simulated] == ["lower bound", "upper bound"]
    assert found.annealed.kind == "lower bound"
    assert not found.warnings
    # The control: a density that is twice as wide is told apart.
    wider = multivariate_normal(CENTER, 4 * exact.cov_object.covariance)
    assert abs(np.mean(found.rows - wider.logpdf(x))) > 0.3


def test_too_few_temperatures_show_in_the_gap():
    x = truth().rvs(8, random_state=3)
    few = BoundSettings(chains=2, temperatures=2, leapfrog_steps=1, simulated=32)
    found = latent_bounds(jax.random.key(1), joint("vae"), x, settings=few)
    assert found.gap.value > 0.5
    below, above = found.simulated
    assert below.value < -truth().entropy() + 4 * below.stderr
    assert above.value > -truth().entropy() - 4 * above.stderr


def test_posterior_is_minus_log_of_the_joint():
    vae = joint("vae")
    assert isinstance(vae, VaeJoint)
    x, z = np.array([0.3, -1.0, 0.2]), np.array([0.5, -0.5])
    energy = eqx.filter_jit(LatentPosterior(vae).energy)(jnp.asarray(z), packed(jnp.asarray(x)))
    noise = multivariate_normal(CENTER + SCALE * (MATRIX @ z), np.diag((SCALE * NOISE) ** 2))
    prior = multivariate_normal(np.zeros(2), np.eye(2))
    np.testing.assert_allclose(energy, -noise.logpdf(x) - prior.logpdf(z), rtol=1e-5)


def test_noise_is_for_generators_of_reals():
    with pytest.raises(InputError, match="only with observation noise"):
        joint_of(linear_generator(jnp.asarray(MATRIX)))
    with pytest.raises(InputError, match="leave it out"):
        joint_of(linear_vae(jnp.asarray(MATRIX), jnp.asarray(NOISE)), 0.1)
    codes = Support.of([Binary()] * 3)
    generator = linear_generator(jnp.asarray(MATRIX))
    with pytest.raises(InputError, match="real columns"):
        joint_of(GeneratorInUnits(generator.inner, units_of(codes)), 0.1)
    assert joint_of(truth()) is None
