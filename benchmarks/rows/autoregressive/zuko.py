"""zuko: masked autoregressive transforms in alternating order, a plain PyTorch loop."""

from functools import partial

import torch
from zuko.distributions import DiagNormal
from zuko.flows import Flow, MaskedAutoregressiveTransform
from zuko.lazy import UnconditionalDistribution
from zuko.transforms import MonotonicRQSTransform

from benchmarks.rows.autoregressive import SERVED, SIZES
from benchmarks.rows.coupling import BINS, HALF_WIDTH, data
from benchmarks.task import Contender
from benchmarks.torch_flows import zuko_contender


def contender(transformer: str) -> Contender:
    own = {}
    if transformer == "spline":
        own = {
            "univariate": partial(MonotonicRQSTransform, bound=HALF_WIDTH),
            "shapes": [(BINS,), (BINS,), (BINS - 1,)],
        }
    d = SIZES.dimension
    layers = [
        MaskedAutoregressiveTransform(
            d,
            order=torch.arange(d) if layer % 2 == 0 else torch.arange(d).flip(0),
            hidden_features=(SIZES.width, SIZES.width),
            activation=torch.nn.SiLU,
            **own,
        )
        for layer in range(SIZES.layers)
    ]
    base = UnconditionalDistribution(DiagNormal, torch.zeros(d), torch.ones(d), buffer=True)
    return zuko_contender(Flow(layers, base), data(SIZES), SIZES.batch, SIZES.steps, SERVED)
