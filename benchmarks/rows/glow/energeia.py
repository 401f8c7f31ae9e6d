"""The recipe ``glow`` with affine couplings."""

from benchmarks.product import assembled, density_contender, endless
from benchmarks.rows.glow import BATCH, CHANNELS, FLOW_STEPS, LEVELS, SERVED, SIDE, STEPS, data
from benchmarks.task import Contender
from energeia.support import Real, Support


def contender() -> Contender:
    x, training = data(), endless(BATCH, STEPS)
    assembly = assembled(
        "glow", Support(((Real(), SIDE**2),)), x, training, layout=(SIDE, SIDE),
        levels=LEVELS, steps=FLOW_STEPS, channels=CHANNELS, depth=2, coupling="affine",
        shrinkage=0.0,
    )  # fmt: skip
    return density_contender(assembly, x, training, SERVED)
