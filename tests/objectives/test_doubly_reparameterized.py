"""The doubly reparameterized gradient has the mean of the plain one, and no noise at the end."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from energeia._core.trees import Frozen
from energeia.bijections.units import Units
from energeia.contracts import Batch
from energeia.distributions.likelihoods import MIN_SCALE, ColumnLikelihoods
from energeia.models.in_units import LatentInUnits
from energeia.models.latent import Vae
from energeia.models.latent_space import MIN_POSTERIOR_SCALE, NormalSpace
from energeia.objectives.doubly_reparameterized import DoublyReparameterized
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.support import Real, Support

X = np.random.default_rng(0).normal(size=(4, 1)).astype(np.float32)
PARTICLES, DRAWS = 8, 1000
SLOPE, NOISE = 0.8, 0.6


def raw_scale(scale, least):
    return np.log(np.expm1(scale - least)) - np.log(np.e - 1)


@eqx.filter_jit
def model(exact):
    """y = SLOPE z + noise, with the exact posterior for an encoder or with another one."""
    support = Support(((Real(), 1),))
    total = SLOPE**2 + NOISE**2
    spread = raw_scale(NOISE / total**0.5, MIN_POSTERIOR_SCALE) + jnp.where(exact, 0.0, 0.5)
    slope = jnp.where(exact, SLOPE / total, -0.8)
    encoder = eqx.nn.Linear(1, 2, key=jax.random.key(0))
    decoder = eqx.nn.Linear(1, 3, key=jax.random.key(0))
    noise = raw_scale(NOISE, MIN_SCALE)
    given = (
        jnp.array([slope, 0.0])[:, None], jnp.array([0.0, spread]),
        jnp.array([0.0, SLOPE, 0.0])[:, None], jnp.array([0.0, 0.0, noise]),
    )  # fmt: skip
    encoder, decoder = eqx.tree_at(
        lambda m: (m[0].weight, m[0].bias, m[1].weight, m[1].bias), (encoder, decoder), given
    )
    units = Units(support, Frozen(jnp.zeros(1)), Frozen(jnp.ones(1)))
    return {
        "model": LatentInUnits(
            Vae(encoder, decoder, ColumnLikelihoods(support), NormalSpace(1)), units
        )
    }


@eqx.filter_jit
def gradients(objective, exact):
    """Of encoder and decoder, and the reported bound, for each of many keys."""
    modules = model(exact)

    def one(key):
        def loss(modules):
            return objective.loss("model", key, modules, Batch(X), None)

        (_, (_, said)), gradient = eqx.filter_value_and_grad(loss, has_aux=True)(modules)
        vae = gradient["model"].inner
        return vae.encoder.weight[:, 0], vae.decoder.weight[1], said["nll"]

    return jax.vmap(one)(jax.random.split(jax.random.key(2), DRAWS))


OBJECTIVES = (DoublyReparameterized(PARTICLES), MaximumLikelihood(PARTICLES))


def both(exact):
    for objective in OBJECTIVES:
        yield [np.asarray(part, float) for part in gradients(objective, jnp.asarray(exact))]


def test_gradients_have_the_same_mean():
    for ours, plain in zip(*both(exact=False), strict=True):
        error = np.sqrt((ours.var(axis=0) + plain.var(axis=0)) / DRAWS)
        assert np.all(np.abs(ours.mean(axis=0) - plain.mean(axis=0)) < 4 * error + 1e-6)
        # The control: it is not zero within the error.
        assert np.abs(plain.mean(axis=0)).max() > 5 * error.max()


def test_the_gradient_of_an_exact_encoder_is_zero_without_noise():
    ours, plain = both(exact=True)
    assert np.abs(ours[0]).max() < 1e-4
    assert plain[0].std() > 0.02
    total = SLOPE**2 + NOISE**2
    exact = 0.5 * np.mean(X**2 / total + np.log(2 * np.pi * total))
    np.testing.assert_allclose(ours[2], exact, atol=1e-4)
