"""normflows: its coupling blocks and its loss, a plain PyTorch loop."""

import normflows as nf
import torch

from benchmarks.rows.coupling import BINS, HALF_WIDTH, SERVED, SIZES, Sizes, data
from benchmarks.task import Contender
from benchmarks.torch_flows import normflows_contender


def contender(transformer: str, size: str) -> Contender:
    sizes = SIZES[size]
    layer = affine if transformer == "affine" else spline
    layers = [part for number in range(sizes.layers) for part in layer(sizes, number)]
    base = nf.distributions.DiagGaussian(sizes.dimension, trainable=False)
    flow = nf.NormalizingFlow(base, layers)
    return normflows_contender(flow, data(sizes), sizes.batch, sizes.steps, SERVED)


def affine(sizes: Sizes, _number: int) -> list:
    """Its networks know no activation but (leaky) ReLU."""
    widths = [sizes.dimension // 2, sizes.width, sizes.width, sizes.dimension]
    network = nf.nets.MLP(widths, init_zeros=True)
    return [nf.flows.AffineCouplingBlock(network), nf.flows.Permute(sizes.dimension, mode="swap")]


def spline(sizes: Sizes, number: int) -> list:
    """One residual block: three hidden products where the others have two."""
    return [
        nf.flows.CoupledRationalQuadraticSpline(
            sizes.dimension,
            1,
            sizes.width,
            num_bins=BINS,
            tail_bound=HALF_WIDTH,
            activation=torch.nn.SiLU,
            reverse_mask=bool(number % 2),
        )
    ]
