"""normflows: its autoregressive layers, random permutations between them, and its loss."""

import normflows as nf
import torch
import torch.nn.functional as F  # noqa: N812

from benchmarks.rows.autoregressive import SERVED, SIZES
from benchmarks.rows.coupling import BINS, HALF_WIDTH, data
from benchmarks.task import Contender
from benchmarks.torch_flows import normflows_contender


def contender(transformer: str) -> Contender:
    layer, d = (affine if transformer == "affine" else spline), SIZES.dimension
    layers = [part for _ in range(SIZES.layers) for part in (layer(), nf.flows.Permute(d))]
    base = nf.distributions.DiagGaussian(d, trainable=False)
    flow = nf.NormalizingFlow(base, layers)
    return normflows_contender(flow, data(SIZES), SIZES.batch, SIZES.steps, SERVED)


def affine() -> nf.flows.Flow:
    """Its quick direction would be that from the base, so it is reversed."""
    return nf.flows.Reverse(
        nf.flows.MaskedAffineAutoregressive(
            SIZES.dimension,
            SIZES.width,
            num_blocks=1,
            use_residual_blocks=False,
            activation=F.silu,
        )
    )


def spline() -> nf.flows.Flow:
    """One residual block: three hidden products where the others have two."""
    return nf.flows.AutoregressiveRationalQuadraticSpline(
        SIZES.dimension,
        1,
        SIZES.width,
        num_bins=BINS,
        tail_bound=HALF_WIDTH,
        activation=torch.nn.SiLU,
    )
