"""The recipe ``made`` with one hidden layer and one order of the columns."""

from benchmarks.product import assembled, endless, training_contender
from benchmarks.rows.made import BATCH, COLUMNS, STEPS, VALUES, WIDTH, data
from benchmarks.task import Contender
from energeia.support import Categorical, Support


def contender() -> Contender:
    x, training = data(), endless(BATCH, STEPS)
    values = tuple(float(k) for k in range(VALUES))
    support = Support(((Categorical(values), COLUMNS),))
    assembly = assembled("made", support, x, training, width=WIDTH, depth=1, orders=1)
    return training_contender(assembly, x, training)
