"""The recipe ``povm-gru``."""

import jax

from benchmarks.product import assembled, endless, training_contender
from benchmarks.rows.gru import BATCH, DEPTH, DRAWN, OUTCOMES, SITES, STEPS, WIDTH, data
from benchmarks.task import Contender, Task
from energeia.evaluation.samples import draw
from energeia.support import Categorical, Support


def contender() -> Contender:
    x, training = data(), endless(BATCH, STEPS)
    support = Support(((Categorical(tuple(float(k) for k in range(OUTCOMES))), SITES),))
    assembly = assembled("povm-gru", support, x, training, width=WIDTH, depth=DEPTH)
    side = training_contender(assembly, x, training)
    model, key = assembly.model(assembly.modules), jax.random.key(2)
    return side._replace(
        tasks={**side.tasks, "samples": Task(lambda: draw(model, key, DRAWN), DRAWN)}
    )
