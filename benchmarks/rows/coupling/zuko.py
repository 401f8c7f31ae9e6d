"""zuko: general coupling transforms with alternating masks, a plain PyTorch loop."""

from functools import partial

import torch
from zuko.distributions import DiagNormal
from zuko.flows import Flow
from zuko.flows.coupling import GeneralCouplingTransform
from zuko.lazy import UnconditionalDistribution
from zuko.transforms import MonotonicRQSTransform

from benchmarks.rows.coupling import BINS, HALF_WIDTH, SERVED, SIZES, Sizes, data
from benchmarks.task import Contender
from benchmarks.torch_flows import zuko_contender


def contender(transformer: str, size: str) -> Contender:
    sizes = SIZES[size]
    flow = flow_of(transformer, sizes)
    return zuko_contender(flow, data(sizes), sizes.batch, sizes.steps, SERVED)


def flow_of(transformer: str, sizes: Sizes) -> Flow:
    own = {}
    if transformer == "spline":
        own = {
            "univariate": partial(MonotonicRQSTransform, bound=HALF_WIDTH),
            "shapes": [(BINS,), (BINS,), (BINS - 1,)],
        }
    d = sizes.dimension
    layers = [
        GeneralCouplingTransform(
            d,
            mask=(torch.arange(d) + layer) % 2 == 0,
            hidden_features=(sizes.width, sizes.width),
            activation=torch.nn.SiLU,
            **own,
        )
        for layer in range(sizes.layers)
    ]
    base = UnconditionalDistribution(DiagNormal, torch.zeros(d), torch.ones(d), buffer=True)
    return Flow(layers, base)
