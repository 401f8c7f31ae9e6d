"""The recipes ``maf`` and ``nsf-ar``."""

from benchmarks.product import assembled, density_contender, endless
from benchmarks.rows.autoregressive import SERVED, SIZES
from benchmarks.rows.coupling import BINS, HALF_WIDTH, data
from benchmarks.task import Contender
from energeia.support import Real, Support


def contender(transformer: str) -> Contender:
    x, training = data(SIZES), endless(SIZES.batch, SIZES.steps)
    name = "maf" if transformer == "affine" else "nsf-ar"
    own = {} if transformer == "affine" else {"bins": BINS, "half_width": HALF_WIDTH}
    own |= {"layers": SIZES.layers, "width": SIZES.width, "depth": 2, "octaves": 0}
    support = Support(((Real(), SIZES.dimension),))
    assembly = assembled(name, support, x, training, shrinkage=0.0, **own)
    return density_contender(assembly, x, training, SERVED)
