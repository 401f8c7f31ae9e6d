"""energeia's side of every row: recipes, the training loop, evaluation and sampling."""

from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import msgspec
import numpy as np

from benchmarks.task import Contender, Task
from energeia._core.batching import map_rows
from energeia._core.trees import trainable
from energeia.contracts import Batch, Modules
from energeia.evaluation.samples import draw
from energeia.recipes.assembly import Assembly, ReferenceRows
from energeia.recipes.catalogue import find
from energeia.recipes.options.problem import Problem
from energeia.support import Support
from energeia.training.loop import train, training_chunks
from energeia.training.settings import Optimization, Training
from energeia.training.state import Game

PLAIN_ADAM = Optimization(learning_rate=1e-3, schedule="constant", clip=0.0)
"""As the peers' loops: no clip, no decay."""


def assembled(
    name: str, support: Support, x: np.ndarray, training: Training,
    movers: tuple[str, ...] = ("optimization",), layout: tuple[int, ...] = (), **options,
) -> Assembly:  # fmt: skip
    """Build a recipe as a run does, with plain Adam for each of its ``movers``.

    Without a ``layout`` the rows are those of a table.
    """
    recipe = find(name)
    chosen = recipe.options(training=training, **dict.fromkeys(movers, PLAIN_ADAM), **options)
    layout = layout or (support.dimension,)
    problem = Problem(support=support, layout=layout, rows=len(x))
    reference = ReferenceRows(jnp.asarray(x[:2048]), None)
    build = eqx.filter_jit(lambda reference, key: recipe.load()(chosen, problem, reference, key))
    return build(reference, jax.random.key(0))


def endless(batch: int, chunk: int) -> Training:
    """Unlimited rounds, with a check every ``chunk``."""
    return Training(rounds=10**6, batch=batch, check_every=chunk, average=0.0)


def training_task(game: Game, modules: Modules, x: np.ndarray, training: Training) -> Task:
    """Chunks of the product's loop."""
    progress = training_chunks(game, modules, Batch(x, None), None, training, jax.random.key(1))
    return Task(lambda: next(progress), training.check_every)


def training_contender(
    assembly: Assembly, x: np.ndarray, training: Training, measure: str = "training steps"
) -> Contender:
    """The training of a recipe."""
    game = Game(assembly.objective, assembly.players)
    task = training_task(game, assembly.modules, x, training)
    return Contender({measure: task}, parameters(assembly.modules))


def density_contender(
    assembly: Assembly, x: np.ndarray, training: Training, served: int
) -> Contender:
    """The training of a density, and ``served`` rows scored or drawn in one call."""
    side = training_contender(assembly, x, training)
    tasks = density_tasks(assembly.model(assembly.modules), x[:served])
    return side._replace(tasks=side.tasks | tasks)


def trained(assembly: Assembly, x: np.ndarray, training: Training, rounds: int) -> Assembly:
    """The assembly with modules after so many rounds."""
    game = Game(assembly.objective, assembly.players)
    settings = msgspec.structs.replace(training, rounds=rounds)
    found = train(game, assembly.modules, Batch(x, None), None, settings, jax.random.key(3))
    return assembly._replace(modules=found.modules)


def density_tasks(model: Any, x: np.ndarray) -> dict[str, Task]:
    """Scoring and drawing, as an opened run serves them."""
    rows, key = len(x), jax.random.key(2)
    return {
        "log_prob rows": Task(lambda: map_rows(_log_probs, x, carry=model, size=rows), rows),
        "samples": Task(lambda: draw(model, key, rows, block=rows), rows),
    }


def parameters(modules: Modules) -> int:
    """The number of trained parameters."""
    return sum(leaf.size for leaf in jax.tree.leaves(eqx.filter(modules, trainable(modules))))


def _log_probs(model: Any, x: jax.Array) -> jax.Array:
    return jax.vmap(model.log_prob)(jnp.asarray(x))
