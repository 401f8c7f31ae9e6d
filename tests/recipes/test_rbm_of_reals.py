"""The recipe ``rbm`` on a spin and a number that depends on it, whose law is known."""

import jax
import numpy as np

from energeia._core.unoptimized import run_unoptimized
from energeia.contracts import Batch
from energeia.recipes.assembly import ReferenceRows
from energeia.recipes.options.energy import RbmOptions
from energeia.recipes.options.problem import Problem
from energeia.recipes.rbm import build
from energeia.support import Binary, Real, Support
from energeia.training.loop import train
from energeia.training.settings import Optimization, Training
from energeia.training.state import Game

OPTIONS = RbmOptions(
    hidden=6,
    chains=256,
    optimization=Optimization(learning_rate=0.03, beta1=0.0),
    training=Training(rounds=600, batch=256, check_every=600, average=0.99),
)


def rows(seed, count):
    """s = 1 with probability 0.3, x normal about 3 s with deviation 0.5; and their log p."""
    rng = np.random.default_rng(seed)
    s, noise = rng.uniform(size=count) < 0.3, rng.normal(size=count)
    x = np.stack([s, 3.0 * s + 0.5 * noise], axis=1).astype(np.float32)
    normal = -0.5 * noise**2 - np.log(0.5 * np.sqrt(2 * np.pi))
    return x, np.log(np.where(s, 0.3, 0.7)) + normal


def test_a_machine_learns_a_number_that_depends_on_a_spin():
    x, _ = rows(0, 10_000)
    problem = Problem(support=Support(((Binary(), 1), (Real(), 1))), layout=(2,), rows=len(x))
    reference = ReferenceRows(x[:2000], None)
    made = run_unoptimized(
        lambda x, key: build(OPTIONS, problem, x, key), reference, jax.random.key(0)
    )
    game = Game(made.objective, made.players)
    found = train(game, made.modules, Batch(x, None), None, OPTIONS.training, jax.random.key(1))
    held_out, truth = rows(1, 2000)

    @jax.jit
    def log_prob(model):
        return -jax.vmap(model.energy)(held_out) - model.inner.log_partition()

    def loss(modules):
        """What the model loses against the truth, in nats a row."""
        return float(np.mean(truth - np.asarray(log_prob(made.model(modules)))))

    assert -0.02 < loss(found.modules) < 0.1
    # The control: independent columns, from which training starts.
    assert loss(made.modules) > 0.8
