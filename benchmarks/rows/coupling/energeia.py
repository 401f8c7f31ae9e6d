"""The recipes ``realnvp`` and ``spline-flow`` without Fourier features, which no peer has."""

from benchmarks.product import assembled, density_contender, endless
from benchmarks.rows.coupling import BINS, HALF_WIDTH, SERVED, SIZES, data
from benchmarks.task import Contender
from energeia.support import Real, Support


def contender(transformer: str, size: str) -> Contender:
    sizes = SIZES[size]
    x, training = data(sizes), endless(sizes.batch, sizes.steps)
    name = "realnvp" if transformer == "affine" else "spline-flow"
    own = {} if transformer == "affine" else {"bins": BINS, "half_width": HALF_WIDTH}
    own |= {"layers": sizes.layers, "width": sizes.width, "depth": 2, "octaves": 0}
    assembly = assembled(name, Support(((Real(), sizes.dimension),)), x, training, **own)
    return density_contender(assembly, x, training, SERVED)
