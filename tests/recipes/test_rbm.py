"""The recipe ``rbm`` on a lattice whose every state is known."""

import itertools

import equinox as eqx
import jax
import numpy as np

from energeia._core.unoptimized import run_unoptimized
from energeia.contracts import Batch
from energeia.physics.lattice.ising import Ising
from energeia.physics.lattice.observables import IsingEnergy, MagnetizationPower
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.options.energy import RbmOptions
from energeia.recipes.options.problem import Problem
from energeia.recipes.rbm import build
from energeia.support import Binary, Support
from energeia.training.loop import train
from energeia.training.settings import Optimization, Training
from energeia.training.state import Game

ISING = Ising(4, 0.35)
QUANTITIES = (IsingEnergy(ising=ISING), MagnetizationPower(power=1, name="|m|"))
EVERY = np.array(list(itertools.product([-1.0, 1.0], repeat=16)), np.float32)
OPTIONS = RbmOptions(
    hidden=32,
    chains=256,
    anneal=20,
    steps=40,
    optimization=Optimization(learning_rate=0.05, beta1=0.0),
    training=Training(rounds=600, batch=256, check_every=600, average=0.99),
)


def models():
    """The machine where it starts, which is the columns alone, and the trained one."""
    rows = ISING.draw(0, 20_000).reshape(-1, 16)
    support = Support(((Binary((-1.0, 1.0)), 16),))
    problem = Problem(support=support, layout=(4, 4), rows=len(rows))
    reference = ReferenceRows(np.asarray(rows[:2000], np.float32), None)
    made = run_unoptimized(
        lambda x, key: build(OPTIONS, problem, x, key), reference, jax.random.key(0)
    )
    game = Game(made.objective, made.players)
    found = train(game, made.modules, Batch(rows, None), None, OPTIONS.training, jax.random.key(1))
    return made.model(made.modules), made.model(found.modules)


@eqx.filter_jit
def drawn(model, key):
    """The quantities of samples of a model, a row each."""
    x = jax.vmap(model.sample)(jax.random.split(key, 2000))
    return [jax.vmap(quantity.value)(x) for quantity in QUANTITIES]


@eqx.filter_jit
def exact(model, x):
    """Minus the energy, the log-probability of the lattice, and the quantities, of every state."""
    return (
        -jax.vmap(model.energy)(x),
        jax.vmap(ISING.log_prob)(x),
        [jax.vmap(quantity.value)(x) for quantity in QUANTITIES],
    )


def test_a_machine_learns_a_lattice():
    blank, model = models()
    minus, truth, every = jax.tree.map(lambda v: np.asarray(v, np.float64), exact(model, EVERY))
    log_z = np.logaddexp.reduce(minus)
    bracket = model.log_partition(jax.random.key(2), chains=128, temperatures=100)
    assert bracket.lower.value - 4 * bracket.lower.stderr < log_z
    assert log_z < bracket.upper.value + 4 * bracket.upper.stderr
    divergence = np.sum(np.exp(truth) * (truth - (minus - log_z)))
    assert 0 < divergence < 0.1
    # What it samples agrees with what it says, and with the lattice within the data's own scatter.
    solution = ISING.solution
    found = np.asarray(drawn(model, jax.random.key(3)), np.float64)
    for values, of_every, mean in zip(
        found, every, (solution.energy, solution.abs_magnetization), strict=True
    ):
        error = values.std() / np.sqrt(len(values))
        own = np.exp(minus - log_z) @ of_every
        assert abs(values.mean() - own) < 4 * error
        # The machine is near the lattice, not on it: .02 nats move these means by a few percent.
        assert abs(values.mean() - mean) < 4 * error + 0.05 * abs(mean)
    # The control: the columns alone, which is where it started.
    energy = np.asarray(drawn(blank, jax.random.key(3))[0])
    assert energy.mean() - solution.energy > 0.3
