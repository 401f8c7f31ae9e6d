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
from energeia.models.encoding import encoder_of
from energeia.support import Binary, Integer, Positive, Support


@eqx.filter_jit
def energies(model, rows):
    return jax.vmap(model.energy)(rows)


@eqx.filter_jit
def draws(model, key, count):
    return jax.vmap(model.sample)(jax.random.split(key, count))


def units_of(column, location, scale):
    location, scale = (Frozen(jnp.asarray(v, float)) for v in (location, scale))
    return Units(Support.of([column] * len(location.value)), location, scale)


@eqx.filter_jit
def machine():
    rbm = Rbm(jax.random.key(0), (2,) * 4, 3, jnp.full(4, 0.4), 0, 1.5)
    return BoltzmannModel(
        path=RbmPath(target=rbm, base_field=Frozen(rbm.visible_bias)),
        kernel=Gibbs(),
        units=units_of(Binary((-1.0, 1.0)), np.zeros(4), np.ones(4)),
        anneal=20,
        steps=40,
    )


def test_samples_of_a_machine_have_its_probabilities():
    every = np.array(list(itertools.product([-1.0, 1.0], repeat=4)), np.float32)
    model = machine()
    minus = -np.asarray(energies(model, every), np.float64)
    p = np.exp(minus - np.logaddexp.reduce(minus))
    x = np.asarray(draws(model, jax.random.key(1), 20_000))
    counts = np.bincount(((x > 0) @ 2 ** np.arange(4)[::-1]).astype(int), minlength=16)
    error = np.sqrt(p * (1 - p) / len(x))
    assert np.all(np.abs(counts / len(x) - p) < 4 * error)
    assert np.abs(1 / 16 - p).max() > 20 * error.max()


def test_encoding_and_decoding_is_a_gibbs_sweep():
    every = np.array(list(itertools.product([-1.0, 1.0], repeat=4)), np.float32)
    model = machine()
    minus = -np.asarray(energies(model, every), np.float64)
    p = np.exp(minus - np.logaddexp.reduce(minus))
    x = every[np.random.default_rng(0).choice(16, 20_000, p=p)]

    @eqx.filter_jit
    def there_and_back(model, x):
        encoder = encoder_of(model)
        up, down = jax.random.split(jax.random.key(1), (2, len(x)))
        h = jax.vmap(encoder.encode)(up, x)
        decode = jax.vmap(encoder.decode)
        return h, jax.vmap(encoder.encode_mean)(x), decode(down, h), decode(down, 0 * h)

    h, mean, again, blind = map(np.asarray, there_and_back(model, x))
    assert np.all(np.abs((h - mean).mean(axis=0)) < 4 * 0.5 / len(x) ** 0.5)

    def distance(x):
        counts = np.bincount(((x > 0) @ 2 ** np.arange(4)[::-1]).astype(int), minlength=16)
        return np.max(np.abs(counts / len(x) - p) / np.sqrt(p * (1 - p) / len(x)))

    assert distance(again) < 4.5
    # The control: rows of hidden units that nothing turned on.
    assert distance(blind) > 20


@eqx.filter_jit
def bent(column, location, scale, jumps):
    """An energy that has been moved away from its normal, in the user's units."""
    base = Normal(jnp.zeros(2), jnp.eye(2))
    energy = NeuralEnergy(jax.random.key(0), base, width=8, depth=1, octaves=1)
    last = jax.random.normal(jax.random.key(2), energy.network.last.weight.shape)
    energy = eqx.tree_at(lambda e: e.network.last.weight, energy, last)
    return BoltzmannModel(
        path=GeometricPath(base=base, target=energy),
        kernel=JumpingMala(Mala(1.0), base) if jumps else Mala(1.0),
        units=units_of(column, location, scale),
        anneal=50,
        steps=60,
        dequantize=True,
    )


def test_partition_function_in_the_users_units():
    """The integral over the user's positive x is the Z that annealing finds in v."""
    model = bent(Positive(), np.float32([0.1, -0.2]), np.float32([0.9, 1.1]), jumps=True)
    # Quadrature on log x, with its Jacobian.
    u = np.linspace(-8, 8, 400)
    grid = np.stack(np.meshgrid(u, u, indexing="ij"), -1).reshape(-1, 2)
    minus = -np.asarray(energies(model, np.exp(grid).astype(np.float32)), float) + grid.sum(1)
    log_z = np.logaddexp.reduce(minus) + 2 * np.log(u[1] - u[0])
    found = model.log_partition(jax.random.key(0), chains=128, temperatures=50)
    assert abs(found.lower.value - log_z) < 4 * found.lower.stderr + 0.01
    weights = np.exp(minus - log_z) * (u[1] - u[0]) ** 2
    x = np.log(np.asarray(draws(model, jax.random.key(1), 2000)))
    mean, error = x.mean(0), x.std(0) / np.sqrt(len(x))
    assert np.all(np.abs(mean - weights @ grid) < 4 * error)


def test_spread_columns_land_on_their_alphabet_and_say_so():
    model = bent(Integer(0, 4), np.float32([2.4, 2.6]), np.float32([1.4, 1.5]), jumps=False)
    x = np.asarray(draws(model, jax.random.key(0), 50))
    model.units.support.check(x)
    assert not model.exact_energy
    assert np.all(np.isfinite(energies(model, x)))
