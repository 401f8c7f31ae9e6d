"""The recipe ``vae``."""

from benchmarks.product import assembled, endless, training_contender
from benchmarks.rows.vae import BATCH, COLUMNS, DEPTH, LATENT, STEPS, WIDTH, data
from benchmarks.task import Contender
from energeia.support import Binary, Support


def contender() -> Contender:
    x, training = data(), endless(BATCH, STEPS)
    support = Support(((Binary(), COLUMNS),))
    assembly = assembled("vae", support, x, training, latent=LATENT, width=WIDTH, depth=DEPTH)
    return training_contender(assembly, x, training)
