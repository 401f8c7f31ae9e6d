"""The recipe ``iwae``."""

from benchmarks.product import assembled, endless, training_contender
from benchmarks.rows.iwae import PARTICLES, STEPS
from benchmarks.rows.vae import BATCH, COLUMNS, DEPTH, LATENT, WIDTH, data
from benchmarks.task import Contender
from energeia.support import Binary, Support


def contender() -> Contender:
    x, training = data(), endless(BATCH, STEPS)
    support = Support(((Binary(), COLUMNS),))
    assembly = assembled(
        "iwae", support, x, training, latent=LATENT, width=WIDTH, depth=DEPTH, particles=PARTICLES
    )
    return training_contender(assembly, x, training)
