"""The same game in a plain PyTorch loop: every term of a loss makes its own forward pass."""

import torch

from benchmarks.rows.game import COLUMNS, GAMMA, networks
from benchmarks.task import Contender


def carve(modules: networks.Modules, real: torch.Tensor) -> torch.Tensor:
    """Lower data, raise generated rows, pay for the slope on both."""
    generated = modules.generated()
    gap = modules.energy(generated).mean() - modules.energy(real).mean()
    total_penalty = squared_slope(modules, real) + squared_slope(modules, generated)
    return 0.5 * GAMMA / COLUMNS * total_penalty - gap


def squared_slope(modules: networks.Modules, rows: torch.Tensor) -> torch.Tensor:
    rows = rows.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(modules.energy(rows).sum(), rows, create_graph=True)
    return slope.square().sum(1).mean()


def contender(width: str) -> Contender:
    return networks.contender(width, carve, only_moved=False)
