"""Discriminators of latent vectors, where the best one is known."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.bijections.units import Units
from energeia.contracts import Batch
from energeia.distributions.likelihoods import ColumnLikelihoods
from energeia.models import LatentInUnits, NormalSpace, Vae
from energeia.objectives import LatentGame, WeightedBound
from energeia.support import Real, Support

REALS = Support.of([Real(), Real()])
RHO = 0.8
ROWS = 8192


class Encode(eqx.Module):
    """q(z|x) about as narrow as it can be, at a linear map of standardized rows."""

    matrix: jax.Array

    def __call__(self, features):
        return jnp.concatenate([self.matrix @ features[:2], jnp.full(2, -8.0)])


class LogRatio(eqx.Module):
    """log of N(0, C) over N(0, 1), the best discriminator where z ~ N(0, C)."""

    rho: float

    def __call__(self, z):
        inverse = jnp.linalg.inv(jnp.array([[1.0, self.rho], [self.rho, 1.0]]))
        return (-0.5 * z @ (inverse - jnp.eye(2)) @ z - 0.5 * jnp.log(1 - self.rho**2))[None]


def correlated(rho, seed):
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(ROWS, 2))
    z[:, 1] = rho * z[:, 0] + (1 - rho**2) ** 0.5 * z[:, 1]
    return jnp.asarray(z, float)


def modules(rows, discriminator):
    columns = ColumnLikelihoods(REALS)
    vae = Vae(Encode(jnp.eye(2)), lambda z: jnp.zeros(columns.size), columns, NormalSpace(2))
    model = LatentInUnits(vae, Units.fit(REALS, rows))
    return {"model": model, "discriminator": discriminator}


def penalty(game, given, rows):
    key = jax.random.key(1)
    start = game.init_memory(key, given, Batch(rows))
    loss, (memory, metrics) = eqx.filter_jit(game.loss)("model", key, given, Batch(rows), start)
    assert np.isfinite(loss)
    assert memory == 1
    return float(metrics["penalty"])


@pytest.mark.parametrize("rho", [0.0, 0.5, RHO])
def test_the_best_discriminator_gives_the_total_correlation(rho):
    rows = correlated(rho, 0)
    game = LatentGame(WeightedBound(strength=1.0), "permuted")
    found = penalty(game, modules(rows, LogRatio(rho)), rows)
    assert abs(found + 0.5 * np.log(1 - rho**2)) < 0.05


def test_the_loss_of_a_discriminator_is_least_at_the_best_one():
    """At D = q / (q + r) it is 2 log 2 - 2 JSD(q, r), and 2 log 2 where there is nothing to see."""
    rows = correlated(RHO, 2)

    def loss(against, rho, rows=rows):
        game, key = LatentGame(WeightedBound(), against), jax.random.key(3)
        given = modules(rows, LogRatio(rho))
        return float(eqx.filter_jit(game.loss)("discriminator", key, given, Batch(rows), 0)[0])

    for against in ("permuted", "prior"):
        best = loss(against, RHO)
        assert best < 2 * np.log(2) - 0.1
        assert all(loss(against, rho) > best + 0.01 for rho in (0.0, 0.4, -RHO))
        independent = loss(against, RHO, correlated(0.0, 4))
        assert independent > 2 * np.log(2)
    divergence = loss("permuted", RHO) - loss("prior", RHO)
    assert abs(divergence) < 0.05  # both references are N(0, 1) here


def test_nothing_is_held_out_without_a_weight_on_the_divergence():
    rows = correlated(0.3, 5)
    given = modules(rows, LogRatio(0.3))
    key = jax.random.key(0)
    assert LatentGame(WeightedBound(beta=0.0), "prior").held_out(key, given, Batch(rows)) is None
    assert np.isfinite(LatentGame(WeightedBound(), "prior").held_out(key, given, Batch(rows)))
