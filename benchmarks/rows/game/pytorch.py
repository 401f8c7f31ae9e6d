"""The same game in a plain PyTorch loop: every term of a loss makes its own forward pass."""

import torch

from benchmarks.rows.game import COLUMNS, GAMMA, networks
from benchmarks.task import Contender


def carve(cast: networks.Cast, real: torch.Tensor) -> torch.Tensor:
    """Lower data, raise generated rows, pay for the slope on both."""
    generated = cast.generated()
    gap = cast.energy(generated).mean() - cast.energy(real).mean()
    paid = squared_slope(cast, real) + squared_slope(cast, generated)
    return 0.5 * GAMMA / COLUMNS * paid - gap


def squared_slope(cast: networks.Cast, rows: torch.Tensor) -> torch.Tensor:
    rows = rows.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(cast.energy(rows).sum(), rows, create_graph=True)
    return slope.square().sum(1).mean()


def contender(width: str) -> Contender:
    return networks.contender(width, carve, only_moved=False)
