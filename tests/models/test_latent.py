"""A linear-Gaussian autoencoder has a closed form: every bound is checked against it."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from energeia.distributions.likelihoods import MIN_SCALE, ColumnLikelihoods
from energeia.distributions.normal_diag import NormalDiag
from energeia.models.latent import Vae
from energeia.models.latent_space import MIN_POSTERIOR_SCALE, NormalSpace
from energeia.support import Real, Support

# y = W z + noise of scale SIGMA; the columns of W are orthogonal, so the posterior is diagonal.
W = np.array([[1.0, 0.5], [1.0, -0.5], [0.0, 1.0]]) * np.array([1.0, 0.8])
SIGMA = 0.7


def raw_scale(scale, least):
    return np.log(np.expm1(scale - least)) - np.log(np.e - 1)


class Linear(eqx.Module):
    matrix: jax.Array
    shift: jax.Array

    def __call__(self, x):
        return self.matrix @ x + self.shift


def factor_analysis(widen=1.0):
    """Factor analysis as an autoencoder; its encoder is the exact posterior if ``widen`` is one."""
    gram = W.T @ W
    variance = 1 / (np.diag(gram) / SIGMA**2 + 1)
    assert abs(gram[0, 1]) < 1e-12
    gain = variance[:, None] * W.T / SIGMA**2
    raw = raw_scale(widen * np.sqrt(variance), MIN_POSTERIOR_SCALE)
    encoder = Linear(
        jnp.asarray(np.concatenate([gain, np.zeros((2, 3))])),
        jnp.asarray(np.concatenate([np.zeros(2), raw])),
    )
    # Parameters come as logits, centers and raw scales of the three columns.
    shift = np.concatenate([np.zeros(6), np.full(3, raw_scale(SIGMA, MIN_SCALE))])
    decoder = Linear(
        jnp.asarray(np.concatenate([np.zeros((3, 2)), W, np.zeros((3, 2))])), jnp.asarray(shift)
    )
    return Vae(encoder, decoder, ColumnLikelihoods(Support(((Real(), 3),))), NormalSpace(2))


def exact(y):
    cov = W @ W.T + SIGMA**2 * np.eye(3)
    return -0.5 * (y @ np.linalg.solve(cov, y) + np.linalg.slogdet(2 * np.pi * cov)[1])


def weights(vae, y, count, seed=0):
    keys = jax.random.split(jax.random.key(seed), count)
    return np.asarray(jax.jit(jax.vmap(vae.log_weight, (0, None)))(keys, jnp.asarray(y)))


Y = np.array([0.3, -1.2, 0.8])


def test_the_weight_is_constant_and_exact_under_the_true_posterior():
    with jax.enable_x64(True):
        log_weights = weights(factor_analysis(), Y, 200)
        assert np.std(log_weights) < 1e-5
        assert abs(np.mean(log_weights) - exact(Y)) < 1e-8


def test_a_wrong_posterior_does_not_have_a_constant_weight():
    with jax.enable_x64(True):
        assert np.std(weights(factor_analysis(1.5), Y, 200)) > 0.1


def test_bounds_rise_with_the_number_of_weights_and_stay_below_the_truth():
    with jax.enable_x64(True):
        log_weights = weights(factor_analysis(1.7), Y, 40_000)
        means, errors = [], []
        for k in (1, 5, 50):
            groups = log_weights.reshape(-1, k)
            bounds = np.log(np.mean(np.exp(groups - groups.max()), axis=1)) + groups.max()
            means.append(bounds.mean())
            errors.append(bounds.std() / np.sqrt(len(bounds)))
        for a, b in ((0, 1), (1, 2)):
            assert means[a] < means[b] + 4 * np.hypot(errors[a], errors[b])
        assert means[0] < exact(Y) - 0.1
        assert means[1] - means[0] > 4 * np.hypot(errors[0], errors[1])
        assert abs(means[2] - exact(Y)) < 0.02


def test_the_divergence_in_closed_form_is_that_of_the_draws():
    q = NormalDiag(jnp.array([0.5, -1.0]), jnp.array([0.3, 1.6]))
    prior = NormalDiag(jnp.zeros(2), jnp.ones(2))
    draws = jax.jit(jax.vmap(q.sample))(jax.random.split(jax.random.key(0), 20_000))
    terms = np.asarray(jax.jit(jax.vmap(lambda z: q.log_prob(z) - prior.log_prob(z)))(draws))
    error = terms.std() / np.sqrt(len(terms))
    truth = float(jnp.sum(q.divergence(0.0, 1.0)))
    assert abs(terms.mean() - truth) < 4 * error
    assert abs(terms.mean() - float(jnp.sum(prior.divergence(q.mean, q.scale)))) > 4 * error


def test_both_forms_of_the_bound_have_one_mean():
    vae = factor_analysis(1.5)
    y = jnp.asarray(Y, jnp.float32)
    vae = jax.tree.map(lambda a: a.astype(jnp.float32), vae)
    keys = jax.random.split(jax.random.key(1), 20_000)
    sampled = np.asarray(jax.jit(jax.vmap(vae.log_weight, (0, None)))(keys, y))
    terms = jax.jit(jax.vmap(vae.terms, (0, None)))(keys, y)
    closed = np.asarray(terms.log_likelihood - jnp.sum(terms.divergence, axis=1))
    error = np.std(sampled - closed) / np.sqrt(len(keys))
    assert abs(np.mean(sampled - closed)) < 4 * error


def test_samples_have_the_covariance_of_the_model():
    vae = jax.tree.map(lambda a: a.astype(jnp.float32), factor_analysis())
    drawn = np.asarray(jax.jit(jax.vmap(vae.sample))(jax.random.split(jax.random.key(2), 20_000)))
    products = drawn[:, :, None] * drawn[:, None]
    error = products.std(axis=0) / np.sqrt(len(drawn))
    assert np.all(np.abs(products.mean(axis=0) - W @ W.T - SIGMA**2 * np.eye(3)) < 4 * error)
