"""scikit-learn's ``BernoulliRBM.fit``, two epochs a call."""

from sklearn.neural_network import BernoulliRBM

from benchmarks.rows.rbm import BATCH, HIDDEN, VISIBLE, data
from benchmarks.task import Contender, Task

EPOCHS = 2


def contender() -> Contender:
    x = data()
    rbm = BernoulliRBM(HIDDEN, learning_rate=0.01, batch_size=BATCH, n_iter=EPOCHS, random_state=0)
    steps = EPOCHS * (len(x) // BATCH)
    count = VISIBLE * HIDDEN + VISIBLE + HIDDEN
    return Contender({"training steps": Task(lambda: rbm.fit(x), steps)}, count)
