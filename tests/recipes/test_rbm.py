"""The recipe ``rbm`` on a lattice whose every state is known."""

import itertools

import jax
import jax.numpy as jnp
import msgspec
import numpy as np

from energeia.contracts import Batch
from energeia.physics.lattice.ising import Ising
from energeia.physics.lattice.observables import IsingEnergy, MagnetizationPower
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.options.energy import RbmOptions
from energeia.recipes.options.problem import Problem
from energeia.recipes.rbm import build
from energeia.support import Binary, Support
from energeia.training.loop import train
from energeia.training.settings import Training
from energeia.training.state import Game

ISING = Ising(4, 0.35)
OPTIONS = RbmOptions(
    hidden=48,
    chains=256,
    anneal=20,
    steps=60,
    training=Training(rounds=1500, batch=256, check_every=500, average=0.99),
)


def trained(rounds):
    rows = ISING.draw(0, 20_000).reshape(-1, 16)
    support = Support(((Binary((-1.0, 1.0)), 16),))
    problem = Problem(support=support, layout=(4, 4), rows=len(rows))
    training = msgspec.structs.replace(OPTIONS.training, rounds=rounds)
    options = msgspec.structs.replace(OPTIONS, training=training)
    assembly = build(
        options, problem, ReferenceRows(jnp.asarray(rows[:2000]), None), jax.random.key(0)
    )
    game = Game(assembly.objective, assembly.players)
    found = train(game, assembly.modules, Batch(rows, None), None, training, jax.random.key(1))
    return assembly.model(found.modules)


def test_a_machine_learns_a_lattice():
    model = trained(1500)
    every = jnp.asarray(list(itertools.product([-1.0, 1.0], repeat=16)))
    minus = -np.asarray(jax.jit(jax.vmap(model.energy))(every), dtype=np.float64)
    log_z = np.logaddexp.reduce(minus)
    bracket = model.log_partition(jax.random.key(2), chains=128, temperatures=200)
    assert bracket.lower.value - 4 * bracket.lower.stderr < log_z
    assert log_z < bracket.upper.value + 4 * bracket.upper.stderr
    exact = np.asarray(jax.jit(jax.vmap(ISING.log_prob))(every), dtype=np.float64)
    divergence = np.sum(np.exp(exact) * (exact - (minus - log_z)))
    assert 0 < divergence < 0.1
    # What it samples agrees with what it says, and with the lattice within the data's own scatter.
    x = jax.jit(jax.vmap(model.sample))(jax.random.split(jax.random.key(3), 4000))
    solution = ISING.solution
    for quantity, truth in (
        (IsingEnergy(ising=ISING), solution.energy),
        (MagnetizationPower(power=1, name="|m|"), solution.abs_magnetization),
    ):
        values = np.asarray(jax.jit(jax.vmap(quantity.value))(x), dtype=np.float64)
        error = values.std() / np.sqrt(len(values))
        own = np.exp(minus - log_z) @ np.asarray(jax.jit(jax.vmap(quantity.value))(every))
        assert abs(values.mean() - own) < 4 * error
        # The machine is near the lattice, not on it: .02 nats move these means by a few percent.
        assert abs(values.mean() - truth) < 4 * error + 0.05 * abs(truth)
    # The control: the columns alone, which is where it started.
    blank = trained(1)
    x = jax.jit(jax.vmap(blank.sample))(jax.random.split(jax.random.key(3), 1000))
    energy = jax.jit(jax.vmap(IsingEnergy(ising=ISING).value))(x)
    assert float(energy.mean()) - solution.energy > 0.3
