"""FlowJAX: ``masked_autoregressive_flow``, whose quick direction is from the data to the base."""

import jax
import jax.random as jr
from flowjax.bijections import RationalQuadraticSpline
from flowjax.distributions import StandardNormal
from flowjax.flows import masked_autoregressive_flow

from benchmarks.flowjax_loop import density_contender
from benchmarks.rows.autoregressive import SERVED, SIZES
from benchmarks.rows.coupling import BINS, HALF_WIDTH, data
from benchmarks.task import Contender


def contender(transformer: str) -> Contender:
    spline = RationalQuadraticSpline(knots=BINS, interval=HALF_WIDTH)
    flow = masked_autoregressive_flow(
        jr.key(0),
        base_dist=StandardNormal((SIZES.dimension,)),
        transformer=spline if transformer == "spline" else None,
        flow_layers=SIZES.layers,
        nn_width=SIZES.width,
        nn_depth=2,
        nn_activation=jax.nn.silu,
    )
    return density_contender(flow, data(SIZES), SIZES.batch, SIZES.steps, SERVED)
