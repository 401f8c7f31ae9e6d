"""FlowJAX: ``coupling_flow``."""

import jax
import jax.random as jr
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import StandardNormal
from flowjax.flows import coupling_flow

from benchmarks.flowjax_loop import density_contender
from benchmarks.rows.coupling import BINS, HALF_WIDTH, SERVED, SIZES, data
from benchmarks.task import Contender


def contender(transformer: str, size: str) -> Contender:
    sizes = SIZES[size]
    spline = RationalQuadraticSpline(knots=BINS, interval=HALF_WIDTH)
    flow = coupling_flow(
        jr.key(0),
        base_dist=StandardNormal((sizes.dimension,)),
        transformer=spline if transformer == "spline" else None,
        flow_layers=sizes.layers,
        nn_width=sizes.width,
        nn_depth=2,
        nn_activation=jax.nn.silu,
    )
    return density_contender(flow, data(sizes), sizes.batch, sizes.steps, SERVED)
