"""The recipe ``ebm`` without chains: what it learns, by quadrature in the plane."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from energeia._core.unoptimized import run_unoptimized
from energeia.contracts import Batch
from energeia.errors import InputError
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.ebm import build
from energeia.recipes.options.energy import EbmOptions
from energeia.recipes.options.problem import Problem
from energeia.support import Binary, Real, Support
from energeia.training.loop import train
from energeia.training.settings import Optimization, Training
from energeia.training.state import Game

AXIS = np.linspace(-6.0, 6.0, 121)
GRID = np.stack(np.meshgrid(AXIS, AXIS), axis=-1).reshape(-1, 2).astype(np.float32)
LOG_CELL = 2 * np.log(AXIS[1] - AXIS[0])


def ring(seed, count):
    """Rows near the unit circle, of which a normal distribution knows nothing."""
    rng = np.random.default_rng(seed)
    angle, radius = rng.uniform(0, 2 * np.pi, count), 1.5 + 0.3 * rng.normal(size=count)
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).astype(np.float32)


def assembled(objective, support, x):
    options = EbmOptions(
        objective=objective, sigma=0.2, width=16, depth=1, octaves=1,
        optimization=Optimization(learning_rate=1e-2),
        training=Training(rounds=250, batch=256, check_every=250),
    )  # fmt: skip
    problem = Problem(support=support, layout=(2,), rows=len(x))
    reference = ReferenceRows(x[:1000], None)
    made = run_unoptimized(
        lambda x, key: build(options, problem, x, key), reference, jax.random.key(0)
    )
    return made, options.training


def log_z_and_mean(model, held_out):
    """log of the integral of exp(-E), and the mean of -E over rows."""
    energies = jax.jit(jax.vmap(model.energy))
    grid = -np.asarray(energies(GRID), np.float64)
    return np.logaddexp.reduce(grid) + LOG_CELL, -float(jnp.mean(energies(held_out)))


@pytest.mark.parametrize("objective", ["denoising", "sliced", "nce"])
def test_a_ring_is_learned_without_chains(objective):
    x = ring(0, 4000)
    made, settings = assembled(objective, Support(((Real(), 2),)), x)
    game = Game(made.objective, made.players)
    found = train(game, made.modules, Batch(x, None), None, settings, jax.random.key(1))
    held_out = ring(1, 2000)
    log_z, mean = log_z_and_mean(made.model(found.modules), held_out)
    # The control: the normal base from which training starts.
    normal_log_z, normal_mean = log_z_and_mean(made.model(made.modules), held_out)
    assert mean - log_z > normal_mean - normal_log_z + 0.2
    # Noise contrast alone knows the constant of the energy.
    assert (abs(log_z) < 0.1) == (objective == "nce")


def test_sliced_score_matching_of_edges_is_refused():
    x = np.random.default_rng(0).integers(0, 2, (100, 2)).astype(np.float32)
    with pytest.raises(InputError, match=r"sliced .* binary columns, .*nce or cd"):
        assembled("sliced", Support(((Binary(), 2),)), x)
