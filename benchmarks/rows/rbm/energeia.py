"""The recipe ``rbm`` with one sweep and as many chains as rows in a batch."""

from benchmarks.product import assembled, endless, training_contender
from benchmarks.rows.rbm import BATCH, HIDDEN, STEPS, VISIBLE, data
from benchmarks.task import Contender
from energeia.support import Binary, Support


def contender() -> Contender:
    x, training = data(), endless(BATCH, STEPS)
    support = Support(((Binary(), VISIBLE),))
    assembly = assembled("rbm", support, x, training, hidden=HIDDEN, chains=BATCH, sweeps=1)
    return training_contender(assembly, x, training)
