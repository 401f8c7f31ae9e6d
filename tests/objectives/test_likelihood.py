"""Maximum likelihood of densities, of bounds, and of members of a mixture, in closed form."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import norm

from energeia._core.errors import NotNormalized
from energeia.contracts import Batch, Density, LatentModel
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.objectives.members import MemberLikelihood

ROWS = Batch(jnp.linspace(-1.0, 2.0, 40)[:, None], None)
SPREAD = 0.7


class Normal(Density):
    """N(mean, 1) of one column."""

    mean: jax.Array
    shape = (1,)
    condition_shape = None

    def log_prob(self, x, condition=None):
        return jnp.sum(jax.scipy.stats.norm.logpdf(x - self.mean))

    def energy(self, x, condition=None):
        return -self.log_prob(x)

    def sample(self, key, condition=None):
        return self.mean + jax.random.normal(key, (1,))


class Noisy(LatentModel):
    """Weights of a standard normal with log-normal noise of mean one."""

    shape = (1,)
    condition_shape = None

    def log_weight(self, key, x, condition=None):
        noise = SPREAD * jax.random.normal(key) - SPREAD**2 / 2
        return jnp.sum(jax.scipy.stats.norm.logpdf(x)) + noise

    def sample(self, key, condition=None):
        return jax.random.normal(key, (1,))


def exact(mean):
    return norm.logpdf(np.asarray(ROWS.x), mean).sum(axis=1)


def losses(particles):
    objective, modules = MaximumLikelihood(particles), {"model": Noisy()}
    keys = jax.random.split(jax.random.key(1), 400)
    return np.asarray(jax.vmap(lambda key: objective.held_out(key, modules, ROWS))(keys))


def test_a_density_gives_minus_its_log_probability():
    modules = {"model": Normal(jnp.array(0.3))}
    loss, (_, said) = MaximumLikelihood().loss("model", jax.random.key(0), modules, ROWS, None)
    assert loss == said["nll"]
    assert np.isclose(loss, -exact(0.3).mean(), rtol=1e-5)


def test_one_particle_gives_the_elbo_and_more_come_closer_to_the_truth():
    truth, found = -exact(0.0).mean(), [losses(particles) for particles in (1, 8, 64)]
    errors = [values.std() / 20 for values in found]
    one, eight, many = (values.mean() for values in found)
    # log of a log-normal weight has mean -spread^2 / 2.
    assert abs(one - truth - SPREAD**2 / 2) < 4 * errors[0]
    assert truth < many < eight < one
    # The gap of K weights is Var(w) / 2K for many of them.
    assert abs(many - truth - np.expm1(SPREAD**2) / 128) < 4 * errors[2] + 1e-3


def test_what_has_no_likelihood_is_refused():
    modules = {"model": eqx.nn.Identity()}
    with pytest.raises(NotNormalized, match="Identity has neither"):
        MaximumLikelihood().held_out(jax.random.key(0), modules, ROWS)


def test_members_learn_apart_and_are_judged_as_a_mixture():
    means = np.array([-0.5, 0.2, 1.5])
    modules = {"members": eqx.filter_vmap(Normal)(jnp.asarray(means))}
    each = np.stack([exact(mean) for mean in means])
    objective, key = MemberLikelihood(), jax.random.key(0)
    loss, _ = objective.loss("members", key, modules, ROWS, None)
    loss_held_out = objective.held_out(key, modules, ROWS)
    assert np.isclose(loss, -each.mean(), rtol=1e-5)
    assert np.isclose(loss_held_out, -np.log(np.exp(each).mean(axis=0)).mean(), rtol=1e-5)
    assert loss_held_out < loss
    slopes = jax.grad(lambda c: objective.loss("members", key, c, ROWS, None)[0])(modules)
    # Each member's slope is that of its own loss, mean - mean(x), whatever the others are.
    expected = (means - float(jnp.mean(ROWS.x))) / 3
    assert np.allclose(slopes["members"].mean, expected, atol=1e-5)
