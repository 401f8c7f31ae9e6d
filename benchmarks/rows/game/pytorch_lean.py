"""The same game in PyTorch with nothing computed twice: one forward pass over real and generated
rows gives energies and slopes, and each move asks for the gradients of what it moves alone."""

import torch

from benchmarks.rows.game import BATCH, COLUMNS, GAMMA, networks
from benchmarks.task import Contender


def carve(modules: networks.Modules, real: torch.Tensor) -> torch.Tensor:
    """Lower data, raise generated rows, pay for the slope on both."""
    rows = torch.cat([real, modules.generated()]).requires_grad_(True)
    energies = modules.energy(rows)
    (slope,) = torch.autograd.grad(energies.sum(), rows, create_graph=True)
    gap = energies[BATCH:].mean() - energies[:BATCH].mean()
    return 0.5 * GAMMA / COLUMNS * slope.square().sum() / BATCH - gap


def contender(width: str) -> Contender:
    return networks.contender(width, carve, only_moved=True)
