"""The same energy and loss in PyTorch; the slope shares the forward pass over data."""

import itertools

import torch
from torch import nn

from benchmarks.rows.convolution import (
    BATCH,
    CHANNELS,
    ENDING,
    GAMMA,
    KERNEL,
    PADDED,
    STEPS,
    STRIDE,
    data,
)  # fmt: skip
from benchmarks.task import Contender
from benchmarks.torch_loop import training_contender


def network() -> nn.Sequential:
    parts: list[nn.Module] = [nn.Unflatten(1, (1, PADDED, PADDED))]
    for a, b in itertools.pairwise(CHANNELS):
        parts += [nn.Conv2d(a, b, KERNEL, STRIDE, padding=KERNEL // 2), nn.SiLU()]
    return nn.Sequential(*parts, nn.Flatten(), nn.Linear(ENDING, 1))


def contender() -> Contender:
    energy = network()

    def loss(rows: torch.Tensor) -> torch.Tensor:
        rows.requires_grad_(True)
        real = energy(rows).sum()
        (slope,) = torch.autograd.grad(real, rows, create_graph=True)
        noise = energy(torch.randn(rows.shape)).mean()
        return real / len(rows) - noise + 0.5 * GAMMA * slope.square().sum() / len(rows)

    return training_contender(energy, loss, data(), BATCH, STEPS)
