"""The recipe ``ffjord`` without Fourier features."""

from benchmarks.product import assembled, density_contender, endless, trained
from benchmarks.rows.coupling import data
from benchmarks.rows.ffjord import DEPTH, SERVED, SIZES, TOLERANCE, TRAINED, TRAINING_TOLERANCE
from benchmarks.task import Contender
from energeia.support import Real, Support


def contender() -> Contender:
    x, training = data(SIZES), endless(SIZES.batch, SIZES.steps)
    assembly = assembled(
        "ffjord", Support(((Real(), SIZES.dimension),)), x, training,
        width=SIZES.width, depth=DEPTH, octaves=0, trace="exact", shrinkage=0.0,
        training_tolerance=TRAINING_TOLERANCE, tolerance=TOLERANCE,
    )  # fmt: skip
    return density_contender(trained(assembly, x, training, TRAINED), x, training, SERVED)
