"""The recipe ``boltzmann`` on a lattice whose couplings and states are known."""

import itertools

import equinox as eqx
import jax
import numpy as np

from energeia._core.unoptimized import run_unoptimized
from energeia.contracts import Batch
from energeia.energies import fit_spins
from energeia.physics.lattice.ising import Ising
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.boltzmann import build
from energeia.recipes.options.energy import BoltzmannOptions
from energeia.recipes.options.problem import Problem
from energeia.support import Binary, Support
from energeia.training.loop import train
from energeia.training.settings import Optimization, Training
from energeia.training.state import Game

ISING = Ising(3, 0.35)
EVERY = np.array(list(itertools.product([-1.0, 1.0], repeat=9)), np.float32)
ROWS = np.asarray(ISING.draw(0, 8000).reshape(-1, 9), np.float32)
OPTIONS = BoltzmannOptions(
    anneal=20,
    steps=40,
    shrinkage=0.0,
    optimization=Optimization(learning_rate=0.05),
    training=Training(rounds=300, batch=4000, check_every=300, average=0.97),
)


def test_a_machine_finds_the_couplings_of_a_lattice():
    problem = Problem(support=Support(((Binary((-1.0, 1.0)), 9),)), layout=(9,), rows=len(ROWS))
    reference = ReferenceRows(ROWS[:2000], None)
    made = run_unoptimized(
        lambda x, key: build(OPTIONS, problem, x, key), reference, jax.random.key(0)
    )
    game = Game(made.objective, made.players)
    found = train(game, made.modules, Batch(ROWS, None), None, OPTIONS.training, jax.random.key(1))
    blank, model = made.model(made.modules), made.model(found.modules)
    # The optimum of the pseudo-likelihood, which ``fit_spins`` finds as well, but for the noise of
    # batches.
    fitted = fit_spins(ROWS)
    ours = np.asarray(model.inner.couplings)
    joined = -np.asarray(jax.hessian(ISING.energy)(EVERY[0]))
    off = ~np.eye(9, dtype=bool)
    away = (ours - fitted.spins.couplings)[off] / fitted.coupling_errors[off]
    assert np.max(np.abs(away)) < 0.6
    scaled = (ours - joined)[off] / fitted.coupling_errors[off]
    assert np.all(np.abs(scaled) < 5)
    assert 0.6 < np.std(scaled) < 1.5

    @eqx.filter_jit
    def of_every(model, key):
        x = jax.vmap(model.sample)(jax.random.split(key, 1000))
        return (
            -jax.vmap(model.energy)(EVERY),
            jax.vmap(ISING.energy)(x),
            jax.vmap(ISING.energy)(EVERY),
        )

    minus, of_draws, energies = of_every(model, jax.random.key(2))
    minus = np.asarray(minus, np.float64)
    log_z = np.logaddexp.reduce(minus)
    mean = np.exp(minus - log_z) @ np.asarray(energies, np.float64)
    assert abs(np.mean(of_draws) - mean) < 4 * np.std(of_draws) / 1000**0.5
    # The control: independent columns, from which the machine starts.
    blank_minus = np.asarray(of_every(blank, jax.random.key(2))[0], np.float64)
    independent = np.exp(blank_minus - np.logaddexp.reduce(blank_minus)) @ np.asarray(energies)
    assert independent - mean > 1.0
