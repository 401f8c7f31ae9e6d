"""An energy with its kernel, in the user's units, against enumeration and quadrature."""

import itertools

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from energeia._core.trees import Frozen
from energeia.bijections.units import Units
from energeia.energies.algebra import GeometricPath
from energeia.energies.analytic import Normal
from energeia.energies.neural import NeuralEnergy
from energeia.energies.rbm import Rbm, RbmPath
from energeia.mcmc.gibbs import Gibbs
from energeia.mcmc.jumping import JumpingMala
from energeia.mcmc.mala import Mala
from energeia.models.boltzmann import BoltzmannModel
from energeia.support import Binary, Integer, Positive, Support


def test_samples_of_a_machine_have_its_probabilities():
    every = jnp.asarray(list(itertools.product([-1.0, 1.0], repeat=4)))
    rbm = Rbm(jax.random.key(0), (2,) * 4, 3, jnp.full(4, 0.4), 0, 1.5)
    model = BoltzmannModel(
        path=RbmPath(target=rbm, base_field=Frozen(rbm.visible_bias)),
        kernel=Gibbs(),
        units=Units.fit(Support(((Binary((-1.0, 1.0)), 4),)), every),
        anneal=20,
        steps=40,
    )
    p = np.asarray(jax.nn.softmax(-jax.jit(jax.vmap(model.energy))(every)), dtype=np.float64)
    x = np.asarray(jax.jit(jax.vmap(model.sample))(jax.random.split(jax.random.key(1), 20_000)))
    counts = np.bincount(((x > 0) @ 2 ** np.arange(4)[::-1]).astype(int), minlength=16)
    error = np.sqrt(p * (1 - p) / len(x))
    assert np.all(np.abs(counts / len(x) - p) < 4 * error)
    assert np.abs(1 / 16 - p).max() > 20 * error.max()


def bent(columns, reference):
    """An energy that has been moved away from its normal, in the user's units."""
    support = Support.of(columns)
    units = Units.fit(support, reference)
    base = Normal(jnp.zeros(2), jnp.eye(2))
    energy = NeuralEnergy(jax.random.key(0), base, width=8, depth=1, octaves=1)
    last = jax.random.normal(jax.random.key(2), energy.network.last.weight.shape)
    energy = eqx.tree_at(lambda e: e.network.last.weight, energy, last)
    return BoltzmannModel(
        path=GeometricPath(base=base, target=energy),
        kernel=JumpingMala(Mala(1.0), base),
        units=units,
        anneal=50,
        steps=60,
        dequantize=True,
    )


def test_partition_function_in_the_users_units():
    """The integral over the user's positive x is the Z that annealing finds in v."""
    reference = jnp.exp(jax.random.normal(jax.random.key(3), (100, 2)))
    model = bent([Positive(), Positive()], reference)
    # Quadrature on log x, with its Jacobian.
    u = np.linspace(-8, 8, 400)
    grid = np.stack(np.meshgrid(u, u, indexing="ij"), -1).reshape(-1, 2)
    minus = -np.asarray(jax.jit(jax.vmap(model.energy))(jnp.exp(jnp.asarray(grid)))) + grid.sum(1)
    log_z = np.logaddexp.reduce(minus.astype(float)) + 2 * np.log(u[1] - u[0])
    found = model.log_partition(jax.random.key(0), chains=128, temperatures=50)
    assert abs(found.lower.value - log_z) < 4 * found.lower.stderr + 0.01
    weights = np.exp(minus - log_z) * (u[1] - u[0]) ** 2
    x = np.log(
        np.asarray(jax.jit(jax.vmap(model.sample))(jax.random.split(jax.random.key(1), 5000)))
    )
    mean, error = x.mean(0), x.std(0) / np.sqrt(len(x))
    assert np.all(np.abs(mean - weights @ grid) < 4 * error)


def test_spread_columns_land_on_their_alphabet_and_say_so():
    reference = jnp.asarray(np.random.default_rng(0).integers(0, 5, (100, 2)), dtype=float)
    model = bent([Integer(0, 4), Integer(0, 4)], reference)
    x = np.asarray(jax.jit(jax.vmap(model.sample))(jax.random.split(jax.random.key(0), 50)))
    model.units.support.check(x)
    assert not model.exact_energy
    assert np.all(np.isfinite(jax.jit(jax.vmap(model.energy))(jnp.asarray(x))))
