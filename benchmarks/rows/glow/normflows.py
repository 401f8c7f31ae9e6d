"""normflows: its Glow blocks and multi-scale flow, a plain PyTorch loop."""

import normflows as nf
import torch

from benchmarks.rows.glow import BATCH, CHANNELS, FLOW_STEPS, LEVELS, SERVED, SIDE, STEPS, data
from benchmarks.task import Contender
from benchmarks.torch_loop import serving_tasks, training_contender


def contender() -> Contender:
    flow, x = flow_of_levels(), data().reshape(-1, 1, SIDE, SIDE)
    side = training_contender(flow, flow.forward_kld, x, BATCH, STEPS)
    rows = torch.from_numpy(x[:SERVED])
    log_prob, sample = lambda: flow.log_prob(rows, None), lambda: flow.sample(SERVED)[0]
    return side._replace(tasks=side.tasks | serving_tasks(log_prob, sample, SERVED))


def flow_of_levels() -> nf.MultiscaleFlow:
    """From the coarsest level to the finest, each of which factors out half of its channels."""
    bases, layers = [], []
    for level in reversed(range(LEVELS)):
        channels, sites = 4 << level, (SIDE >> (level + 1),) * 2
        blocks = [
            nf.flows.GlowBlock(channels, CHANNELS, scale_map="exp") for _ in range(FLOW_STEPS)
        ]
        layers.append([*blocks, nf.flows.Squeeze()])
        kept = channels if level == LEVELS - 1 else channels // 2
        bases.append(nf.distributions.GlowBase((kept, *sites)))
    merges = [nf.flows.Merge() for _ in range(LEVELS - 1)]
    return nf.MultiscaleFlow(bases, layers, merges, class_cond=False)
