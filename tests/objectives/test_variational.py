"""The weighted bound against the plain one."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia.bijections.units import Units
from energeia.contracts import Batch
from energeia.distributions.likelihoods import ColumnLikelihoods
from energeia.models.in_units import LatentInUnits
from energeia.models.latent import Vae
from energeia.models.latent_space import NormalSpace
from energeia.objectives.likelihood import MaximumLikelihood
from energeia.objectives.variational import WeightedBound
from energeia.support import Positive, Support

X = jnp.exp(jax.random.normal(jax.random.key(0), (2000, 2)))


def model():
    columns = ColumnLikelihoods(Support(((Positive(), 2),)))
    up, down = jax.random.split(jax.random.key(1))
    encoder = eqx.nn.Linear(2, 4, key=up)
    vae = Vae(encoder, eqx.nn.Linear(2, columns.size, key=down), columns, NormalSpace(2))
    return {"model": LatentInUnits(vae, Units.fit(columns.support, X))}


def value(objective, moves=0, key=2):
    loss, (memory, said) = objective.loss(
        "model", jax.random.key(key), model(), Batch(X, None), jnp.asarray(moves)
    )
    assert int(memory) == moves + 1
    return float(loss), {k: float(v) for k, v in said.items()}


def test_at_weight_one_it_is_the_elbo_in_the_units_of_the_rows():
    modules, rows, keys = model(), Batch(X, None), jax.random.split(jax.random.key(5), 50)

    def losses(key, beta):
        plain = MaximumLikelihood().held_out(key, modules, rows)
        return WeightedBound(beta).loss("model", key, modules, rows, jnp.asarray(0))[0] - plain

    def sigmas(beta):
        apart = np.asarray(jax.jit(jax.vmap(lambda k: losses(k, beta)))(keys))
        return abs(apart.mean()) / (apart.std() / len(keys) ** 0.5)

    assert sigmas(1.0) < 4
    assert sigmas(1.5) > 4


def test_the_weight_and_the_warm_up_act_on_the_divergence_alone():
    loss, said = value(WeightedBound(beta=4.0))
    assert loss == pytest.approx(said["reconstruction"] + 4 * said["divergence"], rel=1e-5)
    loss, said = value(WeightedBound(beta=4.0, warmup=100), moves=25)
    assert loss == pytest.approx(said["reconstruction"] + said["divergence"], rel=1e-5)
    loss, said = value(WeightedBound(beta=4.0, warmup=100), moves=0)
    assert loss == pytest.approx(said["reconstruction"], rel=1e-5)


def test_free_bits_are_a_floor_of_each_dimension():
    loss, said = value(WeightedBound(free_bits=50.0))
    assert loss == pytest.approx(said["reconstruction"] + 100.0, rel=1e-5)


def test_the_held_out_loss_ignores_the_weight():
    key, rows = jax.random.key(0), Batch(X, None)
    one = WeightedBound(beta=9.0).held_out(key, model(), rows)
    assert one == WeightedBound().held_out(key, model(), rows)
