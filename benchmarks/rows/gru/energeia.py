"""The recipe ``gru``."""

from benchmarks.product import assembled, endless, training_contender
from benchmarks.rows.gru import BATCH, DEPTH, OUTCOMES, SITES, STEPS, WIDTH, data
from benchmarks.task import Contender
from energeia.support import Categorical, Support


def contender() -> Contender:
    x, training = data(), endless(BATCH, STEPS)
    support = Support(((Categorical(tuple(float(k) for k in range(OUTCOMES))), SITES),))
    assembly = assembled("gru", support, x, training, width=WIDTH, depth=DEPTH)
    return training_contender(assembly, x, training)
